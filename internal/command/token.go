package command

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/spf13/cobra"

	"docker-credential-acr/helper"
	"docker-credential-acr/internal/config"
	"docker-credential-acr/internal/lazyregexp"
)

// The forms of a token for programs other than scripts.
const (
	asDockerConfig     = "docker-config"
	asKubernetesSecret = "kubernetes-secret"
)

func newToken(p *Program) *cobra.Command {
	cmd := tokenText.command("token [OPTIONS] REGISTRY")
	p.oneRegistry(cmd)
	var renew bool
	var namespace, name string
	output := outputFlag(cmd, asText, asJSON, asDockerConfig, asKubernetesSecret)
	cmd.Flags().BoolVar(&renew, "renew", false, flagRenew)
	cmd.Flags().StringVar(&namespace, "namespace", "", flagNamespace)
	cmd.Flags().StringVar(&name, "name", "", flagName)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		switch {
		case *output != asKubernetesSecret && namespace+name != "":
			return &usageError{saidOnlySecret}
		case name != "" && !kubernetesName(name, 253), namespace != "" && (!kubernetesName(namespace, 63) || strings.Contains(namespace, ".")):
			return &usageError{saidKubernetesName}
		}
		h, err := p.Helper()
		if err != nil {
			return err
		}
		t, err := h.Token(loginServer(args[0]), renew)
		if err != nil {
			return err
		}
		if err := p.printToken(t, *output, namespace, name); err != nil {
			return err
		}
		if *output == asDockerConfig {
			p.note(saidHolds(t.Registry, t.Expires)) // there is no place for it in the file
		}
		if p.paperOf(p.Stdout).terminal() {
			p.note(saidSecret(t.Registry, t.Expires))
		}
		return nil
	}
	return cmd
}

func (p *Program) printToken(t helper.Token, output, namespace, name string) error {
	switch output {
	case asJSON:
		return p.printJSON(struct {
			LoginServer string `json:"loginServer"`
			AccessToken string `json:"accessToken"`
			Username    string `json:"username"`
			ExpiresOn   string `json:"expiresOn"`
		}{t.Registry, t.Secret, config.GUIDUsername, stamp(t.Expires)})
	case asDockerConfig:
		return p.printJSON(dockerConfig(t))
	case asKubernetesSecret:
		if name == "" {
			name, _, _ = strings.Cut(t.Registry, ".")
		}
		return p.print(kubernetesSecret(t, namespace, name))
	}
	return p.print(t.Secret + "\n")
}

// login is an entry of "auths" in Docker's configuration.
type login struct {
	Auth string `json:"auth"`
}

// dockerConfig is a configuration of Docker's with t in it, in the form that
// every reader knows: user name and password.
func dockerConfig(t helper.Token) map[string]map[string]login {
	auth := base64.StdEncoding.EncodeToString([]byte(config.GUIDUsername + ":" + t.Secret))
	return map[string]map[string]login{"auths": {t.Registry: {auth}}}
}

// kubernetesSecret is a manifest of the kind that pods name in imagePullSecrets
// (https://kubernetes.io/docs/tasks/configure-pod-container/pull-image-private-registry/).
// What people name stands in quotes, as 12345 and true are no texts in YAML.
func kubernetesSecret(t helper.Token, namespace, name string) string {
	content, err := json.Marshal(dockerConfig(t))
	if err != nil {
		panic(err) // it is made of strings
	}
	var b strings.Builder
	b.WriteString("# " + saidHolds(t.Registry, t.Expires) + "\n")
	b.WriteString("apiVersion: v1\nkind: Secret\nmetadata:\n  name: \"" + name + "\"\n")
	if namespace != "" {
		b.WriteString("  namespace: \"" + namespace + "\"\n")
	}
	b.WriteString("  annotations:\n    " + Name + "/expires-on: \"" + stamp(t.Expires) + "\"\n")
	b.WriteString("type: kubernetes.io/dockerconfigjson\ndata:\n  .dockerconfigjson: " + base64.StdEncoding.EncodeToString(content) + "\n")
	return b.String()
}

var kubernetesForm = lazyregexp.New(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$`)

// kubernetesName reports whether name can be that of a secret or a namespace
// (RFC 1123, as https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
// has it).
func kubernetesName(name string, most int) bool {
	return len(name) <= most && kubernetesForm.MatchString(name)
}
