package web

import (
	"net/http"
	"net/netip"
	"net/url"
)

// proxies finds the proxy for a request; nil is none.
type proxies func(*http.Request) (*url.URL, error)

// neighbours is next, but that a proxy on another machine is not asked for
// link-local addresses, such as that of the metadata service. There it has
// neighbours of its own: its answer would be another machine's identity, and it
// would see this one's tokens, which come over http. Microsoft says that clients of
// the metadata service should pass proxies by
// (https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service).
func neighbours(next proxies) proxies {
	return func(r *http.Request) (*url.URL, error) {
		proxy, err := next(r)
		if proxy == nil || Loopback(proxy.Hostname()) {
			return proxy, err
		}
		if ip, bad := netip.ParseAddr(r.URL.Hostname()); bad == nil && ip.IsLinkLocalUnicast() {
			return nil, nil
		}
		return proxy, err
	}
}

// Loopback reports whether a host of a URL is this machine.
func Loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
