package azuretest

import (
	"fmt"
	"net/http"
	"strings"
)

// challenge answers 401 with the way to the token service (wire-detail A1).
// Problem is "", "invalid_token" or "insufficient_scope".
//
// Realm and service repeat the Host header as it came: that explains why names
// in mixed case and with :443 pass here and fail at the token service, as
// azure-cli#11111 and azure-docs#58471 report (inferred).
func (x *call) challenge(needed []scope, problem string) {
	h := x.w.Header()
	value := fmt.Sprintf(`Bearer realm="https://%[1]s/oauth2/token",service="%[1]s"`, x.r.Host)
	var detail []map[string]string // nil is null, as on /v2/
	if len(needed) > 0 {
		words := make([]string, len(needed))
		for i, s := range needed {
			words[i] = s.String()
			for _, action := range s.actions {
				detail = append(detail, map[string]string{"Type": s.kind, "Name": s.name, "Action": action})
			}
		}
		value += fmt.Sprintf(`,scope="%s"`, strings.Join(words, " "))
	}
	if problem != "" {
		value += fmt.Sprintf(`,error="%s"`, problem)
	}
	h.Set("Docker-Distribution-Api-Version", "registry/2.0")
	for _, name := range []string{"Docker-Content-Digest", "WWW-Authenticate", "Link", "X-Ms-Correlation-Request-Id"} {
		h.Add("Access-Control-Expose-Headers", name)
	}
	h.Set("WWW-Authenticate", value)
	x.acrErrors(http.StatusUnauthorized, map[string]any{
		"code": "UNAUTHORIZED", "message": authenticationRequired, "detail": detail,
	})
}
