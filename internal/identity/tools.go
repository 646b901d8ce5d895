package identity

import (
	"context"
	"strings"

	"docker-credential-acr/internal/lazyregexp"
)

// tool asks one of Microsoft's command-line tools. They are run here and not by
// azidentity, which at a deadline kills the shell around them and leaves what
// that has started.
func (e *entra) tool(token func(ctx context.Context, scope, tenant string) (string, error)) func(context.Context, string) (string, error) {
	return func(ctx context.Context, scope string) (string, error) {
		return token(ctx, scope, e.config.ToolTenant)
	}
}

var (
	// ids are what Entra puts between the cause and the advice.
	ids = lazyregexp.New(`(Trace ID|Correlation ID): [\w-]+|Timestamp: [\d-]+ [\d:]+Z?`)
	// word is whatever is made of a token's alphabet.
	word  = lazyregexp.New(`[\w.+/=~-]+`)
	blank = lazyregexp.New(`[\s\x00-\x1f\x7f-\x9f]+`)
)

// redact hides what may be a token: JSON in base64, or longer than the words of
// messages are.
func redact(word string) string {
	if len(word) >= 64 || len(word) > 12 && strings.Contains(word, "eyJ") {
		return "[redacted]"
	}
	return word
}

// quote makes one plain line of what a tool wrote to its standard error.
func quote(text string) string {
	text = strings.ToValidUTF8(text, "")
	text = strings.TrimRight(strings.TrimSpace(ids.ReplaceAllString(text, "")), ". ")
	text = word.ReplaceAllStringFunc(text, redact)
	text = strings.ReplaceAll(blank.ReplaceAllString(text, " "), "`", "'")
	const most = 300
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
