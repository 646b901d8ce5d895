package command

// Every word that a command says stands in this file, but for the errors of the
// packages below, which know best what failed.
//
// The rules:
//
//   - A message is in lower case, without a full stop: the cause first, then "; "
//     and what mends it, which can be pasted.
//   - It names the registry, and whose identity was used, where there is one.
//   - A command's Short is a phrase of that kind. Its Long is sentences. An
//     Example can be pasted as it stands, and works.
//   - What somebody else has sent is not repeated.
//   - People read "text" and "table", which may change. Scripts read "json", which
//     may only grow.

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"docker-credential-acr/helper"
	"docker-credential-acr/internal/config"
	"docker-credential-acr/internal/dockerconfig"
	"docker-credential-acr/internal/kubelet"
	"docker-credential-acr/internal/protocol"
)

// text is what the help of a command says.
type text struct{ short, long, example string }

// command begins a command with what its help says.
func (t text) command(use string) *cobra.Command {
	cmd := &cobra.Command{Use: use, DisableFlagsInUseLine: true, Short: t.short, Long: t.long, Example: t.example}
	cmd.Flags().BoolP("help", "h", false, flagHelp)
	return cmd
}

// Headings of the help.
const (
	titleUsage       = "Usage:"
	titlePeople      = "Commands:"
	titleProtocol    = "Docker's protocol, which clients speak on standard input and output:"
	titleKubelet     = "The kubelet's protocol:"
	titleOptions     = "Options:"
	titleExamples    = "Examples:"
	titleEnvironment = "Environment:"
	titleExitCodes   = "Exit codes:"
)

var rootText = text{
	short: "Docker credential helper for Azure Container Registry",
	long: `Docker credential helper for Azure Container Registry.

Docker and other clients run it when their configuration says so:

    { "credHelpers": { "myregistry.azurecr.io": "acr" } }

It answers with a token of the registry for the Azure identity that is there: a service principal, a workload or managed identity, or whoever is signed in to the Azure CLI.`,
	example: `  docker-credential-acr login myregistry
  docker-credential-acr token myregistry`,
}

// rootMore ends the help of the program.
const rootMore = `"myregistry" means myregistry.azurecr.io, wherever a command names a registry. Azure's own variables and tools provide the identity; see docs/identities.md.`

var environment = []definition{
	{config.EnvCache, "directory for tokens, or off"},
	{config.EnvFile, "configuration file"},
	{config.EnvLog, "file for a log of each step, or stderr"},
	{config.EnvTimeout, "limit of a get, 25s unless set"},
	{config.EnvUsername, "token (default) or guid"},
	{"DOCKER_CONFIG", "directory of Docker's configuration"},
	{"NO_COLOR", "no colour, if it is set"},
}

var exitCodes = []definition{
	{"0", "done"},
	{"1", "failed, or the answer is no"},
	{"2", "the command line is not understood"},
}

var helpText = text{
	short: "show the help of a command",
	long:  "Shows the help of a command.",
}

var loginText = text{
	short: "sign in to a registry as a person, without any other tool",
	long: `Signs in to a registry as a person, without any other tool: with a browser on this machine, or with a code that is entered in a browser on any machine.

The registry's token is kept until it expires, in about three hours, and is answered before any other identity. It is not renewed; "docker-credential-acr logout" forgets it.

Without REGISTRY, it signs in to each registry for which Docker's configuration names this helper. A person signs in once for all that share tenant and cloud.

With --identity it asks that source for a token, has the registry exchange it, says who that is, and keeps nothing. The configuration file is where a registry gets its identity; see docs/configuration.md.`,
	example: `  docker-credential-acr login myregistry
  docker-credential-acr login --device-code myregistry
  docker-credential-acr login --tenant-id contoso.com myregistry
  docker-credential-acr login --identity managed-identity myregistry`,
}

var logoutText = text{
	short: "forget the tokens and the password of a registry",
	long: `Forgets what is kept of registries on this machine: tokens of every identity, and a password that docker login has stored. It does the same as "docker logout", and leaves Docker's configuration as it is.

It signs nobody out of Azure: the next pull uses the Azure identity that is there.`,
	example: `  docker-credential-acr logout myregistry
  docker-credential-acr logout --all`,
}

