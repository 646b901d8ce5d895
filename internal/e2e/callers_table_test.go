package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// run is one run of the helper.
type run func(verb, stdin string) result

// caller is a client that cannot be run here, reduced to what it writes to a
// helper and how it reads the answer.
type caller struct {
	name string
	// source is where that stands: repository, file and version or commit.
	source string
	// merged: stderr goes where stdout goes, and is read after the exit.
	merged bool
	// env are the only variables that reach the helper, beside Azure's and the
	// proxy's; nil is all.
	env []string
	// guid says that the client knows no <token>: what it makes of that is
	// recorded among the failures.
	guid bool
	// mute says that the client shows nobody why a helper failed.
	mute bool
	ask  func(r run, host string) verdict
}

// asks is what most clients do: one get.
func asks(stdin string, read func(result) verdict) func(run, string) verdict {
	return func(r run, host string) verdict { return read(r("get", fmt.Sprintf(stdin, host))) }
}

var callers = []caller{
	{
		// docker, buildx, compose, BuildKit, crane, podman, nerdctl, pulumi …
		name: "docker-credential-helpers", source: "docker/docker-credential-helpers client/client.go, credentials/error.go at v0.9.12",
		ask: asks("%s", ofLibrary),
	},
	{
		name: "oras", source: "oras-project/oras-go registry/remote/credentials/native_store.go at v2.6.4",
		ask: asks("%s", func(r result) verdict {
			switch out := strings.TrimSpace(r.stdout); {
			case r.code == 0:
				return oneValue(r.stdout)
			case out == notFound:
				return none()
			default:
				return failed(out)
			}
		}),
	},
	{
		// With credsStore; with credHelpers it asks for the key there. An error is
		// that of the last form, or none.
		name: "nerdctl", source: "containerd/nerdctl pkg/imgutil/dockerconfigresolver/registryurl.go, credentialsstore.go at 30c63cf0",
		ask: func(r run, host string) verdict {
			v := none()
			for _, key := range nerdctlForms(host) {
				if v = ofLibrary(r("get", key)); v.kind == "found" {
					break
				}
			}
			return v
		},
	},
	{
		// Waits for the exit before it reads, so what is said must fit in a pipe.
		name: "Spring Boot", source: "spring-projects/spring-boot docker/configuration/CredentialHelper.java, DockerRegistryConfigAuthentication.java at 1519bcf1",
		merged: true,
		ask: func(r run, host string) verdict {
			got := r("get", host)
			switch {
			case got.code == 0:
				return oneValue(got.stdout)
			case slices.Contains([]string{notFound, "no credentials server URL", "no credentials username"}, strings.TrimSpace(got.stdout)):
				return none()
			}
			return none().saying("Error retrieving credentials for '%s' due to: Process' exited with code %d: %s", host, got.code, got.stdout)
		},
	},
	{
		// The exit code is ignored.
		name: "Jib", source: "GoogleContainerTools/jib registry/credentials/DockerCredentialHelper.java at a0abc658",
		ask: func(r run, host string) verdict {
			got := r("get", host)
			unhandled := "The credential helper (docker-credential-acr) has nothing for server URL: %s\n\nGot output:\n\n%s"
			if strings.Contains(got.stdout, notFound) {
				return none()
			}
			if got.stdout == "" {
				return none().saying(unhandled, host, got.stderr)
			}
			if v := oneValue(got.stdout); v.kind == "found" && v.user != "" && v.pass != "" {
				return v
			}
			return none().saying(unhandled, host, got.stdout)
		},
	},
	{
		// zt-exec merges the two streams unless told otherwise. A failure makes it
		// ask for a registry that does not exist, to learn what "not found" is.
		name: "testcontainers-java", source: "testcontainers/testcontainers-java utility/RegistryAuthLocator.java at 00af4574",
		merged: true,
		ask: func(r run, host string) verdict {
			got := r("get", host)
			if got.code == 0 {
				return oneValue(strings.TrimSpace(got.stdout))
			}
			said := strings.TrimSpace(got.stdout)
			if unknown := r("get", "https://not.a.real.registry/url"); unknown.code != 0 && strings.TrimSpace(unknown.stdout) == said {
				return none()
			}
			return none().saying("Falling back to docker-java default behaviour. Exception message: Unexpected exit value: %d, output was:\n%s", got.code, said)
		},
	},
	{
		name: "testcontainers-go", source: "cpuguy83/dockercfg auth.go at v0.3.2, testcontainers/testcontainers-go docker_auth.go at v0.44.0",
		ask: asks("%s", func(r result) verdict {
			out := strings.TrimSpace(r.stdout)
			switch {
			case r.code == 0:
				return oneValue(r.stdout)
			case out == notFound:
				return none()
			}
			return failed(fmt.Sprintf("execute %q stdout: %q stderr: %q: exit status %d", "docker-credential-acr", out, strings.TrimSpace(r.stderr), r.code))
		}),
	},
	{
		// A failure is no credentials; nobody reads stderr.
		name: "testcontainers-node", source: "testcontainers (npm) build/container-runtime/auth/credential-provider.js at 12.0.4",
		mute: true,
		ask: asks("%s\n", func(r result) verdict {
			if r.code != 0 {
				return none()
			}
			return oneValue(r.stdout)
		}),
	},
	{
		// Exit code 1 is "not found", whatever the text; stderr is logged.
		name: "docker-maven-plugin", source: "fabric8io/docker-maven-plugin util/CredentialHelperClient.java at 137a113d, access/util/ExternalCommand.java at 10906555",
		ask: func(r run, host string) verdict {
			if version := r("version", ""); version.code != 0 || version.stdout == "" {
				return failed("Error getting the version of the configured credential helper")
			}
			var warned string
			for _, key := range []string{host, "https://" + host} {
				got := r("get", key)
				warned += got.stderr
				switch got.code {
				case 0:
					return oneValue(got.stdout)
				case 1:
				default:
					return failed(fmt.Sprintf("Process 'docker-credential-acr get' exited with status %d", got.code))
				}
			}
			return none().saying("%s", warned)
		},
	},
	{
		// testcontainers-python pulls with it. Run for real in TestDockerPy.
		name: "docker-py", source: "docker/docker-py docker/credentials/store.py, errors.py, docker/auth.py at 5.0.3",
		ask: asks("%s", func(r result) verdict {
			switch {
			case r.code == 0:
				return oneValue(r.stdout)
			case strings.Contains(r.stdout, notFound):
				return none()
			}
			return failed(fmt.Sprintf("Credentials store error: StoreError('Credentials store docker-credential-acr exited with \"%s\".')", strings.TrimSpace(r.stdout)))
		}),
	},
	{name: "dotnet SDK", source: dotnetSource, ask: asks("%s\n", dotnet)},
	{name: "dotnet SDK on Windows", source: dotnetSource, ask: asks("%s\r\n", dotnet)},
	// bash's <<<, and cmd.exe's echo %1 | …
	{name: "rules_oci", source: rulesOCISource, env: bazel, guid: true, ask: asks("%s\n", rulesOCI)},
	{name: "rules_oci on Windows", source: rulesOCISource, env: bazel, guid: true, ask: asks("%s \r\n", rulesOCI)},
	{
		// Copies user and password and nothing else.
		name: "terraform-provider-docker", source: "kreuzwerker/terraform-provider-docker internal/provider/provider.go at 015b03a5", guid: true,
		ask: asks("%s", func(r result) verdict {
			switch v := ofLibrary(r); {
			case v.kind == "failed":
				return failed("could not get auth config (the credentialhelper did not work or was not found): " + v.message)
			case v.user == tokenUser:
				return none()
			default:
				return v
			}
		}),
	},
	{
		// Run for real in TestDevcontainers.
		name: "devcontainers", source: "devcontainers/cli src/spec-configuration/httpOCIRegistry.ts at 0349e729",
		mute: true,
		ask: asks("%s", func(r result) verdict {
			if v := oneValue(r.stdout); r.code == 0 && v.kind == "found" {
				return v
			}
			return none()
		}),
	},
}

