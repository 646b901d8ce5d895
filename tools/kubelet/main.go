// Kubelet-lookup asks image credential providers with the kubelet's own code, and
// prints what the kubelet would hand to the container runtime: a JSON array of
// AuthConfig. With -manifests it reads Kubernetes objects from standard input. It
// stands in for kubelet and API server in the end-to-end tests.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/kubernetes/pkg/credentialprovider"
	"k8s.io/kubernetes/pkg/credentialprovider/plugin"
)

// pod is what the API server would know of the pod.
type pod struct {
	namespace, name, uid, serviceAccount string
	annotations                          map[string]string // of the service account
	token                                string            // of the service account
}

func main() {
	config := flag.String("config", "", "file with the CredentialProviderConfig")
	bin := flag.String("bin-dir", "", "directory of the providers")
	p := pod{namespace: "shop", name: "app", uid: "5e0d6cf5-0000-4000-8000-000000000001", annotations: map[string]string{}}
	flag.StringVar(&p.serviceAccount, "service-account", "", "the pod's service account")
	flag.Func("annotation", "an annotation of the service account, KEY=VALUE", func(text string) error {
		key, value, ok := strings.Cut(text, "=")
		if !ok {
			return errors.New("write KEY=VALUE")
		}
		p.annotations[key] = value
		return nil
	})
	check := flag.Bool("manifests", false, "read Kubernetes objects from standard input, and print their kinds")
	flag.Parse()
	if *check {
		if err := manifests(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "kubelet-lookup:", err)
			os.Exit(1)
		}
		return
	}
	p.token = os.Getenv("KUBELET_LOOKUP_TOKEN")
	if err := lookup(*config, *bin, p, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "kubelet-lookup:", err)
		os.Exit(1)
	}
}

// lookup asks for one image after the other, as one kubelet would, with the cache
// that it has.
func lookup(config, bin string, p pod, images []string) error {
	err := plugin.RegisterCredentialProviderPlugins(config, bin,
		func(_, _ string, request *authenticationv1.TokenRequest) (*authenticationv1.TokenRequest, error) {
			request = request.DeepCopy()
			request.Status.Token = p.token
			return request, nil
		},
		func(namespace, name string) (*v1.ServiceAccount, error) {
			return &v1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, UID: types.UID(p.uid), Annotations: p.annotations}}, nil
		})
	if err != nil {
		return err
	}
	keyring := plugin.NewExternalCredentialProviderDockerKeyring(p.namespace, p.name, p.uid, p.serviceAccount)
	for _, image := range images {
		tracked, _ := keyring.Lookup(image)
		found := []credentialprovider.AuthConfig{}
		for _, t := range tracked {
			found = append(found, t.AuthConfig)
		}
		if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
			return err
		}
	}
	return nil
}
