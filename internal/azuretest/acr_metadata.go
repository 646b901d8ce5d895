package azuretest

import "net/http"

// metadata is ACR's own API below /acr/v1, of which only the list of
// repositories is here: az acr repository list asks for it.
func (a *Azure) metadata(x *call, reg *Registry) {
	if x.r.URL.Path != "/acr/v1/_catalog" || x.r.Method != http.MethodGet {
		a.surprise(x)
		x.acrError(http.StatusNotFound, "NOT_FOUND", "404 page not found")
		return
	}
	if !a.authorized(x, reg, []scope{{"registry", "catalog", []string{"*"}}}) {
		return
	}
	a.stores.of(x.host).catalog(x.w, x.r)
}
