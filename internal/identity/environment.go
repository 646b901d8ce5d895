package identity

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
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
	case c.ClientSecret == "" && c.FederatedTokenFile != "" && len(e.missing()) == 0 && missingFile(c.CertificatePath):
		// A variable left over from elsewhere must not keep a pod from its
		// workload identity.
		s.token = unavailable("there is no file " + c.CertificatePath)
	case missing != "":
		// Half a service principal is a mistake. Going on with another identity
		// would hide it.
		s.configured = true
		s.id, s.who = "incomplete", text("incomplete")
		s.token = fails("a secret or certificate is set but " + missing + " is not")
	default:
		s.configured = true
		s.id, s.who = e.principal(), e.who
		s.token = e.application
	}
	return s
}

// application signs in with the secret or else the certificate.
func (e *entra) application(ctx context.Context, scope string) (string, error) {
	if e.config.ClientSecret != "" {
		return e.secret(ctx, scope, e.config.ClientSecret)
	}
	return e.certificate(ctx, scope)
}

// missing names the variables that a principal lacks.
func (e *entra) missing() []string {
	var names []string
	add := func(value, variable, key string) {
		switch {
		case value != "":
		case e.config.Configured:
			names = append(names, key)
		default:
			names = append(names, variable)
		}
	}
	add(e.config.TenantID, "AZURE_TENANT_ID", "tenantId")
	add(e.config.ClientID, "AZURE_CLIENT_ID", "clientId")
	return names
}

// principal identifies an application in a tenant.
func (e *entra) principal() string {
	return "tenant=" + e.config.TenantID + " client=" + e.config.ClientID
}

// who is the same for people.
func (e *entra) who() string {
	return Claims{Application: e.config.ClientID, Tenant: e.config.TenantID}.String()
}

func text(s string) func() string { return func() string { return s } }

func unavailable(why string) func(context.Context, string) (string, error) {
	return func(context.Context, string) (string, error) { return "", absent(why) }
}

func fails(why string) func(context.Context, string) (string, error) {
	return func(context.Context, string) (string, error) { return "", errors.New(why) }
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
