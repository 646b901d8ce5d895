package identity

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// environment is a service principal with a secret or a certificate, as
// azidentity's EnvironmentCredential reads it.
func (e *entra) environment() source {
	c := e.config
	s := source{title: "environment"}
	missing := strings.Join(e.missing(), " and ")
	switch {
	case c.ClientSecret == "" && c.CertificatePath == "":
		s.token = unavailable("neither AZURE_CLIENT_SECRET nor AZURE_CLIENT_CERTIFICATE_PATH is set")
	case c.ClientSecret == "" && e.federated() && missingFile(c.CertificatePath):
		// A variable left over from elsewhere must not keep a pod from its
		// workload identity.
		s.token = unavailable("there is no file " + c.CertificatePath)
	case missing != "":
		// Half a service principal is a mistake. Going on with another identity
		// would hide it.
		s.configured = true
		s.id = "incomplete"
		s.token = fails("a secret or certificate is set but " + missing + " is not")
	case c.ClientSecret != "":
		s.configured = true
		s.id = e.principal()
		s.token = e.secret
	default:
		s.configured = true
		s.id = e.principal()
		s.token = e.certificate
	}
	return s
}

func (e *entra) secret(ctx context.Context) (string, error) {
	c := e.config
	credential, err := azidentity.NewClientSecretCredential(c.TenantID, c.ClientID, c.ClientSecret, &azidentity.ClientSecretCredentialOptions{
		ClientOptions:              e.options(),
		AdditionallyAllowedTenants: c.AdditionallyAllowedTenants,
		DisableInstanceDiscovery:   e.knownAuthority(),
	})
	if err != nil {
		return "", errTenant
	}
	return e.request(ctx, credential)
}

func (e *entra) certificate(ctx context.Context) (string, error) {
	c := e.config
	data, err := os.ReadFile(c.CertificatePath)
	if err != nil {
		return "", errors.New("cannot read the certificate " + describeFile(err))
	}
	certificates, key, err := azidentity.ParseCertificates(data, []byte(c.CertificatePassword))
	if err != nil {
		return "", errors.New("cannot read the certificate in " + c.CertificatePath + ": it must be PEM or PKCS#12 with its private key, and AZURE_CLIENT_CERTIFICATE_PASSWORD must fit")
	}
	credential, err := azidentity.NewClientCertificateCredential(c.TenantID, c.ClientID, certificates, key, &azidentity.ClientCertificateCredentialOptions{
		ClientOptions:              e.options(),
		AdditionallyAllowedTenants: c.AdditionallyAllowedTenants,
		DisableInstanceDiscovery:   e.knownAuthority(),
		SendCertificateChain:       c.SendCertificateChain,
	})
	if err != nil {
		return "", errTenant
	}
	return e.request(ctx, credential)
}

// errTenant stands for the one thing that azidentity checks of its arguments.
var errTenant = errors.New("AZURE_TENANT_ID is not a tenant id or a domain name")

// missing names the variables that a principal lacks.
func (e *entra) missing() []string {
	var names []string
	if e.config.TenantID == "" {
		names = append(names, "AZURE_TENANT_ID")
	}
	if e.config.ClientID == "" {
		names = append(names, "AZURE_CLIENT_ID")
	}
	return names
}

// principal identifies an application in a tenant.
func (e *entra) principal() string {
	return "tenant=" + e.config.TenantID + " client=" + e.config.ClientID
}

func unavailable(why string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return "", absent(why) }
}

func fails(why string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return "", errors.New(why) }
}

func missingFile(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// describeFile says what is wrong with a file, and which.
func describeFile(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Path + ": " + p.Err.Error()
	}
	return "file"
}
