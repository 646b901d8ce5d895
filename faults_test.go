package main_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"docker-credential-acr/internal/azuretest"
)

// Where a fault of the network strikes.
const (
	entraHost   = "login.microsoftonline.com"
	entraToken  = "POST " + entraHost + "/*"
	acrExchange = "POST " + azuretest.MyRegistry + "/oauth2/exchange"
	elsewhere   = "https://" + azuretest.OtherRegistry + "/oauth2/exchange"
)

// What is said of a fault, behind the registry's name. The whole line must match.
const (
	entraSays   = `environment: login\.microsoftonline\.com answered `
	entraSilent = `environment: login\.microsoftonline\.com did not answer: `
	entraOdd    = entraSays + `with something that is not a token; check for a proxy or a captive portal`
	acrSilent   = `the registry did not answer: `
	tryIt       = `; try: curl -sSI https://myregistry\.azurecr\.io/v2/`
	acrOdd      = `the answer to the exchange is not a token; check for a proxy or a captive portal between this machine and the registry: curl -sSI https://myregistry\.azurecr\.io/v2/`
	captive     = `; check for a proxy or a captive portal`
	notFollowed = `, which is not followed with a token; check for a proxy or a captive portal between this machine and the registry`
)

// networkFault is something that goes wrong between here and a token.
type networkFault struct {
	name  string
	where string // a pattern of the emulator's
	fault azuretest.Fault
	// says is the one line, behind the registry's name, that a get without a cache
	// ends with. Empty: there is a token all the same.
	says string
	// tries is how many requests meet the fault; not counted if negative, where
	// that is a matter of the time left.
	tries int
	env   []string
	clock time.Duration // of the other side, ahead of this one's
}

// uncounted stands for tries that depend on the time left.
const uncounted = -1

// quick is a deadline for faults that last until it.
var quick = []string{"DOCKER_CREDENTIAL_ACR_TIMEOUT=3s"}

