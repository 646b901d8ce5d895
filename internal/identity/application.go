package identity

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"software.sslmate.com/src/go-pkcs12"

	"docker-credential-acr/internal/lazyregexp"
)

// application signs in with the secret or else the certificate.
func (e *entra) application(ctx context.Context, scope string) (string, error) {
	if e.config.ClientSecret != "" {
		return e.secret(ctx, scope, e.config.ClientSecret)
	}
	return e.certificate(ctx, scope)
}

// servicePrincipal is application, with a secret that may stand in a file.
func (e *entra) servicePrincipal(ctx context.Context, scope string) (string, error) {
	c := e.config
	if c.ClientSecret == "" && c.ClientSecretFile != "" {
		secret, err := readSecret(c.ClientSecretFile)
		if err != nil {
			return "", errors.New("cannot read the client secret " + describeFile(err))
		}
		return e.secret(ctx, scope, secret)
	}
	return e.application(ctx, scope)
}

func (e *entra) secret(ctx context.Context, scope, secret string) (string, error) {
	c := e.config
	return e.discovery.sure(ctx, func() (string, error) {
		credential, err := azidentity.NewClientSecretCredential(c.TenantID, c.ClientID, secret, &azidentity.ClientSecretCredentialOptions{
			ClientOptions:              e.applicationOptions(),
			AdditionallyAllowedTenants: c.AdditionallyAllowedTenants,
			DisableInstanceDiscovery:   e.knownAuthority(),
		})
		if err != nil {
			return "", e.wrongTenant()
		}
		return e.request(ctx, credential, scope)
	})
}

func (e *entra) certificate(ctx context.Context, scope string) (string, error) {
	c := e.config
	data, err := readFile(c.CertificatePath)
	if err != nil {
		return "", errors.New("cannot read the certificate " + describeFile(err))
	}
	password := c.CertificatePassword
	if password == "" && c.CertificatePasswordFile != "" {
		if password, err = readSecret(c.CertificatePasswordFile); err != nil {
			return "", errors.New("cannot read the certificate's password " + describeFile(err))
		}
	}
	certificates, key, err := parseCertificate(data, password)
	switch {
	case errors.Is(err, errEncrypted):
		return "", errors.New("cannot read the certificate in " + c.CertificatePath + ": its private key is encrypted PEM; make a PKCS#12 file of it, or decrypt it: openssl pkey -in FILE")
	case err != nil:
		return "", errors.New("cannot read the certificate in " + c.CertificatePath + ": it must be PEM or PKCS#12 with its private key, and the password must fit")
	}
	return e.discovery.sure(ctx, func() (string, error) {
		credential, err := azidentity.NewClientCertificateCredential(c.TenantID, c.ClientID, certificates, key, &azidentity.ClientCertificateCredentialOptions{
			ClientOptions:              e.applicationOptions(),
			AdditionallyAllowedTenants: c.AdditionallyAllowedTenants,
			DisableInstanceDiscovery:   e.knownAuthority(),
			SendCertificateChain:       c.SendCertificateChain,
		})
		if err != nil && tenant.MatchString(c.TenantID) {
			return "", errors.New("cannot use the certificate in " + c.CertificatePath + ": it must have an RSA key, and the private key must be its own")
		}
		if err != nil {
			return "", e.wrongTenant()
		}
		return e.request(ctx, credential, scope)
	})
}

// parseCertificate reads a certificate with its key, the leaf first. azidentity's
// own reader knows only the PKCS#12 of old: OpenSSL 3 and Key Vault write files
// with ciphers (RFC 8018's PBES2) that golang.org/x/crypto/pkcs12, which is
// frozen, refuses.
func parseCertificate(data []byte, password string) ([]*x509.Certificate, crypto.PrivateKey, error) {
	if bytes.Contains(data, []byte("-----BEGIN ")) {
		if bytes.Contains(data, []byte("ENCRYPTED")) {
			return nil, nil, errEncrypted
		}
		// With a password, which may be left over, azidentity expects PKCS#12.
		return azidentity.ParseCertificates(data, nil)
	}
	key, leaf, chain, err := pkcs12.DecodeChain(data, password)
	if err != nil {
		return nil, nil, err
	}
	return append([]*x509.Certificate{leaf}, chain...), key, nil
}

// errEncrypted is the error for a kind of file that Go's standard library does
// not read.
var errEncrypted = errors.New("encrypted PEM")

// tenant is what azidentity takes for a tenant.
var tenant = lazyregexp.New(`^[a-zA-Z0-9.-]+$`)

// wrongTenant is the error for anything else.
func (e *entra) wrongTenant() error {
	if e.config.Configured {
		return errors.New("tenantId is not a tenant id or a domain name")
	}
	return errors.New("AZURE_TENANT_ID is not a tenant id or a domain name")
}

// readSecret reads a file that holds one secret, with or without a line end.
func readSecret(path string) (string, error) {
	content, err := readFile(path)
	return strings.TrimRight(string(content), "\r\n"), err
}

// maxSecretFile is far more than a chain of certificates has.
const maxSecretFile = 1 << 20

// readFile reads a small file. It may be a pipe, whose writer is waited for as
// long as the deadline allows.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	content, err := io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	if err == nil && len(content) > maxSecretFile {
		err = &fs.PathError{Op: "read", Path: path, Err: errors.New("it is larger than 1 MiB")}
	}
	return content, err
}

// describeFile says what is wrong with a file, and which.
func describeFile(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Path + ": " + p.Err.Error()
	}
	return "file"
}