var tokenText = text{
	short: "print a registry's refresh token",
	long: `Prints a registry's refresh token, as "az acr login --expose-token" does, for programs that run no credential helper.

It comes from where "get" has it: what is stored, the cache, or your Azure identity. Whoever has it can use the registry as you until it expires, in about three hours. The user name for it is 00000000-0000-0000-0000-000000000000.

    text               the token alone
    json               loginServer, accessToken, username, expiresOn
    docker-config      a config.json with the token in it
    kubernetes-secret  a manifest for imagePullSecrets`,
	example: `  docker-credential-acr token myregistry |
    docker login myregistry.azurecr.io -u 00000000-0000-0000-0000-000000000000 --password-stdin

  docker-credential-acr token myregistry |
    helm registry login myregistry.azurecr.io -u 00000000-0000-0000-0000-000000000000 --password-stdin

  az container create --resource-group mygroup --name app --image myregistry.azurecr.io/app:1 \
    --registry-login-server myregistry.azurecr.io \
    --registry-username 00000000-0000-0000-0000-000000000000 \
    --registry-password "$(docker-credential-acr token myregistry)"

  docker-credential-acr token -o kubernetes-secret --namespace web --name acr myregistry |
    kubectl apply -f -`,
}

var statusText = text{
	short: "show registries, identities, what is kept, and problems",
	long: `Shows each registry that is known here: in which file clients find the helper for it, as whom a pull would be made, until when a token is cached, whether a password is stored, and the form of the user name. Then the files that are used, and problems.

It asks nobody and changes nothing. "docker-credential-acr doctor REGISTRY" tries a pull's path step by step.`,
	example: `  docker-credential-acr status
  docker-credential-acr status myregistry
  docker-credential-acr status -o json`,
}

var cacheText = text{
	short:   "clear the cache of tokens",
	long:    `Works on the cache of tokens. "docker-credential-acr status" shows where it is and what is in it.`,
	example: "  docker-credential-acr cache clear",
}

var cacheClearText = text{
	short:   "forget all tokens",
	long:    "Forgets all tokens, of every registry and identity, those of a login too. Passwords stay: docker-credential-acr logout forgets them.",
	example: "  docker-credential-acr cache clear",
}

var completionText = text{
	short: "print a script that completes commands in a shell",
	long: `Prints a script that has a shell complete commands, options and the names of your registries.

Packages install it. By hand:

    bash         the first example, in ~/.bashrc; it needs the package bash-completion
    zsh          the second, in ~/.zshrc, behind compinit
    fish         the third, once
    powershell   the fourth, in $PROFILE`,
	example: `  source <(docker-credential-acr completion bash)
  source <(docker-credential-acr completion zsh)
  docker-credential-acr completion fish >~/.config/fish/completions/docker-credential-acr.fish
  docker-credential-acr completion powershell | Out-String | Invoke-Expression`,
}

var getText = text{
	short:   "read a registry from stdin, print a token for it",
	long:    "Reads a registry from standard input and prints a user name and a token for it, as JSON. Clients run it for each pull and push.",
	example: "  echo myregistry.azurecr.io | docker-credential-acr get",
}

var storeText = text{
	short:   "read credentials from stdin, keep them until erase",
	long:    "Reads credentials from standard input, as JSON, and keeps them: a refresh token until it expires, any other password until erase. Clients run it after a login.",
	example: `  printf '{"ServerURL":"myregistry.azurecr.io","Username":"myregistry","Secret":"%s"}' "$PASSWORD" | docker-credential-acr store`,
}

var eraseText = text{
	short:   "read a registry from stdin, forget its tokens and password",
	long:    "Reads a registry from standard input and forgets its tokens and its password on this machine. Clients run it at a logout.",
	example: "  echo myregistry.azurecr.io | docker-credential-acr erase",
}

var listText = text{
	short:   "print the registries that would be answered from what is kept",
	long:    "Prints the registries that would be answered from what is kept, with the user name of each, as JSON. It asks nobody.",
	example: "  docker-credential-acr list",
}

var kubeletText = text{
	short:   "answer the kubelet, as an image credential provider",
	long:    `Reads a CredentialProviderRequest from standard input and prints the CredentialProviderResponse. The kubelet runs it, if its CredentialProviderConfig names the program with the argument kubelet; see docs/kubernetes.md.`,
	example: `  echo '{"apiVersion":"credentialprovider.kubelet.k8s.io/v1","kind":"CredentialProviderRequest","image":"myregistry.azurecr.io/app"}' | docker-credential-acr kubelet`,
}

var versionText = text{
	short: "print the version, with commit and Go version",
	long:  "Prints the version, with the commit that it was built from and the version of Go that built it.",
	example: `  docker-credential-acr version
  docker-credential-acr version -o json`,
}