func networkFaults() []networkFault {
	var all []networkFault
	// The same happens to Entra's token endpoint and to the registry's exchange.
	both := func(name string, fault azuretest.Fault, tries int, entra, acr string, env ...string) {
		all = append(
			all,
			networkFault{name: "entra/" + name, where: entraToken, fault: fault, says: entra, tries: tries, env: env},
			networkFault{name: "registry/" + name, where: acrExchange, fault: fault, says: acr, tries: tries, env: env},
		)
	}
	both("a byte a second", azuretest.Fault{Mode: "trickle"}, uncounted, entraSilent+`no answer in time`, acrSilent+`no answer in time`, quick...)
	both("no answer", azuretest.Fault{Mode: "hang"}, uncounted, entraSilent+`no answer in time`, acrSilent+`no answer in time`, quick...)
	both("reset", azuretest.Fault{Mode: "reset"}, 4, entraSilent+`the connection broke`, acrSilent+`the connection broke`)
	both("hangs up", azuretest.Fault{Mode: "close"}, 4, entraSilent+`the connection broke`, acrSilent+`the connection broke`)
	both("reset once", azuretest.Fault{Mode: "reset", Times: 1}, 2, "", "")
	both("garbage", azuretest.Fault{Status: 200, Body: "\x00\xff\x1b[2J\x00garbage"}, 1, entraOdd, acrOdd)
	both("HTML", azuretest.Fault{Status: 200, ContentType: "text/html", Body: "<html><body>please sign in</body></html>"}, 1, entraOdd, acrOdd)
	both("HTML as JSON", azuretest.Fault{Status: 200, ContentType: "application/json", Body: "<html><body>please sign in</body></html>"}, 1, entraOdd, acrOdd)
	both("empty", azuretest.Fault{Status: 200}, 1, entraOdd, acrOdd)
	both("empty object", azuretest.Fault{Status: 200, ContentType: "application/json", Body: "{}"}, 1, entraOdd, acrOdd)
	both("null", azuretest.Fault{Status: 200, ContentType: "application/json", Body: "null"}, 1, entraOdd, acrOdd)
	both("no content", azuretest.Fault{Status: 204}, 1, entraSays+`204 No Content`+captive, `the registry answered the exchange with 204; check for a proxy between this machine and the registry`)
	both("more than announced", azuretest.Fault{Mode: "overlong", Body: `{"access_token":"eyJhbGciOiJub25lIn0.eyJ0b2tlbiI6MX0.","refresh_token":"eyJhbGciOiJub25lIn0.eyJ0b2tlbiI6MX0."}`}, 1, entraOdd, acrOdd)
	both("deeply nested", azuretest.Fault{Status: 200, ContentType: "application/json", Body: azuretest.Text(strings.Repeat("[", 200_000))}, 1, entraOdd, acrOdd)
	both("deeply nested refusal", azuretest.Fault{Status: 403, ContentType: "application/json", Body: azuretest.Text(strings.Repeat("[", 200_000))}, 1, entraSays+`403 Forbidden`, `the registry or a firewall before it denies access \(403\).*`)
	both("endless", azuretest.Fault{Mode: "endless"}, 1, entraOdd, acrOdd)
	both("endless refusal", azuretest.Fault{Mode: "endless", Status: 403}, 1, entraSays+`403 Forbidden`, `the registry or a firewall before it denies access \(403\).*`)
	both("header too long", azuretest.Fault{Status: 200, Headers: map[string]string{"X-Long": strings.Repeat("x", 128<<10)}}, 4, entraSilent+`the connection failed`, acrSilent+`the connection failed`)
	both("gzip bomb", azuretest.Fault{Mode: "gzipbomb"}, 1, entraOdd, acrOdd)
	both("429, Retry-After 1", azuretest.Fault{Status: 429, Headers: map[string]string{"Retry-After": "1"}, Times: 1}, 2, "", "")
	both("429, Retry-After 600", azuretest.Fault{Status: 429, Headers: map[string]string{"Retry-After": "600"}}, 1,
		entraSays+`429 Too Many Requests; try again later, with fewer clients at once`, `the registry is getting too many requests \(429\) and asks to wait 600 s; try again later, with fewer clients at once`)
	both("429, Retry-After nonsense", azuretest.Fault{Status: 429, Headers: map[string]string{"Retry-After": "-1e9 soon"}, Times: 1}, 2, "", "")
	both("down", azuretest.Fault{Status: 503}, 4, entraSays+`503 Service Unavailable; try again, and see https://status\.azure\.com`, `the registry has a problem of its own \(503\); try again, and see https://status\.azure\.com`)
	both("down once", azuretest.Fault{Status: 503, Times: 1}, 2, "", "")
	both("realm elsewhere", azuretest.Fault{Status: 401, Headers: map[string]string{"Www-Authenticate": `Bearer realm="` + elsewhere + `",service="` + azuretest.OtherRegistry + `"`}}, 1,
		entraSays+`401 Unauthorized`, `the registry does not accept the Entra token.*`)
	for _, code := range []int{301, 302, 303, 307, 308} {
		for name, location := range map[string]string{"elsewhere": elsewhere, "to plain http": "http://" + azuretest.MyRegistry + "/", "to itself": "", "to a file": "file:///etc/passwd"} {
			status := strconv.Itoa(code)
			both(status+" "+name, azuretest.Fault{Mode: "redirect", Status: code, Location: location}, 1,
				entraSays+status+" "+http.StatusText(code)+captive, `the registry answered with a redirect \(`+status+`\)`+notFollowed)
		}
	}
	// What a connection can suffer before there is a request on it. A certificate
	// that a proxy made, to look into the connection, is of an unknown authority.
	connections := func(name string, fault azuretest.Fault, says, hint string, env ...string) {
		all = append(
			all,
			networkFault{name: "entra/" + name, where: "CONNECT " + entraHost + "/", fault: fault, says: entraSilent + says, env: env},
			networkFault{name: "registry/" + name, where: "CONNECT " + azuretest.MyRegistry + "/", fault: fault, says: acrSilent + says + hint, env: env},
		)
	}
	connections("certificate of another host", azuretest.Fault{Mode: "tls-wrong-cert"}, `its certificate is for another host`, tryIt)
	connections("expired certificate", azuretest.Fault{Mode: "tls-expired"}, `its certificate has expired or this machine's clock is wrong`, tryIt)
	connections("intercepted by the proxy", azuretest.Fault{Mode: "tls-untrusted"}, `its certificate is signed by an unknown authority`, tryIt)
	connections("refused by the proxy", azuretest.Fault{Status: 403, ContentType: "text/html", Body: "<html>blocked</html>"}, `the proxy answered 403 Forbidden`, tryIt)
	connections("the proxy wants a password", azuretest.Fault{Status: 407, Headers: map[string]string{"Proxy-Authenticate": "Basic realm=x"}}, `the proxy answered 407 Proxy Authentication Required`, tryIt)
	connections("unknown to the proxy", azuretest.Fault{Mode: "nxdomain"}, `the proxy answered 502 Bad Gateway`, "")
	connections("the proxy redirects", azuretest.Fault{Mode: "redirect", Location: elsewhere}, `the proxy answered 307 Temporary Redirect`, tryIt)
	connections("the proxy is silent", azuretest.Fault{Mode: "hang"}, `no answer in time`, "", quick...)
	connections("the proxy resets", azuretest.Fault{Mode: "reset"}, `the connection broke`, "")

	for _, ahead := range []time.Duration{-30 * time.Hour, -5 * time.Hour, 5 * time.Hour, 30 * time.Hour} {
		all = append(all, networkFault{name: "clock/" + (-ahead).String() + " off", clock: ahead})
	}
	return all
}

