package command

import (
	"runtime"
	"runtime/debug"

	"github.com/docker/docker-credential-helpers/credentials"
	"github.com/spf13/cobra"
)

// Version is what a build knows of itself.
type Version struct {
	// Version is the release's, or what Go's module system knows.
	Version string `json:"version"`
	// Commit is the full hash; empty if the build knows none. Modified says that
	// there were changes beside it.
	Commit   string `json:"commit,omitempty"`
	Modified bool   `json:"modified"`
	// Date is the commit's, in RFC 3339, and so the same for every build of it.
	Date string `json:"date,omitempty"`
	// Go is the version of Go, such as "go1.26.0", Platform the system and the
	// processor.
	Go       string `json:"goVersion"`
	Platform string `json:"platform"`
}

// Build returns what this build knows of itself. A commit that is empty is what
// Go has noted of the repository, if it has.
func Build(version, commit, date string) Version {
	v := Version{Version: version, Commit: commit, Date: date, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok || commit != "" {
		return v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Commit = s.Value
		case "vcs.time":
			v.Date = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}

// String is all of it in one line.
func (v Version) String() string {
	text := v.Version
	if v.Commit != "" {
		text += " commit " + v.Commit
		if v.Modified {
			text += "+changes"
		}
	}
	if v.Date != "" {
		text += " of " + v.Date
	}
	return text + " " + v.Go + " " + v.Platform
}

func newVersion(p *Program) *cobra.Command {
	cmd := versionText.command(credentials.ActionVersion + " [OPTIONS]")
	output := outputFlag(cmd, asText, asJSON)
	cmd.Args = none(saidNoArguments)
	cmd.RunE = func(*cobra.Command, []string) error {
		if *output == asJSON {
			return p.printJSON(p.Version)
		}
		return p.verb(credentials.ActionVersion)
	}
	return cmd
}
