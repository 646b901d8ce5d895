package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"docker-credential-acr/internal/acr"
	"docker-credential-acr/internal/host"
	"docker-credential-acr/internal/lazyregexp"
	"docker-credential-acr/internal/web"
)

// network is what is known of the way to the registry.
type network struct {
	addresses []netip.Addr
	challenge acr.Challenge
	refused   *acr.Refusal
	// open reports that the registry answers and lets this machine in.
	open bool
}

// The limits of the steps on the network. Those of a connection are below.
const (
	lookupLimit  = 5 * time.Second
	requestLimit = 12 * time.Second
	probeLimit   = 2 * time.Second
)

// reach goes as far as the registry's first answer.
func (w *walk) reach(ctx context.Context) {
	type named struct {
		addresses []netip.Addr
		found     bool
	}
	n := measure(ctx, w, Name, lookupLimit, func(ctx context.Context) (named, []Finding) {
		addresses, findings := w.lookup(ctx)
		found := len(findings) == 0 || findings[0].State != Failed
		return named{addresses, found}, append(w.proxyIgnored(), findings...)
	})
	w.network.addresses = n.addresses
	if !n.found {
		for _, step := range []Step{Connection, Clock, Firewall} {
			w.skip(step, Name)
		}
		return
	}
	type answer struct {
		challenge acr.Challenge
		refused   *acr.Refusal
		local     time.Time
		ok        bool
	}
	a := measure(ctx, w, Connection, requestLimit+2*probeLimit, func(ctx context.Context) (answer, []Finding) {
		challenge, findings, refused := w.connect(ctx)
		ok := true
		for _, f := range findings {
			ok = ok && f.State != Failed
		}
		return answer{challenge, refused, w.parts.Now(), ok}, findings
	})
	w.network.challenge, w.network.refused = a.challenge, a.refused
	if a.challenge.Date.IsZero() {
		w.skip(Clock, Connection)
	} else {
		take(ctx, w, Clock, time.Second, func(context.Context) []Finding { return clock(a.challenge.Date, a.local) })
	}
	if !a.ok {
		w.skip(Firewall, Connection)
		return
	}
	take(ctx, w, Firewall, time.Second, func(context.Context) []Finding { return w.firewall(a.refused) })
	w.network.open = a.refused == nil
}

// proxyIgnored looks for a proxy that net/http passes over without a word, since
// its URL cannot be read (golang.org/x/net/http/httpproxy).
func (w *walk) proxyIgnored() []Finding {
	if w.parts.Proxy != nil {
		return nil
	}
	for _, name := range []string{"HTTPS_PROXY", "https_proxy"} {
		value, _ := w.Lookup(name)
		if value == "" {
			continue
		}
		if _, err := url.Parse(value); err == nil {
			return nil
		}
		if _, err := url.Parse("http://" + value); err != nil {
			return []Finding{failure(ProxyInvalid)}
		}
		return nil
	}
	return nil
}

// lookup resolves the registry's name, unless a proxy is to do that.
func (w *walk) lookup(ctx context.Context) ([]netip.Addr, []Finding) {
	name := w.parts.Registry.LoginServer
	if w.parts.Proxy != nil {
		return nil, []Finding{info(NameByProxy, "proxy", w.parts.Proxy.Host)}
	}
	addresses, err := w.Resolve(ctx, name)
	for i := range addresses {
		addresses[i] = addresses[i].Unmap()
	}
	values := []string{"addresses", list(addresses)}
	switch {
	case web.NoSuchHost(err):
		return nil, []Finding{failure(NameUnknown)}
	case err != nil || len(addresses) == 0:
		return nil, []Finding{failure(NameUnresolved)}
	case private(addresses):
		return addresses, []Finding{info(PrivateAddress, values...)}
	case addresses[0].IsLoopback():
		return addresses, []Finding{info(LocalAddress, values...)}
	}
	return addresses, []Finding{info(PublicAddress, values...)}
}

func list(addresses []netip.Addr) string {
	var all []string
	for _, a := range addresses {
		all = append(all, a.String())
	}
	return strings.Join(all, ", ")
}

// private reports whether all addresses are those of a private network: a
// private endpoint's.
func private(addresses []netip.Addr) bool {
	for _, a := range addresses {
		if !a.IsPrivate() {
			return false
		}
	}
	return len(addresses) > 0
}

// seen is what is to be seen of a connection.
type seen struct {
	mu      sync.Mutex
	address string // of the other side, which may be a proxy
	tls     *tls.ConnectionState
}