// Every fault of the network has one outcome: a token, or one line that says
// what failed. Nothing is sent elsewhere; with a token that still lives in the
// cache the fault is not even seen, and the cache stays as it was.
func TestNetworkFaults(t *testing.T) {
	names := map[string]bool{}
	for _, f := range networkFaults() {
		if names[f.name] {
			t.Fatalf("two faults are called %q", f.name)
		}
		names[f.name] = true
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			e := emulate(t, azuretest.Config{Clock: azuretest.Duration(f.clock)})
			e.get(t)
			old := e.age(t)
			strike := func() {
				e.Reset()
				e.Update(func(c *azuretest.Config) {
					c.Faults = nil
					if f.where != "" {
						f.fault.Match = f.where
						c.Faults = []azuretest.Fault{f.fault}
					}
				})
			}
			met := func() {
				t.Helper()
				if n := e.Count(f.where); !strings.HasPrefix(f.where, "CONNECT") && f.where != "" && f.tries >= 0 && n != f.tries {
					t.Errorf("%d requests met it, want %d: %v", n, f.tries, e.Requests())
				}
				if n := e.Connections()[azuretest.OtherRegistry]; n != 0 {
					t.Errorf("%d connections to another host", n)
				}
			}
			strike()
			cold := e.run(t, "get", azuretest.MyRegistry, slices.Concat(f.env, []string{"DOCKER_CREDENTIAL_ACR_CACHE=off"})...)
			met()
			if f.says == "" {
				cold.answers(t)
			} else {
				cold.fails(t, `^`+regexp.QuoteMeta(azuretest.MyRegistry)+`: `+f.says+`$`)
			}
			e.Update(func(c *azuretest.Config) { c.Faults = nil }) // which forgets how often it was met
			strike()
			warm := e.run(t, "get", azuretest.MyRegistry, f.env...)
			if secret := warm.answers(t); (secret == old) != (f.says != "") {
				t.Errorf("the token is the old one: %v", secret == old)
			}
			if kept := e.cache().Entries(); len(kept) != 1 || (kept[0].Secret == old) != (f.says != "") {
				t.Errorf("%d entries are kept", len(kept))
			}
		})
	}
}

