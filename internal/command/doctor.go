package command

import (
	"cmp"
	"fmt"
	"runtime"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"docker-credential-acr/internal/dockerconfig"
	"docker-credential-acr/internal/doctor"
	"docker-credential-acr/internal/lazyregexp"
)

func newDoctor(p *Program) *cobra.Command {
	cmd := doctorText.command("doctor [OPTIONS] REGISTRY")
	var repository string
	cmd.Flags().StringVar(&repository, "repository", "", flagRepository)
	output := outputFlag(cmd, asText, asJSON)
	p.oneRegistry(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		registry, named := image(args[0])
		if repository != "" {
			named = repository
		}
		if _, named = image("/" + named); named != "" && !repositoryName.MatchString(named) {
			return &usageError{saidNoRepositoryName}
		}
		h, err := p.Helper()
		if err != nil {
			return err
		}
		o := doctor.Options{Helper: h, Registry: loginServer(registry), Repository: named, Lookup: p.Lookup}
		words := newWords()
		paper := p.paperOf(p.Stdout)
		var failed error
		if *output == asText {
			o.Seen = func(c doctor.Check) { // while a person waits for the next
				if err := p.print(words.check(paper, c)); err != nil {
					failed = err
				}
			}
		}
		start := p.Now()
		report := doctor.Run(cmd.Context(), o)
		if *output == asJSON {
			failed = p.printJSON(words.report(report, p.Version, start))
		} else if failed == nil {
			failed = p.print(words.verdict(paper, report))
		}
		switch {
		case failed != nil:
			return failed
		case !report.Pull:
			return exitCode(exitFailed)
		}
		return nil
	}
	return cmd
}

// image takes the name of an image apart, which people paste for a registry: what
// stands before the repository, and the repository without tag and digest. helm's
// names begin with oci://, and a URL of the registry's has its /v2/.
func image(name string) (registry, repository string) {
	scheme := ""
	if before, after, ok := strings.Cut(name, "://"); ok {
		scheme, name = before+"://", after
	}
	registry, repository, _ = strings.Cut(name, "/")
	switch {
	case strings.EqualFold(scheme, "oci://"):
		scheme = ""
	case scheme != "" && (repository == "v2" || strings.HasPrefix(repository, "v2/")):
		repository = ""
	}
	repository, _, _ = strings.Cut(repository, "@")
	if tag := strings.LastIndexByte(repository, ':'); tag >= 0 {
		repository = repository[:tag]
	}
	return scheme + registry, strings.Trim(repository, "/")
}

// repositoryName matches what the distribution specification calls a name
// (https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests).
var repositoryName = lazyregexp.New(`^` + namePart + `(?:/` + namePart + `)*$`)

const namePart = `[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*`

// words are the words for doctor's findings.
type words map[doctor.Code]saying

func newWords() words {
	w := words{}
	for _, s := range sayings() {
		for _, one := range s.sayings {
			w[one.code] = one
		}
	}
	return w
}

// said is a finding in words.
type said struct{ message, cause, command string }

func (w words) of(f doctor.Finding) said {
	s := w[f.Code]
	command := s.command
	if runtime.GOOS == "windows" && s.windows != "" {
		command = s.windows
	}
	plain := func(value string) string { return value }
	text := said{message: fill(s.message, f.Values, func(value string) string {
		if value == f.Values["path"] || value == f.Values["place"] {
			return short(value)
		}
		return value
	})}
	if s.message == "" {
		var mends string
		text.message, mends = saidFinding(dockerconfig.Finding{
			Code: dockerconfig.Code(f.Code), Registry: f.Values["registry"],
			Path: f.Values["path"], Detail: f.Values["detail"], Err: f.Err,
		})
		command = cmp.Or(mends, command)
	}
	if f.State == doctor.Warning || f.State == doctor.Failed {
		text.cause, text.command = fill(s.cause, f.Values, plain), fill(command, f.Values, shellWord)
	}
	return text
}

// fill puts values in the place of their names in braces. One that nobody knows
// is a question mark; a brace that is no name's stays.
func fill(text string, values map[string]string, write func(string) string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "{")
		name, after, end := strings.Cut(rest, "}")
		if !ok || !end {
			return b.String() + text
		}
		b.WriteString(before)
		switch value, known := values[name]; {
		case !isName(name):
			b.WriteString("{" + name + "}")
		case !known || value == "":
			b.WriteString("?")
		default:
			b.WriteString(write(value))
		}
		text = after
	}
}

func isName(text string) bool {
	return text != "" && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz") == ""
}

