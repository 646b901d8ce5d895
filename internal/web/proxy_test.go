package web

import (
	"net/http"
	"net/url"
	"testing"
)

func TestNeighbours(t *testing.T) {
	for _, tt := range []struct {
		proxy, target string
		asked         bool
	}{
		{"http://proxy.contoso.com:3128", "https://myregistry.azurecr.io/v2/", true},
		{"http://proxy.contoso.com:3128", "http://169.254.169.254/metadata/identity/oauth2/token", false},
		{"http://10.0.0.1:3128", "http://169.254.131.3:8081/msi/token", false},
		{"http://10.0.0.1:3128", "http://[fe80::1]/", false},
		{"http://10.0.0.1:3128", "http://168.63.129.16/", true},
		{"http://10.0.0.1:3128", "http://169.254.169.254.contoso.com/", true},
		{"http://127.0.0.1:3128", "http://169.254.169.254/", true}, // which has the same neighbours
		{"http://[::1]:3128", "http://169.254.169.254/", true},
		{"http://localhost:3128", "http://169.254.169.254/", true},
		{"", "http://169.254.169.254/", false},
	} {
		var proxy *url.URL
		if tt.proxy != "" {
			proxy = parse(t, tt.proxy)
		}
		got, err := neighbours(func(*http.Request) (*url.URL, error) { return proxy, nil })(&http.Request{URL: parse(t, tt.target)})
		if err != nil || (got != nil) != tt.asked {
			t.Errorf("%s by %s: %v, %v", tt.target, tt.proxy, got, err)
		}
	}
}

func parse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
