package acr_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"docker-credential-acr/internal/acr"
	"docker-credential-acr/internal/azuretest"
	"docker-credential-acr/internal/host"
)

func client(a *azuretest.Azure, name string) *acr.Client {
	r, _ := host.Parse(name)
	return &acr.Client{Registry: r, Transport: a.Transport(), UserAgent: "test"}
}

func refused(t *testing.T, err error) acr.Refusal {
	t.Helper()
	var e *acr.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v", err)
	}
	return e.Refusal
}

func TestPing(t *testing.T) {
	const portal, closed, elsewhere = "portal.azurecr.io", "closed.azurecr.io", "elsewhere.azurecr.io"
	a := azuretest.Start(t, azuretest.Config{
		Clock:      azuretest.Duration(time.Hour),
		Registries: []azuretest.Registry{{Host: portal}, {Host: closed, Firewall: "203.0.113.7"}, {Host: elsewhere}},
		Faults: []azuretest.Fault{
			{Match: "GET " + portal + "/v2/", Status: 200, Body: "<html>"},
			{Match: "GET " + elsewhere + "/v2/", Status: 401, Headers: map[string]string{"WWW-Authenticate": `bearer service="a, b",Realm="https://evil.example/token"`}},
		},
	})
	c, err := client(a, azuretest.MyRegistry).Ping(t.Context())
	if err != nil || c.Status != 401 || c.Realm != "https://"+azuretest.MyRegistry+"/oauth2/token" || c.Service != azuretest.MyRegistry {
		t.Errorf("%+v, %v", c, err)
	}
	if ahead := time.Until(c.Date); ahead < 55*time.Minute || ahead > 61*time.Minute {
		t.Errorf("the registry's clock is %v ahead", ahead)
	}
	if c, err := client(a, elsewhere).Ping(t.Context()); err != nil || c.Realm != "https://evil.example/token" || c.Service != "a, b" {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := client(a, portal).Ping(t.Context()); !errors.Is(err, acr.ErrNoChallenge) {
		t.Errorf("a captive portal: %v", err)
	}
	c, err = client(a, closed).Ping(t.Context())
	if r := refused(t, err); r.Reason != acr.Firewall || r.Address != "203.0.113.7" || r.Code != "DENIED" || r.Correlation == "" || c.Date.IsZero() {
		t.Errorf("%+v, %+v", r, c)
	}
}

func TestAccess(t *testing.T) {
	a := azuretest.Start(t, azuretest.Config{
		Registries: []azuretest.Registry{
			{Host: azuretest.MyRegistry, Roles: map[string]string{azuretest.ClientID: "pull"}, AdminPasswords: []string{"pw"}},
			{Host: azuretest.OtherRegistry, AnonymousPull: true},
		},
	})
	c := client(a, azuretest.MyRegistry)
	token := a.Issue(azuretest.MyRegistry, azuretest.TokenOptions{})
	if got := acr.Permissions(token); !reflect.DeepEqual(got, []string{"read"}) {
		t.Errorf("permissions %q", got)
	}
	const scope = "repository:team/app:pull,push"
	access, err := c.ByToken(t.Context(), token, scope)
	if err != nil || !access.Allows("repository", "team/app", "pull") || access.Allows("repository", "team/app", "push") || access.Allows("repository", "other", "pull") {
		t.Errorf("%+v, %v", access.Grants, err)
	}
	if there, err := c.Exists(t.Context(), "team/app", access.Token); there || err != nil {
		t.Errorf("a repository that is not there: %v, %v", there, err)
	}
	if _, err := c.Exists(t.Context(), "team/other", access.Token); refused(t, err).Status != 401 {
		t.Errorf("a repository without permission: %v", err)
	}
	if access, err := c.ByPassword(t.Context(), "myregistry", "pw", scope); err != nil || !access.Allows("repository", "team/app", "push") {
		t.Errorf("admin: %+v, %v", access.Grants, err)
	}
	if _, err := c.ByPassword(t.Context(), "myregistry", "wrong", scope); refused(t, err).Reason != acr.NoRole {
		t.Error(err)
	}
	if _, err := c.ByToken(t.Context(), "garbage", scope); refused(t, err).Reason != acr.NotAccepted {
		t.Error(err)
	}
	if access, err := client(a, azuretest.OtherRegistry).ByPassword(t.Context(), "", "", scope); err != nil || !access.Allows("repository", "team/app", "pull") {
		t.Errorf("anybody: %+v, %v", access.Grants, err)
	}
	if got := acr.Permissions("opaque"); got != nil {
		t.Errorf("permissions of an opaque token: %q", got)
	}
}