// shellWord writes a value as one word of a command.
func shellWord(value string) string {
	const safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:,@%+="
	if runtime.GOOS == "windows" {
		if strings.Trim(value, safe+`\`) == "" {
			return value
		}
		return `"` + value + `"`
	}
	if strings.Trim(value, safe) == "" {
		return value
	}
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}

const (
	markWidth = 9
	stepWidth = 13
	tookWidth = 10
)

// check writes one step: in columns, or below one another where there is no room
// for that. A command has a line of its own, however long, so that it can be
// pasted.
func (w words) check(s paper, c doctor.Check) string {
	word, colour := mark(c.State)
	width := s.column()
	narrowed := width-markWidth-stepWidth-tookWidth < narrow
	indent := strings.Repeat(" ", markWidth+stepWidth)
	room := width - tookWidth
	if narrowed {
		indent, room = "  ", width
	}
	var body strings.Builder
	for _, f := range c.Findings {
		text := w.of(f)
		body.WriteString(wrap(text.message, indent, room))
		if text.cause != "" {
			body.WriteString(wrap(titleCause+text.cause, indent, room))
		}
		if text.command != "" {
			body.WriteString("    " + s.in(bold, text.command) + "\n")
		}
	}
	if len(c.Findings) == 0 {
		body.WriteString("\n")
	}
	took := duration(c.Took)
	if c.State == doctor.Skipped {
		took = ""
	}
	if narrowed {
		head := s.in(colour, word) + " " + s.in(bold, string(c.Step))
		if took != "" {
			head += " (" + took + ")"
		}
		return head + "\n" + body.String()
	}
	first, others, _ := strings.Cut(body.String(), "\n")
	first = strings.TrimPrefix(first, indent)
	head := s.in(colour, word) + strings.Repeat(" ", markWidth-len(word)) + s.in(bold, string(c.Step)) + strings.Repeat(" ", max(1, stepWidth-len(c.Step)))
	if took != "" && markWidth+stepWidth+utf8.RuneCountInString(first)+len(took) >= width {
		first, others = "", indent+first+"\n"+others // a word that leaves no room
	}
	if took != "" {
		first += strings.Repeat(" ", max(2, width-markWidth-stepWidth-utf8.RuneCountInString(first)-len(took))) + took
	}
	return head + first + "\n" + others
}

// duration is d for people.
func duration(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.0f s", d.Seconds())
}

// verdict writes doctor's last word.
func (w words) verdict(s paper, r doctor.Report) string {
	first, warnings := "", 0
	for _, c := range r.Checks {
		for _, f := range c.Findings {
			if f.State == doctor.Warning {
				warnings++
			}
			if f.State == doctor.Failed && first == "" {
				first = w.of(f).message
			}
		}
	}
	colour := green
	if !r.Pull {
		colour = red
	}
	text := strings.TrimSuffix(wrap(verdict(r, first, warnings), "", s.column()), "\n")
	return "\n" + s.in(colour, text) + "\n"
}

// The report for scripts and bug reports. Names only grow.
type (
	reportJSON struct {
		Registry   string      `json:"registry"`
		Repository string      `json:"repository,omitempty"`
		Pull       bool        `json:"pull"`
		Time       string      `json:"time"`
		DurationMS int64       `json:"durationMs"`
		Version    Version     `json:"version"`
		Checks     []checkJSON `json:"checks"`
	}
	checkJSON struct {
		Step       doctor.Step   `json:"step"`
		State      doctor.State  `json:"state"`
		DurationMS int64         `json:"durationMs"`
		Findings   []findingJSON `json:"findings"`
	}
	findingJSON struct {
		Code    doctor.Code       `json:"code"`
		State   doctor.State      `json:"state"`
		Message string            `json:"message"`
		Cause   string            `json:"cause,omitempty"`
		Command string            `json:"command,omitempty"`
		Values  map[string]string `json:"values,omitempty"`
	}
)

func (w words) report(r doctor.Report, v Version, start time.Time) reportJSON {
	out := reportJSON{Registry: r.Registry, Repository: r.Repository, Pull: r.Pull, Time: stamp(start), DurationMS: r.Took.Milliseconds(), Version: v}
	for _, c := range r.Checks {
		check := checkJSON{Step: c.Step, State: c.State, DurationMS: c.Took.Milliseconds(), Findings: []findingJSON{}}
		for _, f := range c.Findings {
			text := w.of(f)
			check.Findings = append(check.Findings, findingJSON{f.Code, f.State, text.message, text.cause, text.command, f.Values})
		}
		out.Checks = append(out.Checks, check)
	}
	return out
}
