package azuretest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// catalog lists the repositories in order and in pages. pkg/registry has them
// in the order of a Go map.
func (s *store) catalog(w http.ResponseWriter, r *http.Request) {
	var all struct {
		Repositories []string `json:"repositories"`
	}
	inner := r.Clone(r.Context())
	inner.URL = &url.URL{Path: "/v2/_catalog"}
	var b buffer
	s.registry.ServeHTTP(&b, inner)
	if err := json.Unmarshal(b.Bytes(), &all); err != nil {
		panic("azuretest: " + err.Error())
	}
	slices.Sort(all.Repositories)
	q := r.URL.Query()
	list := slices.DeleteFunc(all.Repositories, func(name string) bool { return name <= q.Get("last") })
	if n, err := strconv.Atoi(q.Get("n")); err == nil && n > 0 && n < len(list) {
		list = list[:n]
		next := url.Values{"last": {list[n-1]}, "n": {strconv.Itoa(n)}}
		w.Header().Set("Link", fmt.Sprintf(`<%s?%s>; rel="next"`, r.URL.Path, next.Encode()))
	}
	if list == nil {
		list = []string{}
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(map[string][]string{"repositories": list})
}

// buffer is a ResponseWriter that keeps the body and nothing else.
type buffer struct{ bytes.Buffer }

// Header is thrown away.
func (*buffer) Header() http.Header { return http.Header{} }

// WriteHeader does nothing.
func (*buffer) WriteHeader(int) {}
