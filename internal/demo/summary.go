package main

import (
	"fmt"
	"regexp"
	"strings"

	"docker-credential-acr/internal/azuretest"
)

var (
	guid    = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	content = regexp.MustCompile(`^/v2/.+/(blobs|manifests|tags|referrers)/`)
)

// summary is a few lines about many requests: who asked whom for what, and with
// which success. Content is moved in many requests that are all alike, and gets
// one line a kind.
func summary(requests []azuretest.Request, client string) []string {
	var groups []*group
	byName := map[string]*group{}
	for _, r := range requests {
		who, what := client, r.Method+" "+brief(r.Host+guid.ReplaceAllString(r.Path, "…"))
		answer := fmt.Sprint(r.Status)
		switch m := content.FindStringSubmatch(r.Path); {
		case m != nil:
			what, answer = m[1], r.Method+" "+answer
		case r.Host != registry || r.Path == "/oauth2/exchange":
			who = "helper"
		}
		name := who + " " + what
		if byName[name] == nil {
			byName[name] = &group{who: who, what: what, times: map[string]int{}}
			groups = append(groups, byName[name])
		}
		byName[name].add(answer)
	}
	var lines []string
	for _, g := range groups {
		lines = append(lines, g.String())
	}
	return lines
}

// group is requests that are told in one line.
type group struct {
	who, what string
	answers   []string // in order of their first arrival
	times     map[string]int
}

func (g *group) add(answer string) {
	if g.times[answer] == 0 {
		g.answers = append(g.answers, answer)
	}
	g.times[answer]++
}

func (g *group) String() string {
	var parts []string
	for _, a := range g.answers {
		if n := g.times[a]; n > 1 {
			a = fmt.Sprintf("%d× %s", n, a)
		}
		parts = append(parts, a)
	}
	return fmt.Sprintf("%s %s  %s", short(g.who), g.what, strings.Join(parts, ", "))
}

// brief leaves the middle out of a long address.
func brief(address string) string {
	if len(address) <= 56 {
		return address
	}
	host, _, _ := strings.Cut(address, "/")
	return host + "/…" + address[strings.LastIndexByte(address, '/'):]
}

// short is the name under which a program stands before its requests.
func short(who string) string {
	if who == "docker-credential-acr" {
		return "helper"
	}
	return who
}
