package azuretest

import "net/http"

// local serves what platforms offer on loopback. The variables that point there
// are those of [Azure.EnvFor].
func (a *Azure) local(x *call) {
	q := x.r.URL.Query()
	h := x.r.Header
	switch x.r.Method + " " + x.r.URL.Path {
	case "GET /msi/token": // App Service, Functions, Container Apps
		if h.Get("X-Identity-Header") != localSecret {
			x.json(http.StatusUnauthorized, map[string]any{"statusCode": 401, "message": "Unauthorized"})
			return
		}
		a.managedToken(x, q.Get("resource"), q.Get("client_id"), q.Get("mi_res_id"), q.Get("object_id"))
	case "GET /arc/token":
		a.arc(x)
	case "GET /github/oidc":
		a.gitHub(x)
	case "POST /pipelines/oidc":
		a.pipelines(x)
	case "POST /cloudshell/token":
		if h.Get("Metadata") != "true" {
			x.identityError("invalid_request", "Required metadata header not specified")
			return
		}
		a.managedToken(x, x.r.PostForm.Get("resource"), "", "", "")
	case "GET /azureml/token":
		if h.Get("Secret") != localSecret {
			x.json(http.StatusUnauthorized, map[string]string{"error": "unauthorized"})
			return
		}
		a.managedToken(x, q.Get("resource"), q.Get("clientid"), "", "")
	default:
		a.surprise(x)
		http.NotFound(x.w, x.r)
	}
}

// serviceFabricHost stands for the endpoint of a Service Fabric node. There it
// is https on loopback; here it is a host of the proxy, since clients pin the
// certificate and look at nothing else.
const serviceFabricHost = "node.servicefabric.azuretest.invalid"

// serviceFabric gives out tokens of the system-assigned identity only.
func (a *Azure) serviceFabric(x *call) {
	q := x.r.URL.Query()
	switch {
	case x.r.URL.Path != "/metadata/identity/oauth2/token" || x.r.Method != http.MethodGet:
		a.surprise(x)
		http.NotFound(x.w, x.r)
	case x.r.Header.Get("Secret") != localSecret:
		x.json(http.StatusUnauthorized, map[string]any{"error": map[string]string{"code": "SecretHeaderNotFound", "message": "Secret is not found in the request headers."}})
	default:
		a.managedToken(x, q.Get("resource"), "", "", "")
	}
}

// localSecret is what a platform puts into the variables beside an endpoint.
const localSecret = "secret-of-the-platform"
