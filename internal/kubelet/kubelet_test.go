package kubelet

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// serve runs one request and returns the response and what was asked.
func serve(t *testing.T, input string, a Answer, failure error) (out string, asked []Question, err error) {
	t.Helper()
	var stdout bytes.Buffer
	err = Serve(strings.NewReader(input), &stdout, func() time.Time { return noon }, func(q Question) (Answer, error) {
		asked = append(asked, q)
		return a, failure
	})
	return stdout.String(), asked, err
}

func TestServe(t *testing.T) {
	v1 := `{"apiVersion":"credentialprovider.kubelet.k8s.io/v1","kind":"CredentialProviderRequest","image":"myregistry.azurecr.io/team/app:1"`
	token := Answer{"user", "secret", noon.Add(3 * time.Hour)}
	for name, test := range map[string]struct {
		input   string
		answer  Answer
		failure error
		want    string
		pod     *Pod
	}{
		"token":         {v1 + `}`, token, nil, `"cacheDuration":"2h55m0s","auth":{"myregistry.azurecr.io":{"username":"user","password":"secret"}}`, nil},
		"no expiry":     {v1 + `}`, Answer{"user", "secret", time.Time{}}, nil, `"cacheKeyType":"Registry","auth":{"myregistry.azurecr.io":{"username":"user","password":"secret"}}`, nil},
		"almost over":   {v1 + `}`, Answer{"user", "secret", noon.Add(time.Minute)}, nil, `"cacheDuration":"0s","auth":{"myregistry`, nil},
		"nothing":       {v1 + `}`, Answer{}, ErrNone, `"cacheDuration":"0s","auth":{}`, nil},
		"older":         {strings.Replace(v1, "/v1", "/v1beta1", 1) + `}`, token, nil, `"apiVersion":"credentialprovider.kubelet.k8s.io/v1beta1"`, nil},
		"pod":           {v1 + `,"serviceAccountToken":"jwt","serviceAccountAnnotations":{"azure.workload.identity/client-id":"c","azure.workload.identity/tenant-id":"t"}}`, token, nil, `"secret"`, &Pod{"jwt", "c", "t"}},
		"both kinds":    {v1 + `,"serviceAccountToken":"jwt","serviceAccountAnnotations":{"azure.workload.identity/client-id":"c","kubernetes.azure.com/acr-client-id":"a"}}`, token, nil, `"secret"`, &Pod{"jwt", "a", ""}},
		"no annotation": {v1 + `,"serviceAccountToken":"jwt"}`, token, nil, `"secret"`, &Pod{"jwt", "", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			out, asked, err := serve(t, test.input, test.answer, test.failure)
			if err != nil || !strings.Contains(out, test.want) || !json.Valid([]byte(out)) {
				t.Errorf("%s %v", out, err)
			}
			if len(asked) != 1 || asked[0].Registry != "myregistry.azurecr.io" {
				t.Fatalf("asked %v", asked)
			}
			if pod := asked[0].Pod; (pod == nil) != (test.pod == nil) || pod != nil && *pod != *test.pod {
				t.Errorf("pod %v", pod)
			}
		})
	}
}

// TestRefused holds that what is no request is answered with an error which shows
// nothing of it, and that nobody is asked.
func TestRefused(t *testing.T) {
	for _, input := range []string{
		"", "null", "[]", `"jwt"`, `{"image":"myregistry.azurecr.io/jwt"}`,
		`{"apiVersion":"credentialprovider.kubelet.k8s.io/v1","kind":"Pod","serviceAccountToken":"jwt"}`,
		`{"apiVersion":"credentialprovider.kubelet.k8s.io/v2","kind":"CredentialProviderRequest","serviceAccountToken":"jwt"}`,
		`{"apiVersion":"other/v1","kind":"CredentialProviderRequest","serviceAccountToken":"jwt"}`,
		`{"apiVersion":"credentialprovider.kubelet.k8s.io/v1","kind":"CredentialProviderRequest"}` + strings.Repeat(" ", maxInput),
	} {
		out, asked, err := serve(t, input, Answer{}, nil)
		if err == nil || out != "" || asked != nil || strings.Contains(err.Error(), "jwt") {
			t.Errorf("%.80q: %q %v %v", input, out, asked, err)
		}
	}
}

func TestFailure(t *testing.T) {
	input := `{"apiVersion":"credentialprovider.kubelet.k8s.io/v1","kind":"CredentialProviderRequest","image":"myregistry.azurecr.io/app"}`
	failed := errors.New("myregistry.azurecr.io: it failed")
	if out, _, err := serve(t, input, Answer{"user", "secret", noon}, failed); !errors.Is(err, failed) || out != "" {
		t.Errorf("%q %v", out, err)
	}
}

func FuzzServe(f *testing.F) {
	f.Add(`{"apiVersion":"credentialprovider.kubelet.k8s.io/v1","kind":"CredentialProviderRequest","image":"myregistry.azurecr.io/app","serviceAccountToken":"t","serviceAccountAnnotations":{"a":"b"}}`)
	f.Add(`{"apiVersion":"credentialprovider.kubelet.k8s.io/v1alpha1","kind":"CredentialProviderRequest","image":""}`)
	f.Add("")
	f.Fuzz(func(t *testing.T, input string) {
		out, asked, err := serve(t, input, Answer{"user", "secret", noon.Add(time.Hour)}, nil)
		if err != nil {
			if out != "" || asked != nil {
				t.Errorf("refused with %v, and yet: %q %v", err, out, asked)
			}
			return
		}
		// The answer is for what was asked, and for nothing else.
		var r response
		if err := json.Unmarshal([]byte(out), &r); err != nil || len(r.Auth) != 1 || strings.Contains(asked[0].Registry, "/") {
			t.Errorf("%q %v", out, err)
		}
	})
}
