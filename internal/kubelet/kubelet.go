// Package kubelet speaks the kubelet's protocol for image credential providers:
// a request on standard input, a response on standard output
// (https://kubernetes.io/docs/reference/config-api/kubelet-credentialprovider.v1/).
// The kubelet runs none of Docker's credential helpers.
package kubelet

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"
)

const (
	group = "credentialprovider.kubelet.k8s.io/"
	// maxInput is far more than an image, a token and some annotations.
	maxInput = 1 << 20
	// margin is how long before its end a token is no longer used for new pulls.
	margin = 5 * time.Minute
)

// Question is what the kubelet wants to know.
type Question struct {
	// Registry is the part of the image before the first slash.
	Registry string
	// Pod is whom the image is for, and nil where the kubelet does not say.
	Pod *Pod
}

// Pod is the identity of the pod that needs the image.
type Pod struct {
	// Token is the token of the pod's service account. It is secret.
	Token string
	// ClientID and TenantID are those of the service account's annotations; each
	// may be empty.
	ClientID, TenantID string
}

// Answer is a credential for a registry.
type Answer struct {
	Username, Password string
	// Expires is when the password ends; zero if nobody knows.
	Expires time.Time
}

// ErrNone says that there is no credential for a registry, and that this is no
// failure.
var ErrNone = errors.New("no credential")

// request and response are the protocol's in all its versions; what is not
// needed is left out.
type request struct {
	APIVersion  string            `json:"apiVersion"`
	Kind        string            `json:"kind"`
	Image       string            `json:"image"`
	Token       string            `json:"serviceAccountToken"`
	Annotations map[string]string `json:"serviceAccountAnnotations"`
}

type response struct {
	APIVersion    string          `json:"apiVersion"`
	Kind          string          `json:"kind"`
	CacheKeyType  string          `json:"cacheKeyType"`
	CacheDuration string          `json:"cacheDuration,omitempty"`
	Auth          map[string]auth `json:"auth"`
}

type auth struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// Serve answers one request. Nothing is written if it fails; the error is for
// people and holds nothing of the input.
func Serve(stdin io.Reader, stdout io.Writer, now func() time.Time, answer func(Question) (Answer, error)) error {
	q, version, err := read(stdin)
	if err != nil {
		return err
	}
	// A token is good for all of its registry. The kubelet adds the service
	// account to the key by itself.
	r := response{APIVersion: version, Kind: "CredentialProviderResponse", CacheKeyType: "Registry", Auth: map[string]auth{}}
	a, err := answer(q)
	switch {
	case errors.Is(err, ErrNone):
		r.CacheDuration = "0s" // that may change at any time
	case err != nil:
		return err
	default:
		r.Auth[q.Registry] = auth{a.Username, a.Password}
		if !a.Expires.IsZero() { // else the kubelet has a default
			left := a.Expires.Sub(now()) - margin
			r.CacheDuration = max(left, 0).Truncate(time.Second).String()
		}
	}
	out, err := json.Marshal(r)
	if err == nil {
		_, err = stdout.Write(append(out, '\n'))
	}
	if err != nil {
		return errors.New("cannot write to standard output")
	}
	return nil
}

func read(stdin io.Reader) (q Question, version string, err error) {
	input, err := io.ReadAll(io.LimitReader(stdin, maxInput+1))
	if err != nil {
		return q, "", errors.New("cannot read standard input")
	}
	var r request
	if json.Unmarshal(input, &r) != nil || r.Kind != "CredentialProviderRequest" || !strings.HasPrefix(r.APIVersion, group) || len(input) > maxInput {
		return q, "", errors.New("standard input is not a CredentialProviderRequest of " + group + "v1, such as the kubelet writes")
	}
	switch strings.TrimPrefix(r.APIVersion, group) {
	case "v1", "v1beta1", "v1alpha1": // they differ in name only
	default:
		return q, "", errors.New("the kubelet speaks a version of " + group + " that is not known here; set apiVersion: " + group + "v1 in the CredentialProviderConfig")
	}
	q.Registry, _, _ = strings.Cut(r.Image, "/")
	if r.Token != "" {
		q.Pod = &Pod{Token: r.Token, ClientID: first(r.Annotations, clientIDs), TenantID: first(r.Annotations, tenantIDs)}
	}
	return q, r.APIVersion, nil
}

// The annotations of a service account, the most specific first: those of the
// acr-credential-provider of cloud-provider-azure
// (https://github.com/kubernetes-sigs/cloud-provider-azure/pull/9907), and those
// of Microsoft Entra Workload ID
// (https://azure.github.io/azure-workload-identity/docs/topics/service-account-labels-and-annotations.html).
var (
	clientIDs = []string{"kubernetes.azure.com/acr-client-id", "azure.workload.identity/client-id"}
	tenantIDs = []string{"kubernetes.azure.com/acr-tenant-id", "azure.workload.identity/tenant-id"}
)

func first(annotations map[string]string, keys []string) string {
	for _, key := range keys {
		if value := annotations[key]; value != "" {
			return value
		}
	}
	return ""
}