// A content type says nothing: what is a token is one.
func TestWrongContentType(t *testing.T) {
	e := emulate(t, azuretest.Config{})
	answers := func(match, body, contentType string) azuretest.Fault {
		return azuretest.Fault{Match: match, Status: 200, Body: azuretest.Text(body), ContentType: contentType}
	}
	for _, contentType := range []string{"text/html", "text/plain; charset=utf-16", "image/png", "/;;"} {
		e.Update(func(c *azuretest.Config) {
			c.Faults = []azuretest.Fault{
				answers(entraToken, `{"token_type":"Bearer","expires_in":3599,"access_token":"`+e.IssueEntra(azuretest.EntraOptions{})+`"}`, contentType),
				answers(acrExchange, `{"refresh_token":"`+e.Issue(azuretest.MyRegistry, azuretest.TokenOptions{})+`"}`, contentType),
			}
		})
		e.run(t, "get", azuretest.MyRegistry, "DOCKER_CREDENTIAL_ACR_CACHE=off").answers(t)
	}
}

// What stands in the way of every request: a proxy that is none, or wants
// another password. Neither the password nor what the proxy says is repeated.
func TestBadProxies(t *testing.T) {
	for name, tt := range map[string]struct {
		url  func(*testing.T, emulated) string
		says string
	}{
		"not there":          {func(*testing.T, emulated) string { return "http://user:hunter2@127.0.0.1:1" }, `the proxy cannot be reached \(the connection was refused\)`},
		"password forgotten": {func(_ *testing.T, e emulated) string { return e.LocalURL() }, `the proxy answered 407 Proxy Authentication Required`},
		"wrong password": {func(_ *testing.T, e emulated) string {
			return strings.Replace(e.LocalURL(), "//", "//user:hunter2@", 1)
		}, `the proxy answered 407 Proxy Authentication Required`},
		"speaks something": {func(t *testing.T, _ emulated) string {
			return "http://user:hunter2@" + azuretest.Says(t, "SSH-2.0-hunter2\r\n")
		}, `the connection failed`},
		"hangs up": {func(t *testing.T, _ emulated) string { return "http://user:hunter2@" + azuretest.Says(t, "") }, `the connection broke`},
		"https that is http": {func(_ *testing.T, e emulated) string {
			return strings.Replace(e.LocalURL(), "http://", "https://user:hunter2@", 1)
		}, `the proxy cannot be reached \(no TLS connection can be agreed on\)`},
		"an unknown protocol":  {func(*testing.T, emulated) string { return "gopher://user:hunter2@127.0.0.1:1" }, `the proxy cannot be reached \(the connection was refused\)`},
		"port that is no port": {func(*testing.T, emulated) string { return "http://user:hunter2@127.0.0.1:99999" }, `the proxy cannot be reached \(the connection failed\)`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := emulate(t, azuretest.Config{ProxyAuth: "user:correct"})
			proxy := tt.url(t, e)
			r := e.run(t, "get", azuretest.MyRegistry, "HTTPS_PROXY="+proxy, "https_proxy="+proxy, "DOCKER_CREDENTIAL_ACR_CACHE=off", "DOCKER_CREDENTIAL_ACR_LOG="+filepath.Join(e.home, "log"))
			r.fails(t, `^`+regexp.QuoteMeta(azuretest.MyRegistry)+`: `+entraSilent+tt.says+`$`)
			log, err := os.ReadFile(filepath.Join(e.home, "log"))
			if err != nil || strings.Contains(r.stdout+string(log), "hunter2") {
				t.Errorf("%v, the password of the proxy stands in %s%s", err, r.stdout, log)
			}
		})
	}
	e := emulate(t, azuretest.Config{ProxyAuth: "user:correct"})
	e.get(t)
}