// What options do.
const (
	flagHelp       = "show this help"
	flagVersion    = "print the version"
	flagOutput     = "`FORM` of the output"
	flagDeviceCode = "show a code to enter in a browser on any machine"
	flagTenantID   = "`ID` or domain of the registry's tenant, if it is not your own"
	flagClientID   = "`ID` of the application to sign in with, if it is not Azure's own"
	flagIdentity   = "only try this `SOURCE`, and say who it is: environment, workload-identity, github-actions, azure-pipelines, managed-identity, azure-cli, azure-developer-cli, azure-powershell, federated-token or service-principal; device-code and browser sign in"
	flagAll        = "of all registries of which something is kept"
	flagRenew      = "obtain a new token of your Azure identity, whatever is cached"
	flagName       = "`NAME` of the secret; the registry's unless it is given"
	flagNamespace  = "`NAMESPACE` of the secret; none unless it is given"
)

const (
	saidBug         = protocol.Bug
	saidNoOutput    = "cannot write to standard output"
	saidNoArguments = "it takes no arguments"
	saidOneRegistry = "name one registry"
	saidOneShell    = "name one shell: bash, zsh, fish or powershell"

	saidAtMostOneRegistry = "name one registry, or none for all that are configured"
	saidNoneConfigured    = "name a registry; Docker's configuration names this helper for none"
	saidTwoIdentities     = "--device-code and another --identity are two ways to sign in; choose one"
	saidRegistriesOrAll   = "name registries, or --all"
	saidNothingKept       = "nothing is kept of any registry"
	saidOnlySecret        = "--name and --namespace are for -o kubernetes-secret"
	saidKubernetesName    = "--name and --namespace take small letters, digits and -, as Kubernetes has it"
)

func saidUsage(cmd *cobra.Command, why string) string {
	if _, name, ok := strings.Cut(cmd.CommandPath(), " "); ok {
		why = name + ": " + why
	}
	return why + "; see " + cmd.CommandPath() + " --help"
}

func oneOf(values []string) string { return "it is one of " + strings.Join(values, ", ") }

func unknownCommand(name string, similar []string) string {
	said := "there is no command " + strconv.Quote(name)
	if name != "" && len(similar) > 0 {
		said += "; did you mean " + strings.Join(similar, " or ") + "?"
	}
	return said
}

func saidVerbArguments(verb string) string {
	switch verb {
	case "get", "erase":
		return "it reads the registry from standard input: echo myregistry.azurecr.io | docker-credential-acr " + verb
	case "store", kubelet.Verb:
		return "it reads JSON from standard input"
	}
	return saidNoArguments
}

func saidSignedIn(registry, who string, until time.Time) string {
	return "signed in to " + registry + " as " + somebody(who) + " until " + moment(until)
}

func saidTried(registry string, source config.Source, who string, until time.Time) string {
	return registry + ": " + string(source) + " is " + somebody(who) + "; the registry accepts it, until " + moment(until)
}

func somebody(who string) string { return cmp.Or(who, "somebody whose token cannot be read") }

func saidSignedOut(registry string, kept helper.Kept, known bool) string {
	var forgotten []string
	if kept.Tokens > 0 {
		forgotten = append(forgotten, count(kept.Tokens, "token"))
	}
	switch {
	case kept.Store != "":
		forgotten = append(forgotten, "the password of "+kept.Username)
	case !known:
		forgotten = append(forgotten, "a password that cannot be read")
	}
	if len(forgotten) == 0 {
		return registry + ": nothing is kept"
	}
	return registry + ": forgot " + strings.Join(forgotten, " and ")
}

func saidCleared(tokens int, dirs []string) string {
	if len(dirs) == 0 {
		return "the cache is off; there is nothing to forget"
	}
	return "forgot " + count(tokens, "token") + " in " + strings.Join(dirs, ", ")
}

func saidHolds(registry string, until time.Time) string {
	return "the token for " + registry + " is valid until " + moment(until)
}

func saidSecret(registry string, until time.Time) string {
	return "this is a secret: whoever has it can use " + registry + " as you until " + moment(until) + "; pipe it where it is needed instead, and clear this terminal"
}

// count is n of something.
func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return strconv.Itoa(n) + " " + what
}

// What status shows.
const (
	titleFiles    = "Files:"
	titleProblems = "Problems:"

	fileDocker        = "Docker's configuration"
	filePodman        = "podman's configuration"
	fileHelm          = "helm's logins"
	fileConfiguration = "configuration"
	fileCache         = "tokens"
	filePasswords     = "passwords"
	fileLog           = "log"

	saidNoRegistries = "no registry is known here; name one:\n    docker-credential-acr configure myregistry"
	saidNowhere      = "nowhere"
)

