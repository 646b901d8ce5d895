package who

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"

	"docker-credential-acr/internal/config"
)

// environment is a service principal with a secret or a certificate, as
// azidentity's EnvironmentCredential reads it.
func environment(c config.Azure) Source {
	s := Source{Title: "environment"}
	missing := missing(c)
	switch {
	case c.ClientSecret == "" && c.CertificatePath == "":
		s.Absent = "neither AZURE_CLIENT_SECRET nor AZURE_CLIENT_CERTIFICATE_PATH is set"
	case c.ClientSecret == "" && c.FederatedTokenFile != "" && len(missing) == 0 && missingFile(c.CertificatePath):
		// A variable left over from elsewhere must not keep a pod from its
		// workload identity.
		s.Absent = "there is no file " + c.CertificatePath
	case len(missing) > 0:
		// Half a service principal is a mistake. Going on with another identity
		// would hide it.
		s.incomplete("a secret or certificate is set but " + strings.Join(missing, " and ") + " is not")
	default:
		s.Configured = true
		s.ID, s.Who = principal(c), application(c)
	}
	return s
}

// workloadIdentity is a pod's federated identity, with the variables that the
// webhook of Microsoft Entra Workload ID sets
// (https://azure.github.io/azure-workload-identity/docs/topics/service-account-labels-and-annotations.html).
func workloadIdentity(c config.Azure) Source {
	s := Source{Title: "workload identity"}
	missing := missing(c)
	switch {
	case c.FederatedTokenFile == "":
		s.Absent = "AZURE_FEDERATED_TOKEN_FILE is not set"
	case len(missing) > 0:
		s.incomplete("AZURE_FEDERATED_TOKEN_FILE is set but " + strings.Join(missing, " and ") + " is not")
	default:
		s.Configured = true
		s.ID, s.Who = principal(c)+" subject="+subject(c.FederatedTokenFile, ""), application(c)
	}
	return s
}

// federatedToken is an id token that a CI service such as GitLab, CircleCI or
// Bitbucket hands to a job, in a file or a variable that the configuration names.
func federatedToken(c config.Azure) Source {
	s := Source{Title: "federated token", Configured: true}
	missing := missing(c)
	switch {
	case c.TokenFile == "" && c.TokenVariable == "":
		missing = append(missing, "tokenFile or tokenVariable")
	case c.TokenFile == "" && c.Token == "":
		missing = append(missing, "a value for "+c.TokenVariable)
	}
	if len(missing) > 0 {
		s.incomplete("it lacks " + strings.Join(missing, " and "))
		return s
	}
	s.ID, s.Who = principal(c)+" subject="+subject(c.TokenFile, c.Token), application(c)
	return s
}

// servicePrincipal is an application that the configuration file names, with a
// secret or a certificate that stands elsewhere.
func servicePrincipal(c config.Azure) Source {
	s := Source{Title: "service principal", Configured: true, ID: principal(c), Who: application(c)}
	missing := missing(c)
	if c.ClientSecret == "" && c.ClientSecretFile == "" && c.CertificatePath == "" {
		what := "clientSecretFile, clientSecretVariable or certificateFile"
		if c.ClientSecretVariable != "" {
			what = "a value for " + c.ClientSecretVariable
		}
		missing = append(missing, what)
	}
	if len(missing) > 0 {
		s.Broken = "it lacks " + strings.Join(missing, " and ")
	}
	return s
}

// incomplete ends the search with a source that lacks something.
func (s *Source) incomplete(why string) {
	s.Configured = true
	s.ID, s.Who = "incomplete", text("incomplete")
	s.Broken = why
}

// missing names the variables that a principal lacks.
func missing(c config.Azure) []string {
	var names []string
	add := func(value, variable, key string) {
		switch {
		case value != "":
		case c.Configured:
			names = append(names, key)
		default:
			names = append(names, variable)
		}
	}
	add(c.TenantID, "AZURE_TENANT_ID", "tenantId")
	add(c.ClientID, "AZURE_CLIENT_ID", "clientId")
	return names
}

// principal identifies an application in a tenant.
func principal(c config.Azure) string { return "tenant=" + c.TenantID + " client=" + c.ClientID }

// application is the same for people.
func application(c config.Azure) func() string { return text(Name("", c.ClientID, c.TenantID)) }

func missingFile(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// subject names whom a federated token is for: its issuer and subject. The file
// is looked at only if it is one; a pipe would wait for its writer.
//
// Nothing is decided by what it says but where an answer is kept, so nothing is
// verified, and golang-jwt, which knows all kinds of keys, is not needed.
func subject(path, token string) string {
	if path != "" {
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() {
			return ""
		}
		f, err := os.Open(path)
		if err != nil {
			return ""
		}
		defer f.Close() //nolint:errcheck // only read
		content, err := io.ReadAll(io.LimitReader(f, 64<<10))
		if err != nil {
			return ""
		}
		token = string(content)
	}
	var claims struct {
		Issuer  string `json:"iss"`
		Subject string `json:"sub"`
	}
	parts := strings.Split(strings.TrimSpace(token), ".")
	if len(parts) != 3 {
		return "" // it is opaque
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(payload, &claims) != nil || claims.Subject == "" {
		return ""
	}
	return cmp.Or(claims.Issuer, "?") + " " + claims.Subject
}