// nerdctlForms are the forms of a host that nerdctl asks for.
func nerdctlForms(host string) []string {
	return []string{host + ":443", "https://" + host + ":443", "http://" + host + ":443", host, "https://" + host, "http://" + host}
}

// ofLibrary is what the Go library of Docker makes of an answer.
func ofLibrary(r result) verdict {
	if r.code != 0 {
		if out := strings.TrimSpace(r.stdout); out != notFound {
			return failed(fmt.Sprintf("error getting credentials - err: exit status %d, out: `%s`", r.code, out))
		}
		return none()
	}
	var c struct{ ServerURL, Username, Secret string }
	if err := json.NewDecoder(strings.NewReader(r.stdout)).Decode(&c); err != nil {
		return failed(err.Error())
	}
	return verdict{kind: "found", user: c.Username, pass: c.Secret}
}

const dotnetSource = "mthalman/docker-creds-provider NativeStore.cs, ProcessService.cs at 7584648b, as the .NET SDK uses it"

// dotnet: every failure is one, "not found" as well, with stderr, or stdout if
// there is none. Version 3 of the library leaves both out.
func dotnet(r result) verdict {
	if r.code == 0 {
		return oneValue(r.stdout)
	}
	said := r.stderr
	if said == "" {
		said = r.stdout
	}
	return failed("CONTAINER1008: Failed retrieving credentials: Failed to execute 'docker-credential-acr get':\n" + said)
}

const rulesOCISource = "bazel-contrib/rules_oci oci/private/authn.bzl, with OCI_ENABLE_OAUTH2_SUPPORT unset"

// bazel is what Bazel passes on to repository rules of its own accord; the rest
// takes --repo_env.
var bazel = []string{"PATH", "HOME", "USERPROFILE", "LOCALAPPDATA", "SYSTEMROOT"}

// rulesOCI: every exit code but 0 ends the build.
func rulesOCI(r result) verdict {
	if r.code != 0 {
		return failed("credential helper failed: \nSTDOUT:\n" + r.stdout + "\nSTDERR:\n" + r.stderr)
	}
	if v := oneValue(r.stdout); v.user != tokenUser {
		return v
	}
	return failed("OAuth2 support is not enabled: --repo_env=OCI_ENABLE_OAUTH2_SUPPORT=1")
}

// oneValue reads JSON as most clients do: nothing after the first value, names
// in their exact case.
func oneValue(text string) verdict {
	var object map[string]any
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		return failed(err.Error())
	}
	user, okUser := object["Username"].(string)
	pass, okPass := object["Secret"].(string)
	if !okUser || !okPass {
		return failed("no Username and Secret in " + text)
	}
	return verdict{kind: "found", user: user, pass: pass}
}
