package azuretest_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"docker-credential-acr/internal/azuretest"
)

// TestPushPull lets go-containerregistry, which is what crane is made of, use a
// registry with each kind of credential.
func TestPushPull(t *testing.T) {
	a := azuretest.Start(t, azuretest.Config{Registries: []azuretest.Registry{
		{Host: azuretest.MyRegistry, AdminPasswords: []string{"admin"}, Roles: map[string]string{azuretest.SecondClientID: "pull"}},
		{Host: azuretest.OtherRegistry, AnonymousPull: true},
	}})
	refresh := a.Issue(azuretest.MyRegistry, azuretest.TokenOptions{})
	puller := &authn.Basic{Username: "00000000-0000-0000-0000-000000000000", Password: a.Issue(azuretest.MyRegistry, azuretest.TokenOptions{Principal: azuretest.SecondClientID})}
	image, err := random.Image(2000, 3)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	for i, auth := range []authn.Authenticator{
		&authn.Basic{Username: "00000000-0000-0000-0000-000000000000", Password: refresh},
		authn.FromConfig(authn.AuthConfig{IdentityToken: refresh}),
		&authn.Basic{Username: "myregistry", Password: "admin"},
	} {
		ref := reference(t, fmt.Sprintf("%s/team/app%d:v1", azuretest.MyRegistry, i))
		options := []remote.Option{remote.WithTransport(a.Transport()), remote.WithAuth(auth)}
		if err := remote.Write(ref, image, options...); err != nil {
			t.Fatal(err)
		}
		for _, auth := range []authn.Authenticator{auth, puller} {
			got, err := remote.Image(ref, remote.WithTransport(a.Transport()), remote.WithAuth(auth))
			if err != nil {
				t.Fatal(err)
			}
			if d, err := got.Digest(); err != nil || d != digest {
				t.Errorf("digest %v, %v", d, err)
			}
			layers, err := got.Layers()
			if err != nil || len(layers) != 3 {
				t.Fatalf("%d layers, %v", len(layers), err)
			}
			r, err := layers[0].Uncompressed()
			if err != nil {
				t.Fatal(err)
			}
			r.Close()
		}
		if err := remote.Write(reference(t, azuretest.MyRegistry+"/elsewhere:v1"), image, remote.WithTransport(a.Transport()), remote.WithAuth(puller)); status(err) != http.StatusUnauthorized {
			t.Errorf("a puller pushed: %v", err)
		}
	}
	regional := reference(t, azuretest.RegionalRegistry+"/team/app0:v1")
	token := &authn.Basic{Username: "00000000-0000-0000-0000-000000000000", Password: a.Issue(azuretest.RegionalRegistry, azuretest.TokenOptions{})}
	if _, err := remote.Head(regional, remote.WithTransport(a.Transport()), remote.WithAuth(token)); err != nil {
		t.Errorf("regional login server: %v", err)
	}
	repositories, err := remote.Catalog(t.Context(), regional.Context().Registry, remote.WithTransport(a.Transport()), remote.WithAuth(token))
	if err != nil || fmt.Sprint(repositories) != "[team/app0 team/app1 team/app2]" {
		t.Errorf("catalog %v, %v", repositories, err)
	}
	if page, err := remote.CatalogPage(regional.Context().Registry, "team/app0", 1, remote.WithTransport(a.Transport()), remote.WithAuth(token)); err != nil || fmt.Sprint(page) != "[team/app1]" {
		t.Errorf("page %v, %v", page, err)
	}
	// Nothing of it is in another registry, which anybody may read.
	other := reference(t, azuretest.OtherRegistry+"/team/app0:v1")
	if _, err := remote.Head(other, remote.WithTransport(a.Transport())); status(err) != http.StatusNotFound {
		t.Errorf("other registry: %v", err)
	}
}

// TestMount needs the right to pull from the source.
func TestMount(t *testing.T) {
	a := azuretest.Start(t, azuretest.Config{})
	token := a.Issue(azuretest.MyRegistry, azuretest.TokenOptions{})
	auth := &authn.Basic{Username: "00000000-0000-0000-0000-000000000000", Password: token}
	image, err := random.Image(1000, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(reference(t, azuretest.MyRegistry+"/source:v1"), image, remote.WithTransport(a.Transport()), remote.WithAuth(auth)); err != nil {
		t.Fatal(err)
	}
	layers, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	digest, err := layers[0].Digest()
	if err != nil {
		t.Fatal(err)
	}
	blob := my + "/v2/target/blobs/" + digest.String()
	bearer := func(access ...azuretest.Access) string {
		return "Bearer " + a.Issue(azuretest.MyRegistry, azuretest.TokenOptions{Kind: "access", Access: access})
	}
	target := azuretest.Access{Type: "repository", Name: "target", Actions: []string{"pull", "push"}}
	source := azuretest.Access{Type: "repository", Name: "source", Actions: []string{"pull"}}
	mount := my + "/v2/target/blobs/uploads/?mount=" + digest.String() + "&from=source"
	if r := send(t, a, "HEAD", blob, "", "Authorization", bearer(target)); r.StatusCode != 404 {
		t.Errorf("before: %s", r.Status)
	}
	r := send(t, a, "POST", mount, "", "Authorization", bearer(target))
	if r.StatusCode != 401 || r.Header.Get("WWW-Authenticate") != `Bearer realm="https://myregistry.azurecr.io/oauth2/token",service="myregistry.azurecr.io",scope="repository:target:pull,push repository:source:pull",error="insufficient_scope"` {
		t.Errorf("without pull from the source: %s %s", r.Status, r.Header.Get("WWW-Authenticate"))
	}
	if r := send(t, a, "POST", mount, "", "Authorization", bearer(target, source)); r.StatusCode != 201 {
		t.Errorf("mount: %s", r.Status)
	}
	if r := send(t, a, "HEAD", blob, "", "Authorization", bearer(target)); r.StatusCode != 200 {
		t.Errorf("after: %s", r.Status)
	}
}

func reference(t *testing.T, s string) name.Reference {
	t.Helper()
	ref, err := name.ParseReference(s)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func status(err error) int {
	if e, ok := err.(*transport.Error); ok {
		return e.StatusCode
	}
	return 0
}
