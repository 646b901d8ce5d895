package azuretest

import "strings"

// match reports whether s has the form of pattern, in which * stands for any
// run of characters, slashes and nothing included. Everything else is literal.
func match(pattern, s string) bool {
	first, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == s
	}
	if !strings.HasPrefix(s, first) {
		return false
	}
	s = s[len(first):]
	for {
		next, more, wild := strings.Cut(rest, "*")
		if !wild {
			return strings.HasSuffix(s, rest)
		}
		i := strings.Index(s, next)
		if i < 0 {
			return false
		}
		s, rest = s[i+len(next):], more
	}
}

// matchRequest holds a request against a pattern "METHOD HOST/PATH". A pattern
// with a question mark is held against the query as well.
func matchRequest(pattern, method, host, path, query string) bool {
	s := method + " " + host + path
	if strings.Contains(pattern, "?") {
		s += "?" + query
	}
	return match(pattern, s)
}
