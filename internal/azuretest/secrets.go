package azuretest

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"strings"
)

// secrets are those of the default world, with what they are.
var secrets = map[string]string{
	ClientSecret:            "a client secret",
	SecondClientSecret:      "a client secret",
	MultiTenantClientSecret: "a client secret",
	UserPassword:            "a person's password",
	SecondUserPassword:      "a person's password",
	localSecret:             "a platform's secret",
	GitHubRequestToken:      "a job's request token",
	PipelinesAccessToken:    "a job's request token",
}

var (
	// jwts finds a token, whole or its beginning: {"alg":
	jwts = regexp.MustCompile(`eyJ[\w-]{10,}\.[\w-]{10,}|eyJhbGciOi`)
	// sessionKeys finds what a person's sign-in is continued with.
	sessionKeys = regexp.MustCompile(`\b0\.[0-9a-f]{64}`)
	// packed finds what may be Base64, as in the auths of Docker's config.json.
	packed = regexp.MustCompile(`[A-Za-z0-9+/_-]{16,}`)
)

// FindSecret looks for a token or a secret of the default world in text, plain,
// percent-encoded or in Base64, and says what it has found, or "".
func FindSecret(text string) string {
	if found := findPlain(text); found != "" {
		return found
	}
	if strings.Contains(text, "%") {
		// As much as can be decoded: not all of text is a URL.
		text := percent.ReplaceAllStringFunc(strings.ReplaceAll(text, "+", " "), unescape)
		if found := findPlain(text); found != "" {
			return found + ", percent-encoded"
		}
	}
	for _, word := range packed.FindAllString(text, -1) {
		word = strings.NewReplacer("-", "+", "_", "/").Replace(word)
		if len(word)%4 == 1 { // no encoding ends so
			word = word[:len(word)-1]
		}
		plain, err := base64.RawStdEncoding.DecodeString(word)
		if err != nil {
			continue
		}
		if found := findPlain(string(plain)); found != "" {
			return found + ", in Base64"
		}
	}
	return ""
}

func findPlain(text string) string {
	for secret, name := range secrets {
		if strings.Contains(text, secret) {
			return name
		}
	}
	if jwts.MatchString(text) {
		return "a token"
	}
	if sessionKeys.MatchString(text) {
		return "a key of a person's sign-in"
	}
	return ""
}

var percent = regexp.MustCompile(`(%[0-9A-Fa-f]{2})+`)

func unescape(s string) string {
	plain, err := url.PathUnescape(s)
	if err != nil {
		return s
	}
	return plain
}