func (s *seen) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(c httptrace.GotConnInfo) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.address, _, _ = net.SplitHostPort(c.Conn.RemoteAddr().String())
		},
		TLSHandshakeDone: func(state tls.ConnectionState, err error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			if err == nil {
				s.tls = &state
			}
		},
	})
}

// connect begins as every client does: with a request for /v2/ without
// credentials.
func (w *walk) connect(ctx context.Context) (acr.Challenge, []Finding, *acr.Refusal) {
	client := w.api()
	var s seen
	ask := func() (acr.Challenge, error) {
		ctx, cancel := context.WithTimeout(s.trace(ctx), requestLimit/2)
		defer cancel()
		return client.Ping(ctx)
	}
	challenge, err := ask()
	if err != nil && web.Passing(err) && !errors.Is(err, acr.ErrNoChallenge) && !errors.As(err, new(*acr.Error)) && web.Classify(err) != web.TimedOut {
		challenge, err = ask() // clients try again, too
	}
	var refused *acr.Error
	switch {
	case errors.Is(err, acr.ErrNoChallenge):
		return challenge, []Finding{failure(NoRegistry, "status", strconv.Itoa(challenge.Status), "issuer", issuer(s.tls))}, nil
	case errors.As(err, &refused):
	case err != nil:
		return challenge, []Finding{w.unreachable(ctx, err)}, nil
	}
	found := w.connected(ctx, &s)
	if refused != nil {
		status := strconv.Itoa(refused.Status)
		switch refused.Reason {
		case acr.Firewall, acr.Forbidden: // the next step's
		case acr.Throttled:
			found = append(found, failure(Throttled, "status", status))
		case acr.Trouble:
			found = append(found, failure(RegistryTrouble, "status", status))
		default:
			found = append(found, failure(NoRegistry, "status", status, "issuer", issuer(s.tls)))
		}
		return challenge, found, &refused.Refusal
	}
	if realm, err := url.Parse(challenge.Realm); err != nil || realm.Scheme != "https" || realm.Host != w.parts.Registry.LoginServer && realm.Host != w.parts.Registry.Global() {
		elsewhere := "?"
		if err == nil && host.Valid(strings.ToLower(realm.Hostname())) {
			elsewhere = realm.Scheme + "://" + realm.Host
		}
		found = append(found, failure(RealmElsewhere, "realm", elsewhere))
	}
	return challenge, found, nil
}

// connected says how the registry was reached.
func (w *walk) connected(ctx context.Context, s *seen) []Finding {
	version := ""
	if s.tls != nil {
		version = tls.VersionName(s.tls.Version)
	}
	by := issuer(s.tls)
	var found []Finding
	if proxy := w.parts.Proxy; proxy != nil {
		found = append(found, info(ConnectedByProxy, "proxy", proxy.Host, "tls", version, "issuer", by))
	} else {
		found = append(found, info(Connected, "address", s.address, "tls", version, "issuer", by))
		found = append(found, w.sixth(ctx, s.address)...)
	}
	if s.tls != nil && !strings.Contains(by, "Microsoft") && !strings.Contains(by, "DigiCert") {
		found = append(found, info(OtherIssuer, "issuer", by))
	}
	return found
}

// sixth looks whether IPv6 leads anywhere, if the name has such addresses and
// the connection took another: programs that don't try both at once wait there.
func (w *walk) sixth(ctx context.Context, used string) []Finding {
	if a, err := netip.ParseAddr(used); err != nil || a.Is6() {
		return nil
	}
	for _, a := range w.network.addresses {
		if !a.Is6() {
			continue
		}
		ctx, cancel := context.WithTimeout(ctx, probeLimit)
		conn, err := w.Dial(ctx, "tcp", net.JoinHostPort(a.String(), "443"))
		cancel()
		if err != nil {
			return []Finding{warning(IPv6Unreachable, "address", a.String())}
		}
		_ = conn.Close()
		return nil
	}
	return nil
}

