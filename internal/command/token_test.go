package command

import (
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"docker-credential-acr/helper"
)

// A manifest is what Kubernetes takes, whatever the names look like in YAML.
func TestKubernetesSecret(t *testing.T) {
	token := helper.Token{Registry: "12345.azurecr.io", Secret: "a.b.c", Expires: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	for _, name := range []string{"12345", "true", "null", "1e3", "0x1f", "2026-01-02", "pull.secret", "no"} {
		var secret struct {
			APIVersion any `yaml:"apiVersion"`
			Kind       any
			Metadata   struct {
				Name, Namespace any
				Annotations     map[string]any
			}
			Type any
			Data map[string]any
		}
		if err := yaml.Unmarshal([]byte(kubernetesSecret(token, name, name)), &secret); err != nil {
			t.Fatal(err)
		}
		if m := secret.Metadata; m.Name != name || m.Namespace != name || m.Annotations["docker-credential-acr/expires-on"] != "2026-01-02T03:04:05Z" {
			t.Errorf("%s: %#v", name, m)
		}
		if secret.APIVersion != "v1" || secret.Kind != "Secret" || secret.Type != "kubernetes.io/dockerconfigjson" || len(secret.Data) != 1 {
			t.Errorf("%#v", secret)
		}
		content, _ := secret.Data[".dockerconfigjson"].(string)
		decoded, err := base64.StdEncoding.DecodeString(content)
		var config struct {
			Auths map[string]struct{ Auth []byte }
		}
		if err != nil || json.Unmarshal(decoded, &config) != nil || string(config.Auths[token.Registry].Auth) != "00000000-0000-0000-0000-000000000000:a.b.c" {
			t.Errorf("%s, %v", decoded, err)
		}
	}
}
