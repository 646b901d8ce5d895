package doctor

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"docker-credential-acr/helper"
	"docker-credential-acr/internal/azuretest"
)

// run walks to MyRegistry without a proxy.
func run(t *testing.T, c azuretest.Config, change func(*Options)) Report {
	t.Helper()
	a := azuretest.Start(t, c)
	home := t.TempDir()
	env := map[string]string{
		"HOME": home, "DOCKER_CONFIG": home, "DOCKER_CREDENTIAL_ACR_CACHE": filepath.Join(home, "cache"),
		"AZURE_TENANT_ID": azuretest.Tenant, "AZURE_CLIENT_ID": azuretest.ClientID, "AZURE_CLIENT_SECRET": azuretest.ClientSecret,
	}
	lookup := func(name string) (string, bool) { value, ok := env[name]; return value, ok }
	h, err := helper.New(helper.Options{Lookup: lookup, Transport: a.DirectTransport()})
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Helper: h, Registry: azuretest.MyRegistry, Lookup: lookup, Resolve: resolve("20.62.128.1")}
	if change != nil {
		change(&o)
	}
	return Run(t.Context(), o)
}

func resolve(addresses ...string) func(context.Context, string) ([]netip.Addr, error) {
	var all []netip.Addr
	for _, a := range addresses {
		all = append(all, netip.MustParseAddr(a))
	}
	return func(_ context.Context, host string) ([]netip.Addr, error) {
		if host != azuretest.MyRegistry {
			return nil, errors.New("another host is looked up")
		}
		return all, nil
	}
}

// first is what a step found first.
func first(t *testing.T, r Report, step Step) Finding {
	t.Helper()
	for _, c := range r.Checks {
		if c.Step == step && len(c.Findings) > 0 {
			return c.Findings[0]
		}
	}
	t.Fatalf("no step %s in %+v", step, r)
	return Finding{}
}

func TestWithoutProxy(t *testing.T) {
	refused := azuretest.Config{Faults: []azuretest.Fault{{Match: "CONNECT " + azuretest.MyRegistry + "/", Mode: "refused"}}}
	failing := func(err error) func(*Options) {
		return func(o *Options) {
			o.Resolve = func(context.Context, string) ([]netip.Addr, error) { return nil, err }
		}
	}
	dial := func(err error) func(*Options) {
		return func(o *Options) {
			o.Resolve = resolve("2001:db8::1", "20.62.128.1")
			o.Dial = func(_ context.Context, _, address string) (net.Conn, error) {
				if address != "[2001:db8::1]:443" {
					t.Errorf("%s is dialled", address)
				}
				if err != nil {
					return nil, err
				}
				conn, _ := net.Pipe()
				return conn, nil
			}
		}
	}
	for name, tt := range map[string]struct {
		config azuretest.Config
		change func(*Options)
		step   Step
		want   Code
	}{
		"public":                {step: Name, want: PublicAddress},
		"private":               {change: func(o *Options) { o.Resolve = resolve("10.1.2.3") }, step: Name, want: PrivateAddress},
		"mapped":                {change: func(o *Options) { o.Resolve = resolve("::ffff:10.1.2.3") }, step: Name, want: PrivateAddress},
		"local":                 {change: func(o *Options) { o.Resolve = resolve("127.0.0.1") }, step: Name, want: LocalAddress},
		"no such name":          {change: failing(&net.DNSError{IsNotFound: true}), step: Name, want: NameUnknown},
		"no name server":        {change: failing(&net.DNSError{IsTimeout: true}), step: Name, want: NameUnresolved},
		"skipped":               {change: failing(&net.DNSError{IsTimeout: true}), step: Connection, want: NotTaken},
		"refused":               {config: refused, step: Connection, want: ConnectionRefused},
		"private and refused":   {config: refused, change: func(o *Options) { o.Resolve = resolve("10.1.2.3") }, step: Connection, want: PrivateUnreachable},
		"IPv6 leads nowhere":    {change: dial(errors.New("no route")), step: Connection, want: IPv6Unreachable},
		"IPv6":                  {change: dial(nil), step: Connection, want: Connected},
		"no helper is set up":   {step: Docker, want: "not-configured"},
		"exchange":              {step: Exchange, want: Exchanged},
		"unreachable: exchange": {config: refused, step: Exchange, want: NotTaken},
		"unreachable: identity": {config: refused, step: Identity, want: SourceAnswered},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, tt.config, tt.change)
			if got := first(t, r, tt.step); got.Code != tt.want {
				t.Errorf("%+v, want %s", got, tt.want)
			}
			if r.Pull { // Docker's configuration is missing
				t.Error("a pull works")
			}
		})
	}
}

// A run leaves the token where a get finds it.
func TestKeepsTheToken(t *testing.T) {
	var h *helper.Helper
	r := run(t, azuretest.Config{}, func(o *Options) { h = o.Helper })
	if f := first(t, r, Exchange); f.Code != Exchanged {
		t.Fatalf("%+v", f)
	}
	hosts, err := h.List()
	if err != nil || hosts[azuretest.MyRegistry] == "" {
		t.Errorf("kept: %v, %v", hosts, err)
	}
}

func TestBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		never := make(chan struct{})
		defer close(never)
		start := time.Now()
		n, found := bounded(t.Context(), time.Second, func(context.Context) (int, []Finding) {
			<-never
			return 1, nil
		})
		if n != 0 || len(found) != 1 || found[0].Code != NoEnd || time.Since(start) != time.Second+grace {
			t.Errorf("%d, %+v after %v", n, found, time.Since(start))
		}
	})
	if n, found := bounded(t.Context(), time.Minute, func(context.Context) (int, []Finding) { return 2, nil }); n != 2 || found != nil {
		t.Errorf("%d, %+v", n, found)
	}
	if _, found := bounded(t.Context(), time.Minute, func(context.Context) (int, []Finding) { panic("no") }); len(found) != 1 || found[0].Code != Bug {
		t.Errorf("%+v", found)
	}
}