// unreachable says why there was no answer at all.
func (w *walk) unreachable(ctx context.Context, err error) Finding {
	values := []string{"why", web.Cause(err), "addresses", list(w.network.addresses)}
	if w.parts.Proxy != nil {
		values = append(values, "proxy", w.parts.Proxy.Host)
	}
	var (
		proxy    *web.ProxyError
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
	)
	kind := web.Classify(err)
	switch kind {
	case web.ProxyRefused:
		errors.As(err, &proxy)
		values = append(values, "status", strconv.Itoa(proxy.Status))
		switch proxy.Status {
		case 407:
			return failure(ProxyPassword, values...)
		case 502, 503, 504:
			if addresses := w.behind(ctx); private(addresses) {
				return failure(ProxyPrivate, append(values, "addresses", list(addresses))...)
			}
			return failure(ProxyCannot, values...)
		}
		return failure(ProxyRefused, values...)
	case web.ProxyUnreachable:
		return failure(ProxyUnreachable, values...)
	case web.NoHost:
		return failure(NameUnknown, values...)
	case web.NameUnresolved:
		return failure(NameUnresolved, values...)
	case web.CertificateAuthority:
		errors.As(err, &unknown)
		return failure(CertificateAuthority, append(values, "issuer", authority(unknown.Cert))...)
	case web.CertificateName:
		errors.As(err, &hostname)
		return failure(CertificateName, append(values, "other", subject(hostname.Certificate))...)
	case web.CertificateTime:
		errors.As(err, &invalid)
		now := w.parts.Now()
		values = append(values, "now", stamp(now), "from", stamp(invalid.Cert.NotBefore), "until", stamp(invalid.Cert.NotAfter))
		if now.Before(invalid.Cert.NotBefore) {
			return failure(CertificateAhead, values...)
		}
		return failure(CertificateExpired, values...)
	case web.CertificateInvalid:
		return failure(CertificateInvalid, values...)
	case web.NoTLS:
		return failure(NoTLS, values...)
	}
	if private(w.network.addresses) {
		return failure(PrivateUnreachable, values...)
	}
	switch kind {
	case web.TimedOut:
		return failure(NoAnswer, values...)
	case web.Refused:
		return failure(ConnectionRefused, values...)
	case web.Broken:
		return failure(ConnectionBroken, values...)
	case web.Unreachable:
		return failure(NoRoute, values...)
	}
	return failure(NoConnection, values...)
}

// behind resolves the registry's name here, though a proxy is to reach it.
func (w *walk) behind(ctx context.Context) []netip.Addr {
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	addresses, _ := w.Resolve(ctx, w.parts.Registry.LoginServer)
	for i := range addresses {
		addresses[i] = addresses[i].Unmap()
	}
	return addresses
}

// issuer is who has issued the certificate of a connection.
func issuer(state *tls.ConnectionState) string {
	if state == nil || len(state.PeerCertificates) == 0 {
		return "?"
	}
	return authority(state.PeerCertificates[0])
}

func authority(c *x509.Certificate) string {
	if c == nil {
		return "?"
	}
	for _, name := range append([]string{c.Issuer.CommonName}, c.Issuer.Organization...) {
		if showable.MatchString(name) {
			return name
		}
	}
	return "?"
}

// subject is the first name that a certificate is for.
func subject(c *x509.Certificate) string {
	if c == nil {
		return "?"
	}
	for _, name := range append(c.DNSNames, c.Subject.CommonName) {
		if showable.MatchString(name) {
			return name
		}
	}
	return "?"
}

// showable is what a name in a certificate may look like to be shown.
var showable = lazyregexp.New(`^[A-Za-z0-9*][A-Za-z0-9 ,.()*_-]{0,63}$`)

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// tolerated is by how much clocks may differ: Entra takes assertions that are
// five minutes off, and so do most.
const tolerated = 5 * time.Minute

// clock compares the registry's clock with this machine's.
func clock(server, local time.Time) []Finding {
	off := local.Sub(server).Round(time.Minute)
	values := []string{"off", off.Abs().String(), "now", stamp(local), "server", stamp(server)}
	switch {
	case off > tolerated:
		return []Finding{warning(ClockAhead, values...)}
	case off < -tolerated:
		return []Finding{warning(ClockBehind, values...)}
	}
	return []Finding{info(ClockRight, values...)}
}

// firewall says whether the registry lets this machine in.
func (w *walk) firewall(refused *acr.Refusal) []Finding {
	switch {
	case refused == nil:
		return []Finding{info(LetIn)}
	case refused.Reason == acr.Firewall:
		address := refused.Address
		if address == "" {
			address = "ADDRESS"
		}
		return []Finding{failure(NotLetIn, "address", address, "addresses", list(w.network.addresses), "correlation", refused.Correlation)}
	}
	return []Finding{failure(Forbidden, "correlation", refused.Correlation)}
}

// api asks the registry as a client does.
func (w *walk) api() *acr.Client {
	return &acr.Client{Registry: w.parts.Registry, Transport: w.parts.Transport, UserAgent: w.parts.UserAgent}
}