var statusHeadings = []string{"REGISTRY", "CONFIGURED IN", "IDENTITY", "CACHED UNTIL", "PASSWORD", "USER NAME"}

func saidPlace(at place) string {
	if at.Key == "credsStore" {
		return short(at.Path) + " (credsStore)"
	}
	return short(at.Path)
}

// saidIdentity leaves the tenant out, for which a table has no room.
func saidIdentity(r registryStatus) string {
	if r.Identity == nil {
		return "none found"
	}
	who, _, _ := strings.Cut(r.Identity.Who, " of tenant ")
	switch x := r.Identity; {
	case x.Certain:
		return x.title + ": " + who
	case x.Source == string(config.ManagedIdentity):
		return x.title + ", if this machine has one"
	default:
		return x.title + ": " + who + "\nunless this machine has an identity"
	}
}

func saidCached(r registryStatus) string {
	switch {
	case r.CachedUntil == nil:
		return "no"
	case r.Login:
		return moment(r.until) + "\nby login"
	}
	return moment(r.until)
}

func saidPassword(r registryStatus) string {
	if r.Password == nil {
		return "no"
	}
	return r.Password.Username + " in " + r.Password.Store
}

func saidFile(f fileStatus) string {
	switch {
	case f.Path == "":
		return "nowhere"
	case !f.Exists && f.Path != "stderr":
		return short(f.Path) + " (not there)"
	}
	return short(f.Path)
}

func saidPasswordIndex(registry string, err error) string {
	return registry + ": what is known of its password cannot be read, as its file " + err.Error()
}

// saidFinding is what stands between clients and the helper, and the command that
// mends it, if one does.
func saidFinding(f dockerconfig.Finding) (what, command string) {
	path, configure := short(f.Path), Name+" configure "+f.Registry
	switch f.Code {
	case dockerconfig.FileUnusable:
		return path + " cannot be used: " + f.Err.Error(), ""
	case dockerconfig.NotConfigured:
		return f.Registry + ": " + path + " does not name this helper", configure
	case dockerconfig.OtherHelper:
		return f.Registry + ": " + path + " names another helper, " + f.Detail, configure
	case dockerconfig.Misspelt:
		return f.Registry + ": no client looks up " + strconv.Quote(f.Detail) + " in credHelpers of " + path, configure
	case dockerconfig.CredsStore:
		return path + " names this helper as credsStore, so logins to other registries fail, and some clients don't run it; name it for each registry", Name + " configure REGISTRY"
	case dockerconfig.EnvironmentLogin:
		return f.Registry + ": docker uses the login in the variable DOCKER_AUTH_CONFIG instead", "unset DOCKER_AUTH_CONFIG"
	case dockerconfig.LeftoverLogin:
		return f.Registry + ": " + path + " still holds a login, which nothing uses", "docker logout " + f.Registry
	case dockerconfig.PodmanLogin:
		return f.Registry + ": podman uses the login in " + path + " instead", "podman logout --authfile " + path + " " + f.Registry
	case dockerconfig.PodmanHelper:
		return f.Registry + ": podman uses another helper, " + f.Detail + ", by " + path, Name + " configure --podman " + f.Registry
	case dockerconfig.HelmLogin:
		return f.Registry + ": helm uses the login in " + path + " instead", "helm registry logout " + f.Registry
	case dockerconfig.ProgramMissing:
		if !dockerconfig.ProperlyNamed(f.Path) {
			return "clients run docker-credential-acr, and there is none on PATH; this program is " + path + ", so rename it, or link to it", ""
		}
		return "clients run docker-credential-acr, and there is none on PATH; add " + filepath.Dir(path) + " to it, for clients too", ""
	case dockerconfig.ProgramOther:
		return "clients run another docker-credential-acr, " + path + ", which comes first on PATH; this one is " + short(f.Detail), ""
	case dockerconfig.SnapDocker:
		return "docker is a snap, " + path + ", which can run no credential helper; install it otherwise: https://docs.docker.com/engine/install/", ""
	case dockerconfig.SudoHome:
		return "under sudo clients read root's " + path + ", not " + f.Detail + "'s; configure both, or run clients without sudo", ""
	case dockerconfig.PlainLogins:
		return "as " + path + " names a helper, docker keeps logins to other registries in it, unencrypted; add \"credsStore\": " + strconv.Quote(f.Detail) + " to it", ""
	}
	return string(f.Code), ""
}

// notACR is an error about a name, with the name.
func notACR(name string, err error) error { return fmt.Errorf("%s: %w", name, err) }
