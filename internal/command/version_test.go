package command

import "testing"

func TestVersion(t *testing.T) {
	for want, v := range map[string]Version{
		"v1.2.3 commit abc of 2026-01-02T03:04:05Z go1.26.0 linux/amd64": {Version: "v1.2.3", Commit: "abc", Date: "2026-01-02T03:04:05Z", Go: "go1.26.0", Platform: "linux/amd64"},
		"v1.2.3 commit abc+changes go1.26.0 linux/amd64":                 {Version: "v1.2.3", Commit: "abc", Modified: true, Go: "go1.26.0", Platform: "linux/amd64"},
		"(devel) go1.26.0 linux/amd64":                                   {Version: "(devel)", Go: "go1.26.0", Platform: "linux/amd64"},
	} {
		if got := v.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if v := Build("v1.2.3", "abc", "today"); v.Version != "v1.2.3" || v.Commit != "abc" || v.Date != "today" || v.Go == "" || v.Platform == "" {
		t.Errorf("%+v", v)
	}
}
