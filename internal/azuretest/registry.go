package azuretest

import (
	"bytes"
	"context"
	"io"
	"log"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/golang-jwt/jwt/v5"
	ggcr "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// dataPlane is /v2/: a real registry behind tokens of the emulator.
func (a *Azure) dataPlane(x *call, reg *Registry) {
	if !a.authorized(x, reg, neededFor(x.r)) {
		return
	}
	x.w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
	if x.r.URL.Path == "/v2/" || x.r.URL.Path == "/v2" {
		x.json(http.StatusOK, struct{}{})
		return
	}
	a.stores.of(x.host).ServeHTTP(x.w, x.r)
}

// authorized reports whether a request has a token for all that it needs, and
// answers with a challenge when it has not.
func (a *Azure) authorized(x *call, reg *Registry, needed []scope) bool {
	claims, problem := a.bearer(x, reg)
	if problem != "" || claims == nil {
		x.challenge(needed, problem)
		return false
	}
	access := accessOf(claims)
	for _, s := range needed {
		for _, action := range s.actions {
			if !granted(access, s.kind, s.name, action) {
				x.challenge(needed, "insufficient_scope")
				return false
			}
		}
	}
	return true
}

// bearer reads the access token of a request: nil without one, a problem with a
// bad one.
func (a *Azure) bearer(x *call, reg *Registry) (claims jwt.MapClaims, problem string) {
	header := x.r.Header.Get("Authorization")
	if header == "" {
		return nil, ""
	}
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return nil, "invalid_token"
	}
	claims, err := a.verifyRegistry(x.now, reg, x.host, "access", strings.TrimSpace(token))
	if err != nil {
		return nil, "invalid_token"
	}
	x.e.principal(text(claims, "azuretest_principal"))
	return claims, ""
}

// accessOf is the access claim.
func accessOf(claims jwt.MapClaims) []Access {
	var access []Access
	list, _ := claims["access"].([]any)
	for _, item := range list {
		m, _ := item.(map[string]any)
		kind, _ := m["type"].(string)
		name, _ := m["name"].(string)
		one := Access{Type: kind, Name: name}
		actions, _ := m["actions"].([]any)
		for _, action := range actions {
			if s, ok := action.(string); ok {
				one.Actions = append(one.Actions, s)
			}
		}
		access = append(access, one)
	}
	return access
}

func granted(access []Access, kind, name, action string) bool {
	return slices.ContainsFunc(access, func(g Access) bool {
		return g.Type == kind && g.Name == name && slices.Contains(g.Actions, action)
	})
}

var resourcePath = regexp.MustCompile(`^/v2/(.+)/(manifests|blobs|tags|referrers)/`)

// neededFor is what a request to the data plane needs; nothing for /v2/.
func neededFor(r *http.Request) []scope {
	if r.URL.Path == "/v2/_catalog" {
		return []scope{{"registry", "catalog", []string{"*"}}}
	}
	m := resourcePath.FindStringSubmatch(r.URL.Path)
	if m == nil {
		return nil
	}
	uploads := strings.HasPrefix(r.URL.Path, m[0]+"uploads/")
	actions := []string{"pull"}
	switch {
	case r.Method == http.MethodDelete && !uploads:
		actions = []string{"delete"}
	case r.Method != http.MethodGet && r.Method != http.MethodHead || uploads && m[2] == "blobs":
		actions = []string{"pull", "push"}
	}
	needed := []scope{{"repository", m[1], actions}}
	if from := r.URL.Query().Get("from"); from != "" && r.Method == http.MethodPost && r.URL.Query().Has("mount") {
		needed = append(needed, scope{"repository", from, []string{"pull"}})
	}
	return needed
}

// stores are the contents of the registries.
type stores struct {
	mu   sync.Mutex
	open map[string]*store
}

var regionalHost = regexp.MustCompile(`^([^.]+)\.[^.]+\.geo(\.azurecr\.[a-z]+)$`)

// of is the content of a login server. Regional ones have that of the registry.
func (s *stores) of(host string) *store {
	host = regionalHost.ReplaceAllString(host, "$1$2")
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = map[string]*store{}
	}
	if s.open[host] == nil {
		s.open[host] = newStore()
	}
	return s.open[host]
}

// store is go-containerregistry's in-memory registry with what a client of a
// registry with permissions can tell apart: blobs belong to a repository, and
// get from one to another by mounting.
type store struct {
	registry http.Handler
	blobs    *blobs
}

func newStore() *store {
	b := &blobs{content: map[v1.Hash][]byte{}, in: map[string]map[v1.Hash]bool{}}
	return &store{
		registry: ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0)), ggcr.WithReferrersSupport(true), ggcr.WithBlobHandler(b)),
		blobs:    b,
	}
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// The registry takes the host for a part of the repository's name.
	r = r.Clone(r.Context())
	r.URL.Host = ""
	if r.URL.Path == "/v2/_catalog" && r.Method == http.MethodGet {
		s.catalog(w, r)
		return
	}
	q := r.URL.Query()
	if r.Method == http.MethodPost && q.Has("mount") {
		name := resourcePath.FindStringSubmatch(r.URL.Path)
		h, err := v1.NewHash(q.Get("mount"))
		if name != nil && err == nil && s.blobs.mount(q.Get("from"), name[1], h) {
			w.Header().Set("Location", (&url.URL{Path: "/v2/" + name[1] + "/blobs/" + h.String()}).String())
			w.Header().Set("Docker-Content-Digest", h.String())
			w.WriteHeader(http.StatusCreated)
			return
		}
	}
	s.registry.ServeHTTP(w, r)
}

// blobs keeps content once and remembers which repositories have it.
type blobs struct {
	mu      sync.Mutex
	content map[v1.Hash][]byte
	in      map[string]map[v1.Hash]bool
}

func (b *blobs) find(repo string, h v1.Hash) ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.in[repositoryOf(repo)][h] {
		return nil, ggcr.ErrNotFound
	}
	return b.content[h], nil
}

// Stat is the size of a blob.
func (b *blobs) Stat(_ context.Context, repo string, h v1.Hash) (int64, error) {
	data, err := b.find(repo, h)
	return int64(len(data)), err
}

// Get opens a blob.
func (b *blobs) Get(_ context.Context, repo string, h v1.Hash) (io.ReadCloser, error) {
	data, err := b.find(repo, h)
	if err != nil {
		return nil, err
	}
	return blobReader{bytes.NewReader(data)}, nil
}

// Put keeps a blob; the caller verifies its digest while it is read.
func (b *blobs) Put(_ context.Context, repo string, h v1.Hash, r io.ReadCloser) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.content[h] = data
	b.add(repositoryOf(repo), h)
	return nil
}

// Delete takes a blob out of a repository.
func (b *blobs) Delete(_ context.Context, repo string, h v1.Hash) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.in[repositoryOf(repo)], h)
	return nil
}

func (b *blobs) mount(from, to string, h v1.Hash) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.in[from][h] {
		return false
	}
	b.add(to, h)
	return true
}

func (b *blobs) add(repo string, h v1.Hash) {
	if b.in[repo] == nil {
		b.in[repo] = map[v1.Hash]bool{}
	}
	b.in[repo][h] = true
}

// repositoryOf is the name of a repository as pkg/registry hands it over: the
// end of an upload leaves a piece of the path behind it.
func repositoryOf(repo string) string { return strings.TrimSuffix(repo, "/blobs") }

// blobReader keeps ReadAt visible, which range requests want.
type blobReader struct{ *bytes.Reader }

// Close does nothing.
func (blobReader) Close() error { return nil }
