package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"docker-credential-acr/internal/azuretest"
)

// Two builds are the same to the bit, so that a digest is worth comparing.
func TestImageIsDeterministic(t *testing.T) {
	var digests []string
	for range 2 {
		img, err := buildImage()
		if err != nil {
			t.Fatal(err)
		}
		layers, err := img.Layers()
		if err != nil || len(layers) != 3 {
			t.Fatalf("%d layers, %v", len(layers), err)
		}
		d, err := img.Digest()
		if err != nil {
			t.Fatal(err)
		}
		digests = append(digests, d.String())
	}
	if digests[0] != digests[1] {
		t.Errorf("digests differ: %q", digests)
	}
}

func TestSameLayout(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "chart")
	want, err := writeChart(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := sameLayout(dir, want); err != nil {
		t.Error(err)
	}
	other := want
	other.Hex = strings.Repeat("0", 64)
	if err := sameLayout(dir, other); !errors.Is(err, errDiffers) {
		t.Errorf("another digest: %v", err)
	}
	// Every byte that came back is looked at, not only the name of the file.
	blobs, err := filepath.Glob(filepath.Join(dir, "blobs", "sha256", "*"))
	if err != nil || len(blobs) != 3 {
		t.Fatalf("%d blobs, %v", len(blobs), err)
	}
	for _, b := range blobs {
		data, err := os.ReadFile(b)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(b, append(slices.Clone(data), '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := sameLayout(dir, want); err == nil {
			t.Errorf("%s was changed, and nobody noticed", filepath.Base(b))
		}
		if err := os.WriteFile(b, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSummary(t *testing.T) {
	request := func(method, host, path string, status int) azuretest.Request {
		return azuretest.Request{Method: method, Host: host, Path: path, Status: status}
	}
	tenant := "/" + azuretest.Tenant
	got := summary([]azuretest.Request{
		request("GET", registry, "/v2/", 401),
		request("GET", "login.microsoftonline.com", tenant+"/v2.0/.well-known/openid-configuration", 200),
		request("POST", "login.microsoftonline.com", tenant+"/oauth2/v2.0/token", 200),
		request("POST", registry, "/oauth2/exchange", 200),
		request("POST", registry, "/oauth2/token", 200),
		request("HEAD", registry, "/v2/demo/app/blobs/sha256:1", 404),
		request("HEAD", registry, "/v2/demo/app/blobs/sha256:2", 404),
		request("POST", registry, "/v2/demo/app/blobs/uploads/", 202),
		request("PUT", registry, "/v2/demo/app/manifests/v1", 201),
	}, "skopeo")
	want := []string{
		"skopeo GET myregistry.azurecr.io/v2/  401",
		"helper GET login.microsoftonline.com/…/openid-configuration  200",
		"helper POST login.microsoftonline.com/…/oauth2/v2.0/token  200",
		"helper POST myregistry.azurecr.io/oauth2/exchange  200",
		"skopeo POST myregistry.azurecr.io/oauth2/token  200",
		"skopeo blobs  2× HEAD 404, POST 202",
		"skopeo manifests  PUT 201",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// What is printed has no token in it, no colour codes in a pipe, and fits.
func TestPage(t *testing.T) {
	var b bytes.Buffer
	p := &page{w: &b}
	secret := "eyJ" + strings.Repeat("aB3._-", 200)
	p.output([]string{`{"Username":"\u003ctoken\u003e","Secret":"` + secret + `"}`, strings.Repeat("word ", 50)})
	p.requests([]string{strings.Repeat("x", 100)})
	p.note("%s", secret)
	p.command(command{name: "cat", stdin: secret})
	p.step(strings.Repeat("title ", 50))
	p.result(secret)
	text := b.String()
	if strings.Contains(text, secret[:20]) || !strings.Contains(text, `"<token>","Secret":"«eyJ… (1,203 bytes)»"`) {
		t.Errorf("the token is not hidden well:\n%s", text)
	}
	if strings.Contains(text, "\x1b") {
		t.Error("colour codes")
	}
	for line := range strings.Lines(text) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width {
			t.Errorf("%d characters: %s", n, line)
		}
	}
}

func TestLast(t *testing.T) {
	out := "one\r\n\n  10%\r 100%\r\n2026/11/21 08:34:12 pushed\tall\n \n"
	if got, want := last(out, 2), []string{" 100%", "pushed  all"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
