package azuretest

import (
	"bytes"
	"cmp"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// clientAuthenticated checks the secret or the assertion of an app, and answers
// when it is not good.
func (a *Azure) clientAuthenticated(x *call, cl cloud, app *App) bool {
	f := x.r.PostForm
	secret, assertion := f.Get("client_secret"), f.Get("client_assertion")
	switch {
	case secret != "":
		if app.SecretExpired {
			x.aadsts(7000222, app.ClientID)
			return false
		}
		if !slices.Contains(app.Secrets, secret) {
			x.aadsts(7000215, app.ClientID)
			return false
		}
		return true
	case assertion != "" && f.Get("client_assertion_type") == assertionType:
		return a.assertionGood(x, cl, app, assertion)
	}
	x.aadsts(7000218)
	return false
}

// assertionGood checks an assertion: one that the app issued for itself is
// signed by its certificate, any other is a federated one.
func (a *Azure) assertionGood(x *call, cl cloud, app *App, assertion string) bool {
	claims := jwt.MapClaims{}
	token, _, err := jwt.NewParser().ParseUnverified(assertion, claims)
	if err != nil {
		x.aadsts(5002738)
		return false
	}
	issuer, subject := text(claims, "iss"), text(claims, "sub")
	from, _ := claims.GetNotBefore()
	until, _ := claims.GetExpirationTime()
	// A few minutes of skew are tolerated.
	if until == nil || x.now.After(until.Add(5*time.Minute)) || from != nil && x.now.Add(5*time.Minute).Before(from.Time) {
		stamp := func(d *jwt.NumericDate) string {
			if d == nil {
				return ""
			}
			return d.UTC().Format("2006-01-02T15:04:05.0000000Z")
		}
		x.aadsts(700024, x.now.UTC().Format("2006-01-02T15:04:05.0000000Z"), stamp(from), stamp(until))
		return false
	}
	if strings.EqualFold(issuer, app.ClientID) && strings.EqualFold(subject, app.ClientID) {
		return certified(x, app, token, assertion)
	}
	return a.federated(x, cl, app, claims, assertion)
}

// federated holds an assertion against the app's federated credentials.
func (a *Azure) federated(x *call, cl cloud, app *App, claims jwt.MapClaims, assertion string) bool {
	issuer, subject, audience := text(claims, "iss"), text(claims, "sub"), audienceOf(claims)
	if app.AnyFederated {
		if audience != cl.federated {
			x.aadsts(700212, audience)
			return false
		}
		return true
	}
	if len(app.Federated) == 0 {
		x.aadsts(70021, issuer, subject, audience)
		return false
	}
	issuerKnown, subjectKnown := false, false
	for _, f := range app.Federated {
		if f.Issuer != issuer {
			continue
		}
		issuerKnown = true
		if f.Subject != subject {
			continue
		}
		subjectKnown = true
		if cmp.Or(f.Audience, cl.federated) != audience {
			continue
		}
		if _, err := a.verify(x.now, assertion, jwt.WithLeeway(5*time.Minute)); err != nil {
			x.aadsts(5002738)
			return false
		}
		return true
	}
	switch {
	case !issuerKnown:
		x.aadsts(700211, issuer)
	case !subjectKnown:
		x.aadsts(700213, subject)
	default:
		x.aadsts(700212, audience)
	}
	return false
}

// certified holds an assertion against the app's certificates. The signature is
// verified if the certificate is at hand, from the configuration or the header.
func certified(x *call, app *App, token *jwt.Token, assertion string) bool {
	if slices.Contains(app.Certificates, "any") {
		return true
	}
	sha1Print, sha256Print := headerBytes(token, "x5t"), headerBytes(token, "x5t#S256")
	used := strings.ToUpper(hex.EncodeToString(slices.Concat(sha1Print, sha256Print)))
	var cert *x509.Certificate
	found := false
	for _, registered := range app.Certificates {
		block, _ := pem.Decode([]byte(registered))
		if block == nil {
			print, err := hex.DecodeString(strings.ReplaceAll(registered, ":", ""))
			if err == nil && len(print) > 0 && (bytes.Equal(print, sha1Print) || bytes.Equal(print, sha256Print)) {
				found, cert = true, chainLeaf(token)
				break
			}
			continue
		}
		s1, s256 := sha1.Sum(block.Bytes), sha256.Sum256(block.Bytes)
		if !bytes.Equal(s1[:], sha1Print) && !bytes.Equal(s256[:], sha256Print) {
			continue
		}
		parsed, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			continue
		}
		found, cert = true, parsed
		break
	}
	if !found {
		x.aadsts(700027, used, app.ClientID)
		return false
	}
	if cert == nil {
		return true
	}
	_, err := jwt.Parse(assertion, func(*jwt.Token) (any, error) { return cert.PublicKey, nil },
		jwt.WithValidMethods([]string{"RS256", "PS256"}), jwt.WithoutClaimsValidation())
	if err != nil {
		x.aadsts(5002738)
		return false
	}
	return true
}

func headerBytes(token *jwt.Token, name string) []byte {
	s, _ := token.Header[name].(string)
	// MSAL writes plain base64 where the standard wants that of URLs; both pass.
	s = strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(s)
	data, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return nil
	}
	return data
}

// chainLeaf is the certificate in the header, if there is one.
func chainLeaf(token *jwt.Token) *x509.Certificate {
	chain, _ := token.Header["x5c"].([]any)
	if len(chain) == 0 {
		return nil
	}
	s, _ := chain[0].(string)
	der, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil
	}
	return cert
}

// AssertionOptions describe an identity token of another issuer, such as a
// Kubernetes cluster or a CI service. Empty fields: [ClusterIssuer],
// [ClusterSubject], the audience of the public cloud, 10 minutes.
type AssertionOptions struct {
	Issuer     string
	Subject    string
	Audience   string
	Life       time.Duration
	Age        time.Duration
	ForeignKey bool
}

// Assertion makes a token for a federated credential.
func (a *Azure) Assertion(o AssertionOptions) string {
	iat := a.now().Add(-o.Age)
	return a.sign(jwt.MapClaims{
		"iss": cmp.Or(o.Issuer, ClusterIssuer), "sub": cmp.Or(o.Subject, ClusterSubject),
		"aud": cmp.Or(o.Audience, cloudNamed(AzurePublic).federated),
		"iat": iat.Unix(), "nbf": iat.Unix(), "exp": iat.Add(cmp.Or(o.Life, 10*time.Minute)).Unix(),
		"jti": uuid.NewString(),
	}, o.ForeignKey)
}
