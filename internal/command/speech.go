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
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"docker-credential-acr/helper"
	"docker-credential-acr/internal/config"
	"docker-credential-acr/internal/dockerconfig"
	"docker-credential-acr/internal/doctor"
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
	titleProtocol    = "Docker's protocol, for clients:"
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
	example: `  docker-credential-acr configure myregistry
  docker-credential-acr token myregistry`,
}

// rootMore ends the help of the program.
const rootMore = `"myregistry" means myregistry.azurecr.io, wherever a command names a registry. Azure's own variables and tools provide the identity; see docs/identities.md.`

var environment = []definition{
	{config.EnvCache, "directory for tokens, or off"},
	{config.EnvFile, "configuration file"},
	{config.EnvLog, "file for a log of each step, or stderr"},
	{config.EnvRenewal, "foreground: never renew a token behind an answer"},
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

var configureText = text{
	short: "have Docker run this helper for registries",
	long: `Has Docker and the clients that read its configuration run this helper for registries: writes them into credHelpers of config.json, in DOCKER_CONFIG or ~/.docker. Everything else in the file stays as it is.

Without a registry it takes those that it knows: from this program's configuration, cache and logins, and from the clients' files. It leaves alone what would change who you are: a registry with another helper, or with a password of docker login. Name it to have it changed.

A second run changes nothing. "unconfigure" undoes it.`,
	example: `  docker-credential-acr configure myregistry
  docker-credential-acr configure --dry-run myregistry otherregistry.azurecr.io
  docker-credential-acr configure --podman myregistry
  docker-credential-acr configure --check`,
}

var unconfigureText = text{
	short: "undo configure",
	long:  `Has Docker no longer run this helper for registries, or for any if none is named: removes the entries that "configure" wrote, or somebody by hand, and puts back what "configure" replaced. An object or a file that "configure" made goes, too, if nothing else is in it.`,
	example: `  docker-credential-acr unconfigure myregistry
  docker-credential-acr unconfigure --dry-run
  docker-credential-acr unconfigure --podman`,
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
	flagCheck      = "change nothing; exit with 1 if something is missing or in the way"
	flagDryRun     = "change nothing; show what would be changed, without secrets"
	flagPodman     = "in auth.json of podman, buildah and skopeo, instead of Docker's file"
	flagHelm       = "also remove what helm registry login left, which helm would use instead"
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
	saidNoneKnown         = "no registry is known here; name one, such as docker-credential-acr configure myregistry"
	saidNoneTaken         = "no registry is configured"
	saidCheckOrDryRun     = "--check changes nothing; leave --dry-run away"
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
	fileRegctl        = "regctl's logins"
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

// saidCache says how tokens are kept in a directory, if there are any.
func saidCache(c cacheStatus) string {
	var kept []string
	for _, some := range []struct {
		n   int
		how string
	}{{c.Encrypted, "encrypted"}, {c.Clear, "in clear"}, {c.Elsewhere, "that another key opens, which is not here"}} {
		if some.n > 0 {
			kept = append(kept, count(some.n, "token")+" "+some.how)
		}
	}
	if kept == nil {
		return saidFile(c.fileStatus)
	}
	return saidFile(c.fileStatus) + " (" + strings.Join(kept, ", ") + ")"
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
		what, advice, command := saidUnusable(f.Path, f.Err)
		return sentence(what, advice), command
	case dockerconfig.NotConfigured:
		return f.Registry + ": " + path + " does not name this helper", configure
	case dockerconfig.OtherHelper:
		return f.Registry + ": " + path + " names another helper, " + f.Detail, configure
	case dockerconfig.Misspelt:
		return f.Registry + ": no client looks up " + strconv.Quote(f.Detail) + " in credHelpers of " + path, configure
	case dockerconfig.CredsStore:
		return path + " names this helper as credsStore, so logins to other registries fail, and some clients don't run it; name it for each registry, and take credsStore out", Name + " configure " + cmp.Or(f.Registry, "REGISTRY")
	case dockerconfig.EnvironmentLogin:
		return f.Registry + ": docker uses the login in the variable DOCKER_AUTH_CONFIG instead", "unset DOCKER_AUTH_CONFIG"
	case dockerconfig.LeftoverLogin:
		return f.Registry + ": " + path + " still holds a login, which nothing uses", "docker logout " + f.Registry
	case dockerconfig.PodmanLogin:
		return f.Registry + ": podman uses the login in " + path + " instead", "podman logout --authfile " + shellWord(f.Path) + " " + f.Registry
	case dockerconfig.PodmanHelper:
		return f.Registry + ": podman uses another helper, " + f.Detail + ", by " + path, Name + " configure --podman " + f.Registry
	case dockerconfig.HelmLogin:
		return f.Registry + ": helm uses the login in " + path + " instead", Name + " configure --helm " + f.Registry
	case dockerconfig.RegctlLogin:
		return f.Registry + ": regctl uses the login in " + path + " instead", "regctl registry logout " + f.Registry
	case dockerconfig.ProgramMissing:
		return "clients run docker-credential-acr, and there is none on PATH", mendPath(f.Path)
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

var doctorText = text{
	short: "find out why a pull fails, step by step",
	long: `Walks the path of a pull from a registry, step by step, and says for each step that fails what the likely cause is and which command mends it. It needs neither docker nor az nor root.

Nothing is sent but to the registry, the authority and the local identity endpoints. The token that it gets is kept, as for a pull. The output holds no secret: -o json is for a bug report.

The exit code is 0 only if a pull works; with --repository, a pull of that repository. docs/troubleshooting.md lists all findings.`,
	example: `  docker-credential-acr doctor myregistry
  docker-credential-acr doctor myregistry --repository team/app
  docker-credential-acr doctor -o json myregistry >report.json`,
}

const (
	flagRepository = "`NAME` of a repository to be pulled, such as team/app"

	saidNoRepositoryName = "it is not the name of a repository, such as team/app"
	titleCause           = "likely cause: "
)

// verdict is doctor's last word.
func verdict(r doctor.Report, first string, warnings int) string {
	what := "from " + r.Registry
	if r.Repository != "" {
		what = "of " + r.Registry + "/" + r.Repository
	}
	if !r.Pull {
		return "a pull " + what + " fails: " + first
	}
	text := "a pull " + what + " works"
	switch warnings {
	case 0:
		return text
	case 1:
		return text + "; there is one warning"
	}
	return text + "; there are " + strconv.Itoa(warnings) + " warnings"
}

// mark is how a step went.
func mark(s doctor.State) (text, colour string) {
	switch s {
	case doctor.OK:
		return "ok", green
	case doctor.Warning:
		return "warning", yellow
	case doctor.Failed:
		return "FAILED", red
	}
	return "skipped", grey
}

// saying is what doctor says of a finding. Words in braces are its values; in a
// command they are quoted where a shell needs it. Without a message it is one of
// package dockerconfig's findings, for which saidFinding has the words.
type saying struct {
	code    doctor.Code
	message string
	// cause and command are for what is not in order.
	cause, command string
	// windows is there instead of command where Windows has another.
	windows string
}

const (
	retry       = "docker-credential-acr doctor {registry}"
	showHTTP    = "curl -vsS -o /dev/null https://{registry}/v2/"
	assignPull  = `az role assignment create --role AcrPull --assignee {object} --scope "$(az acr show --name {name} --query id --output tsv)"`
	configureIt = "docker-credential-acr configure {registry}"
	listDNS     = "nslookup {registry}"
	editFile    = `"${EDITOR:-vi}" {path}`
	editWindows = "notepad {path}"
	logoutIt    = "docker-credential-acr logout {registry}"

	listVariables = "env | cut -d= -f1 | grep -E '^(AZURE|ACTIONS|SYSTEM|IDENTITY|MSI)_'"
)

// sayings has words for every finding of doctor's, by step. docs/troubleshooting.md
// is made from them.
func sayings() []section {
	return []section{
		{doctor.Program, "the program is on PATH, and nobody else can change what is run", []saying{
			{code: doctor.OnPath, message: "clients run {path}"},
			{
				code:    doctor.Code(dockerconfig.ProgramMissing),
				cause:   "clients look for the helper on PATH, under exactly this name, and this program is {path}",
				command: "sudo install {path} /usr/local/bin/docker-credential-acr",
				windows: `copy {path} "%LOCALAPPDATA%\Microsoft\WindowsApps\docker-credential-acr.exe"`,
			},
			{
				code:    doctor.Code(dockerconfig.ProgramOther),
				cause:   "it stands on PATH before this one, {detail}, and may be of another version",
				command: "{path} version",
			},
			{
				code:    doctor.Foreign,
				message: "clients run another program of this name, {path}, which comes first on PATH",
				cause:   "it is somebody else's helper for the same registries, or broken: it does not say the version that this program says",
				command: "sudo mv {path} {path}.old",
				windows: "move {path} {path}.old",
			},
			{
				code:    doctor.Code(dockerconfig.SnapDocker),
				cause:   "a snap runs programs of its own only; docker from another package can",
				command: "docker-credential-acr token {registry} | docker login {registry} -u 00000000-0000-0000-0000-000000000000 --password-stdin",
			},
			{
				code:    doctor.Exposed,
				message: "others can change what is run as {programs}: {path}",
				cause:   "it is on PATH, and others may write to it",
				command: "sudo chmod go-w {path}",
			},
			{
				code:    doctor.Others,
				message: "what is run as {programs} is another user's: {path}",
				cause:   "it is on PATH, and its owner can put another program there; if that is somebody whom you trust, such as who installed Homebrew, leave it",
				command: "sudo chown root {path}",
			},
		}},
		{doctor.Docker, "Docker's configuration, and that of other clients, names the helper", []saying{
			{code: doctor.Configured, message: "{path} names the helper in {detail}"},
			{
				code:  doctor.Code(dockerconfig.NotConfigured),
				cause: "clients run a credential helper only if their configuration names it for the registry",
			},
			{
				code:    doctor.Code(dockerconfig.FileUnusable),
				cause:   "somebody has edited it by hand, or it is another user's; clients read nothing of such a file",
				command: editFile,
				windows: editWindows,
			},
			{
				code:  doctor.Code(dockerconfig.OtherHelper),
				cause: "an earlier set-up",
			},
			{
				code:  doctor.Code(dockerconfig.Misspelt),
				cause: "clients look for the login server alone, in lower case: {registry}",
			},
			{
				code:  doctor.Code(dockerconfig.CredsStore),
				cause: "it is then asked about every registry and keeps no passwords of others, and some clients ask it for its list only",
			},
			{
				code:  doctor.Code(dockerconfig.EnvironmentLogin),
				cause: "a CI service or a script sets the variable",
			},
			{
				code:  doctor.Code(dockerconfig.LeftoverLogin),
				cause: "docker login wrote it before the helper was configured",
			},
			{
				code:  doctor.Code(dockerconfig.PodmanLogin),
				cause: "podman login wrote it",
			},
			{
				code:  doctor.Code(dockerconfig.PodmanHelper),
				cause: "an earlier set-up",
			},
			{
				code:  doctor.Code(dockerconfig.HelmLogin),
				cause: "helm registry login wrote it",
			},
			{
				code:  doctor.Code(dockerconfig.RegctlLogin),
				cause: "regctl registry login wrote it",
			},
			{
				code:    doctor.Code(dockerconfig.SudoHome),
				cause:   "sudo has changed the home directory",
				command: "sudo -u {detail} docker-credential-acr doctor {registry}",
			},
			{code: doctor.Code(dockerconfig.PlainLogins)},
		}},
		{doctor.Settings, "this program's own settings can be used", []saying{
			{
				code:    doctor.NotACR,
				message: "{registry} is not the login server of an Azure container registry",
				cause:   "those end in .azurecr.io, .azurecr.cn or .azurecr.us; a custom domain or a private cloud's registry must be named in the configuration file",
				command: "az acr list --query [].loginServer --output tsv",
			},
			{
				code:    doctor.BadVariable,
				message: "{error}",
				cause:   "an environment variable has a value that cannot be used; until that is mended, a get fails for every Azure registry",
				command: "unset {variable}",
				windows: "set {variable}=",
			},
			{
				code:    doctor.BadFile,
				message: "{error}",
				cause:   "the configuration file cannot be used; until that is mended, a get fails for every Azure registry",
				command: editFile,
				windows: editWindows,
			},
			{
				code:    doctor.OpenConfig,
				message: "others can change the configuration: {path}",
				cause:   "whoever can write there chooses where client secrets and tokens are sent",
				command: `sudo chown "$(id -un)" {path} && chmod go-w {path}`,
			},
			{code: doctor.ConfigFile, message: "configuration file {path}"},
			{code: doctor.NoConfigFile, message: "no configuration file"},
			{code: doctor.Variables, message: "set in the environment: {names}"},
		}},
		{doctor.Name, "the registry's name resolves", []saying{
			{
				code:    doctor.ProxyInvalid,
				message: "HTTPS_PROXY is not the URL of a proxy, such as http://proxy.example.com:3128",
				cause:   "a spelling mistake, or a character in the password that must be written as % and two digits; such a variable is passed over, and the proxy is not used",
				command: "env | grep -i _proxy= | sed 's#//[^@/]*@#//#'",
				windows: "set | findstr /i _proxy=",
			},
			{code: doctor.NameByProxy, message: "left to the proxy {proxy}"},
			{code: doctor.PublicAddress, message: "{addresses}, public"},
			{code: doctor.LocalAddress, message: "{addresses}, this machine itself: a hosts file"},
			{code: doctor.PrivateAddress, message: "{addresses}, private: a private endpoint"},
			{
				code:    doctor.NameUnknown,
				message: "there is no host {registry}: the name does not resolve",
				cause:   "a spelling mistake, a registry that was deleted, or one with a private endpoint that is known only inside its network",
				command: listDNS,
			},
			{
				code:    doctor.NameUnresolved,
				message: "the name {registry} cannot be looked up: the name server does not answer",
				cause:   "no network, a VPN that is down, or a wrong name server in the system's settings",
				command: listDNS,
			},
		}},
		{doctor.Connection, "the registry answers, over TLS and perhaps a proxy", []saying{
			{code: doctor.Connected, message: "{address}, {tls}, certificate of {issuer}"},
			{code: doctor.ConnectedByProxy, message: "through the proxy {proxy}, {tls}, certificate of {issuer}"},
			{code: doctor.OtherIssuer, message: "the certificate is neither Microsoft's nor DigiCert's, so something on the way inspects TLS, and is trusted here"},
			{
				code:    doctor.ProxyUnreachable,
				message: "the proxy {proxy} cannot be reached",
				cause:   "HTTPS_PROXY names a proxy that is gone, or that is known in another network only",
				command: "env | grep -i _proxy= | sed 's#//[^@/]*@#//#'",
				windows: "set | findstr /i _proxy=",
			},
			{
				code:    doctor.ProxyPassword,
				message: "the proxy {proxy} asks for a user and a password (407)",
				cause:   "HTTPS_PROXY has none, or wrong ones; characters such as @ and : in them must be written as %40 and %3A",
				command: "export HTTPS_PROXY=http://USER:PASSWORD@{proxy}",
				windows: "set HTTPS_PROXY=http://USER:PASSWORD@{proxy}",
			},
			{
				code:    doctor.ProxyPrivate,
				message: "the proxy {proxy} cannot reach the registry ({status}), whose private endpoint is known here ({addresses})",
				cause:   "a private endpoint must be reached without the proxy",
				command: `export NO_PROXY="${NO_PROXY:+$NO_PROXY,}{registry}"`,
				windows: "set NO_PROXY=%NO_PROXY%,{registry}",
			},
			{
				code:    doctor.ProxyCannot,
				message: "the proxy {proxy} cannot reach {registry} ({status})",
				cause:   "there is no such registry, or the proxy does not know its private endpoint",
				command: listDNS,
			},
			{
				code:    doctor.ProxyRefused,
				message: "the proxy {proxy} does not let {registry} through ({status})",
				cause:   "the proxy has a list of hosts; the registry, its data endpoints and login.microsoftonline.com must be on it",
				command: showHTTP,
			},
			{
				code:    doctor.CertificateAuthority,
				message: "the certificate for {registry} is signed by an authority that is not trusted here: {issuer}",
				cause:   "something on the way inspects TLS, and its authority is unknown to this machine, whose list must have it (update-ca-certificates, update-ca-trust); or the list of authorities is missing (package ca-certificates), or SSL_CERT_FILE names another",
				command: showHTTP,
			},
			{
				code:    doctor.CertificateName,
				message: "the certificate for {registry} is another host's: {other}",
				cause:   "the name leads to another machine: a hosts file, a wrong DNS zone, a captive portal or a proxy",
				command: listDNS,
			},
			{
				code:    doctor.CertificateExpired,
				message: "the certificate for {registry} has expired: it ended {until}, and the clock here says {now}",
				cause:   "something on the way shows a certificate of its own that is over, or this machine's clock is ahead",
				command: "date -u",
				windows: "w32tm /query /status",
			},
			{
				code:    doctor.CertificateAhead,
				message: "the certificate for {registry} is not valid yet: it begins {from}, and the clock here says {now}",
				cause:   "this machine's clock is behind",
				command: "sudo timedatectl set-ntp true",
				windows: "w32tm /resync",
			},
			{
				code:    doctor.CertificateInvalid,
				message: "the certificate for {registry} is not valid",
				cause:   "something on the way inspects TLS",
				command: showHTTP,
			},
			{
				code:    doctor.NoTLS,
				message: "no TLS connection can be agreed on with {registry}",
				cause:   "what answers there speaks no TLS, or an old version only: a proxy, a captive portal or another machine",
				command: showHTTP,
			},
			{
				code:    doctor.PrivateUnreachable,
				message: "the registry's private endpoint does not answer: {addresses}: {why}",
				cause:   "this machine is not in the network of the private endpoint, or a VPN is down",
				command: "curl -sS -m 5 -o /dev/null https://{registry}/v2/",
			},
			{
				code:    doctor.NoAnswer,
				message: "{registry} does not answer in time",
				cause:   "a firewall between here and the registry drops what is sent to port 443, or a proxy is needed",
				command: "curl -sS -m 5 -o /dev/null https://{registry}/v2/",
			},
			{
				code:    doctor.ConnectionRefused,
				message: "{registry} refuses the connection",
				cause:   "the name leads to a machine that is no registry (a hosts file, a wrong DNS zone), or a firewall forbids port 443",
				command: listDNS,
			},
			{
				code:    doctor.ConnectionBroken,
				message: "the connection to {registry} breaks",
				cause:   "a firewall or proxy on the way ends it, perhaps for the host's name in TLS",
				command: showHTTP,
			},
			{
				code:    doctor.NoRoute,
				message: "{registry} cannot be reached from this network",
				cause:   "no network, or no route to its addresses {addresses}",
				command: "curl -sS -m 5 -o /dev/null https://{registry}/v2/",
			},
			{
				code:    doctor.NoConnection,
				message: "the connection to {registry} fails",
				cause:   "something on the way ends it",
				command: showHTTP,
			},
			{
				code:    doctor.IPv6Unreachable,
				message: "the registry's IPv6 address does not answer: {address}",
				cause:   "this network has IPv6 that leads nowhere; clients that do not try IPv4 at the same time wait for it with each connection",
				command: "curl -6 -sS -m 5 -o /dev/null https://{registry}/v2/",
			},
			{
				code:    doctor.NoRegistry,
				message: "what answers at {registry} is no registry (status {status}, certificate of {issuer})",
				cause:   "a captive portal or a proxy answers in its place, or the name leads to another machine",
				command: showHTTP,
			},
			{
				code:    doctor.RealmElsewhere,
				message: "the registry sends clients to another host for tokens: {realm}",
				cause:   "something on the way has changed its answer; clients would send credentials there, this helper would not",
				command: showHTTP,
			},
			{
				code:    doctor.Throttled,
				message: "the registry is getting too many requests (429)",
				cause:   "many clients at once use up its limit for a minute, which the SKU decides",
				command: "sleep 60; " + retry,
				windows: "timeout 60 & " + retry,
			},
			{
				code:    doctor.RegistryTrouble,
				message: "the registry has a problem of its own (status 5xx)",
				cause:   "an outage; see https://status.azure.com",
				command: retry,
			},
		}},
		{doctor.Clock, "this machine's clock agrees with the registry's", []saying{
			{code: doctor.ClockRight, message: "right"},
			{
				code:    doctor.ClockAhead,
				message: "this machine's clock is {off} ahead: it says {now}, and the registry's {server}",
				cause:   "the clock is not synchronized; Entra refuses certificates and federated tokens from such a machine",
				command: "sudo timedatectl set-ntp true",
				windows: "w32tm /resync",
			},
			{
				code:    doctor.ClockBehind,
				message: "this machine's clock is {off} behind: it says {now}, and the registry's {server}",
				cause:   "the clock is not synchronized; Entra refuses certificates and federated tokens from such a machine",
				command: "sudo timedatectl set-ntp true",
				windows: "w32tm /resync",
			},
		}},
		{doctor.Firewall, "the registry's network rules let this machine in", []saying{
			{code: doctor.LetIn, message: "this machine is let in"},
			{
				code:    doctor.NotLetIn,
				message: "the registry's firewall does not let {address} in",
				cause:   "its network rules do not name this address; or the registry has a private endpoint, whose address the name should resolve to here, and does not",
				command: "az acr network-rule add --name {name} --ip-address {address}",
			},
			{
				code:    doctor.Forbidden,
				message: "the registry, or a firewall before it, denies access (403)",
				cause:   "public access to the registry is switched off, or a proxy forbids it",
				command: "az acr show --name {name} --query '[publicNetworkAccess, networkRuleSet]'",
			},
		}},
		{doctor.Login, "what a login has left, which is answered first, can be had", []saying{
			{code: doctor.NothingStored, message: "nothing is stored, so the Azure identity counts"},
			{code: doctor.StoredPassword, message: "docker login has stored the user {user}, in {store}, which is answered instead of the Azure identity"},
			{code: doctor.StoredToken, message: "a login has left a token until {until}, which is answered instead of the Azure identity"},
			{
				code:    doctor.StoredSealed,
				message: "a login has left a token, and the key that opens it is not here",
				cause:   "the machine was restarted since, or another machine or container that shares the directory has the key; the Azure identity is answered instead",
				command: "docker-credential-acr login {registry}",
			},
			{
				code:    doctor.StoreBroken,
				message: "a login has stored the user {user}, and it cannot be had: {error}",
				cause:   "the store {store} is locked, or is not installed any more",
				command: logoutIt,
			},
		}},
		{doctor.Identity, "there is an Azure identity: each source, and what it says", []saying{
			{code: doctor.SourceAnswered, message: "{source}: gave a token"},
			{code: doctor.SourceAbsent, message: "{source}: {error}"},
			{code: doctor.SourceFailed, message: "{source}: {error}"},
			{code: doctor.SourcesNotAsked, message: "not asked: {sources}"},
			{code: doctor.Anonymous, message: "the configuration calls the registry anonymous, and it gives tokens to anybody"},
			{code: doctor.AnonymousPossible, message: `the registry gives tokens to anybody: with "anonymous": true for it in the configuration file, pulls need no identity`},
			{
				code:    doctor.NoIdentity,
				message: "there is no Azure identity on this machine",
				cause:   "nobody is signed in, and neither variables nor the machine provide an identity; where az is not on PATH, sign in without it",
				command: "docker-credential-acr login {registry}",
			},
			{
				code:    doctor.SourceMissing,
				message: "{source}: {error}",
				cause:   "the configuration file, or AZURE_TOKEN_CREDENTIALS, allows this source alone, and it is not here",
				command: "docker-credential-acr login {registry}",
			},
			{
				code:    doctor.PrincipalIncomplete,
				message: "AZURE_CLIENT_ID is set, and no secret, certificate or federated token for it",
				cause:   "a variable is missing or misspelt: a service principal needs AZURE_TENANT_ID, and AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH; a workload identity AZURE_FEDERATED_TOKEN_FILE",
				command: listVariables,
				windows: "set AZURE",
			},
			{
				code:    doctor.ToolSilent,
				message: "{source}: {error}",
				cause:   "the tool hangs or is slow: a cold disk, a network that does not answer, or a keyring that waits for somebody",
				command: "DOCKER_CREDENTIAL_ACR_TIMEOUT=120 " + retry,
				windows: "set DOCKER_CREDENTIAL_ACR_TIMEOUT=120& " + retry,
			},
			{
				code:    doctor.AuthorityUnreachable,
				message: "{source}: {host} does not answer: {why}",
				cause:   "a firewall or proxy does not let this machine reach the host that gives tokens, though perhaps the registry; or the clock or the list of authorities is wrong",
				command: "curl -vsS -o /dev/null https://{host}/",
			},
			{
				code:    doctor.SecretExpired,
				message: "{source}: the client secret of application {application} has expired ({number})",
				cause:   "secrets end after two years at most",
				command: "az ad app credential reset --id {application}",
			},
			{
				code:    doctor.SecretWrong,
				message: "{source}: the client secret of application {application} is wrong ({number})",
				cause:   "the secret's id stands where its value belongs, or it was replaced",
				command: "az ad app credential reset --id {application}",
			},
			{
				code:    doctor.ApplicationUnknown,
				message: "{source}: there is no application {application} in tenant {tenant} ({number})",
				cause:   "AZURE_CLIENT_ID or AZURE_TENANT_ID is wrong, or of another cloud",
				command: "az ad sp show --id {application} --query appOwnerOrganizationId",
			},
			{
				code:    doctor.TenantUnknown,
				message: "{source}: there is no tenant {tenant} ({number})",
				cause:   "AZURE_TENANT_ID is wrong, or of another cloud",
				command: "az account list --query [].tenantId",
			},
			{
				code:    doctor.CertificateUnknown,
				message: "{source}: the certificate is not registered for application {application}, or has expired ({number})",
				cause:   "another certificate than the file's is registered, or this machine's clock is wrong",
				command: "az ad app credential list --cert --id {application}",
			},
			{
				code:    doctor.FederationMismatch,
				message: "{source}: application {application} has no federated credential for this token ({number})",
				cause:   "issuer, subject or audience of the token are not literally those of a federated credential: another branch, environment or service account",
				command: "az ad app federated-credential list --id {application}",
			},
			{
				code:    doctor.AssertionExpired,
				message: "{source}: the federated token has expired, or is not valid yet ({number})",
				cause:   "it was not renewed, or this machine's clock is wrong",
				command: "date -u",
				windows: "w32tm /query /status",
			},
			{
				code:    doctor.MFARequired,
				message: "{source}: multi-factor authentication is required ({number})",
				cause:   "a policy of the tenant asks for it again",
				command: "az login --scope https://containerregistry.azure.net/.default",
			},
			{
				code:    doctor.ConditionalAccess,
				message: "{source}: a Conditional Access policy forbids the sign-in ({number})",
				cause:   "this machine, place or network is not among those that the tenant allows; ask its administrator",
				command: "az login --scope https://containerregistry.azure.net/.default",
			},
			{
				code:    doctor.AudienceUnknown,
				message: "{source}: this tenant or cloud does not know the audience that tokens are asked for ({number})",
				cause:   `a private cloud without an audience for registries, or a wrong "audience" in the configuration file`,
				command: "az ad sp show --id https://containerregistry.azure.net --query appId",
			},
			{
				code:    doctor.EntraRefused,
				message: "{error}",
				cause:   "Entra refuses the sign-in; the page tells why",
				command: "curl -sSL https://login.microsoftonline.com/error?code={code}",
			},
			{
				code:    doctor.AzFailed,
				message: "{source}: {error}",
				cause:   "nobody is signed in to az, or the sign-in has ended",
				command: "az login",
			},
			{
				code:    doctor.AzdFailed,
				message: "{source}: {error}",
				cause:   "nobody is signed in to azd, or the sign-in has ended",
				command: "azd auth login",
			},
			{
				code:    doctor.PwshFailed,
				message: "{source}: {error}",
				cause:   "nobody is signed in to Az PowerShell, or the module is not installed",
				command: "pwsh -Command Connect-AzAccount",
			},
			{
				code:    doctor.ManagedFailed,
				message: "{source}: {error}",
				cause:   "this is no machine of Azure's, or it has no identity of its own, or not the one that AZURE_CLIENT_ID or the configuration file names",
				command: "curl -sS -m 3 -H Metadata:true --noproxy '*' 'http://169.254.169.254/metadata/instance/compute?api-version=2021-02-01'",
			},
			{
				code:    doctor.SourceBroken,
				message: "{source}: {error}",
				cause:   "the variables or the configuration of this source are not complete, or lead nowhere",
				command: listVariables,
				windows: "set AZURE",
			},
		}},
		{doctor.Token, "Entra's token: claims, never the token", []saying{
			{code: doctor.EntraToken, message: "{who} (object {object}) of tenant {tenant}, for {audience}, until {until}"},
			{code: doctor.EntraOpaque, message: "there is one, and its claims cannot be read"},
		}},
		{doctor.Exchange, "the registry takes Entra's token and gives its own", []saying{
			{code: doctor.Exchanged, message: "the registry's token holds until {until}"},
			{
				code:    doctor.NoRole,
				message: "{who} has no role on the registry, or is of another tenant than the registry ({tenant})",
				cause:   "no role, or one that has not spread yet (up to 10 minutes); in ABAC mode AcrPull and AcrPush count for nothing, and Container Registry Repository Reader is needed (az acr show --name {name} --query roleAssignmentMode); for another tenant: az login --tenant TENANT",
				command: assignPull,
			},
			{
				code:    doctor.PermissionDenied,
				message: "{who} has not the permission to use the registry",
				cause:   "its role does not include reading",
				command: assignPull,
			},
			{
				code:    doctor.TokenRefused,
				message: "the registry does not accept Entra's token of {who}, tenant {tenant}, audience {audience}",
				cause:   "the registry belongs to another tenant or cloud, or the configuration file names a wrong audience",
				command: "az login --tenant TENANT",
			},
			{
				code:    doctor.ARMRefused,
				message: "the registry accepts no tokens of Resource Manager, and Entra's token is one ({audience})",
				cause:   "the tool that the token comes from is old, or the configuration names this audience",
				command: "az acr config authentication-as-arm update --registry {name} --status enabled",
			},
			{
				code:    doctor.ExchangeMissing,
				message: "the registry does not exchange tokens (404)",
				cause:   "something on the way blocks /oauth2/exchange, or the name is another service's",
				command: "curl -sS -o /dev/null -w '%{http_code}\\n' -d '' https://{registry}/oauth2/exchange",
			},
			{
				code:    doctor.ExchangeUnanswered,
				message: "the registry does not answer: {why}",
				cause:   "it has answered before, so the network or something on the way is unreliable, or lets no tokens through",
				command: retry,
			},
			{
				code:    doctor.ExchangeFailed,
				message: "{error}",
				cause:   "something on the way changes the registry's answers",
				command: showHTTP,
			},
		}},
		{doctor.Permissions, "the registry's token allows pulling", []saying{
			{code: doctor.PermissionsGiven, message: "{actions}"},
			{code: doctor.NoPermissions, message: "none for the whole registry: roles count by repository (ABAC mode)"},
			{
				code:    doctor.NoReading,
				message: "the token does not allow pulling",
				cause:   "the role is one such as AcrDelete or AcrImageSigner, which does not include reading",
				command: assignPull,
			},
		}},
		{doctor.Repository, "the registry takes the credentials, and grants pulling from the repository", []saying{
			{code: doctor.NoRepositoryNamed, message: "the registry takes the credentials; name one with --repository to see what they allow"},
			{code: doctor.PullAndPush, message: "{repository}: pull and push"},
			{code: doctor.PullOnly, message: "{repository}: pull; to push, AcrPush is missing (Container Registry Repository Writer in ABAC mode)"},
			{code: doctor.ByRepository, message: "the registry is in ABAC mode: roles count by repository"},
			{
				code:    doctor.NoPull,
				message: "{repository}: the registry does not grant pulling",
				cause:   "the role AcrPull is missing",
				command: assignPull,
			},
			{
				code:    doctor.NoPullABAC,
				message: "{repository}: the registry does not grant pulling; it is in ABAC mode, where the role Container Registry Repository Reader is missing",
				cause:   "AcrPull and AcrPush count for nothing in ABAC mode, or the role's condition leaves this repository out",
				command: `az role assignment create --role "Container Registry Repository Reader" --assignee {object} --scope "$(az acr show --name {name} --query id --output tsv)"`,
			},
			{
				code:    doctor.PasswordNoPull,
				message: "{repository}: the registry does not grant pulling to {user}",
				cause:   "the token's scope map does not name the repository, or not with content/read",
				command: "az acr token show --registry {name} --name {user}",
			},
			{
				code:    doctor.AnonymousNoPull,
				message: "the registry does not let anybody pull, and there are no credentials",
				cause:   "anonymous pull is switched off, and the configuration calls the registry anonymous",
				command: "az acr update --name {name} --anonymous-pull-enabled",
			},
			{
				code:    doctor.NoRepository,
				message: "there is no repository {repository} in the registry",
				cause:   "a spelling mistake, or nothing was pushed yet",
				command: "az acr repository list --name {name} --output tsv",
			},
			{
				code:    doctor.PasswordRefused,
				message: "the registry refuses the stored user {user} and password",
				cause:   "the password was regenerated, the token has expired, or the admin user is switched off",
				command: logoutIt,
			},
			{
				code:    doctor.StoredTokenRefused,
				message: "the registry refuses the token that a login has left",
				cause:   "the registry has changed its mode since, or revoked it",
				command: logoutIt,
			},
			{
				code:    doctor.AccessRefused,
				message: "the registry does not give an access token for its own refresh token",
				cause:   "the registry has just changed its mode, or something on the way changes requests",
				command: retry,
			},
		}},
		{doctor.Cache, "tokens can be kept", []saying{
			{code: doctor.CacheReady, message: "{path}"},
			{code: doctor.CacheSealed, message: "tokens are encrypted, with a key that the system keeps for this user"},
			{code: doctor.CacheClear, message: "tokens are in clear, in files that are this user's alone; for encryption the system gives no key: {error}"},
			{code: doctor.CacheElsewhere, message: "tokens that another key opens, which is not here: {count}; the machine was restarted since, or they are another machine's; a pull asks for new ones"},
			{code: doctor.CacheOff, message: "off: each pull asks Entra and the registry"},
			{
				code:    doctor.CacheUnwritable,
				message: "nothing can be kept in {path}: {error}",
				cause:   "it, or the directory that it is to be made in, is another user's (often root's, after sudo); each pull asks Entra and the registry",
				command: `sudo mkdir -p {path} && sudo chown -R "$(id -u)" {path}`,
				windows: "icacls {path}",
			},
			{
				code:    doctor.CacheBlocked,
				message: "nothing can be kept in {path}: {place} is not a directory",
				cause:   "a file has taken the place; each pull asks Entra and the registry",
				command: "mv {place} {place}.old",
				windows: "move {place} {place}.old",
			},
			{
				code:    doctor.CacheDisk,
				message: "nothing can be kept in {path}: {error}",
				cause:   "the disk is full, read-only or damaged; each pull asks Entra and the registry",
				command: "df {place}",
				windows: "fsutil volume diskfree {place}",
			},
			{
				code:    doctor.CacheForeign,
				message: "others can write to {path}, or it is another user's",
				cause:   "it was made by somebody else, or with too many permissions; files of others are not believed",
				command: `sudo chown -R "$(id -u)" {path} && chmod go-w {path}`,
				windows: "icacls {path}",
			},
			{
				code:    doctor.CacheDamaged,
				message: "{path} has files that cannot be read",
				cause:   "the disk, or a program that has changed them; they are passed over",
				command: "docker-credential-acr cache clear",
			},
			{
				code:    doctor.CacheLocked,
				message: "another process is working on the token of this registry, and does not end",
				cause:   "a helper that hangs, such as in az; pulls wait for it half of their time, and then go on without",
				command: "pgrep -af docker-credential-acr",
				windows: "tasklist /fi \"imagename eq docker-credential-acr.exe\"",
			},
		}},
		{doctor.Client, "what clients are given", []saying{
			{code: doctor.FormToken, message: "the user name <token>; the helper cannot know which client asks, and rules_oci, Terraform's docker provider, and docker or podman login without a user need the other form: DOCKER_CREDENTIAL_ACR_USERNAME=guid"},
			{code: doctor.FormGUID, message: "the user name 00000000-0000-0000-0000-000000000000, which every client knows; but builds with BuildKit fail with it where the registry takes no grant_type=password"},
		}},
		{"", "the step ends", []saying{
			{code: doctor.NotTaken, message: "because of {step}"},
			{
				code:    doctor.NoEnd,
				message: "no end within {limit}",
				cause:   "something that is read or run does not answer, such as a pipe in the place of a file",
				command: "DOCKER_CREDENTIAL_ACR_LOG=stderr docker-credential-acr token {registry} >/dev/null",
				windows: "set DOCKER_CREDENTIAL_ACR_LOG=stderr& docker-credential-acr token {registry} >nul",
			},
			{
				code:    doctor.Bug,
				message: "this is a bug in docker-credential-acr",
				cause:   "please report it, with this command's output",
				command: "docker-credential-acr doctor -o json {registry}",
			},
		}},
	}
}

// section is what doctor says in one step; about continues "checks that".
type section struct {
	step    doctor.Step
	about   string
	sayings []saying
}

// saidChange says what configure or unconfigure did to a file, or would do.
func saidChange(c dockerconfig.Change, path string, dry bool) string {
	would, path := "", short(path)
	if dry {
		would = "would be "
	}
	switch c.Kind {
	case dockerconfig.Added:
		return c.Registry + ": " + would + "configured in " + path
	case dockerconfig.Replaced:
		return c.Registry + ": " + would + "configured in " + path + ", instead of the helper " + strconv.Quote(c.Helper)
	case dockerconfig.Restored:
		return c.Registry + ": " + would + "left to the helper " + strconv.Quote(c.Helper) + " again, in " + path
	case dockerconfig.Deleted:
		return path + ": " + would + "deleted; nothing else was in it"
	}
	return c.Registry + ": " + would + "removed from " + path
}

func saidConfigured(registry, path string) string {
	return registry + ": is configured in " + short(path)
}

func saidConfiguredAlready(registry, path string) string {
	return registry + ": already configured in " + short(path)
}

func saidNothingToUndo(path string) string { return short(path) + ": nothing to undo" }

func saidLoggedOut(c dockerconfig.Change, path string, dry bool) string {
	if dry {
		return c.Registry + ": login would be removed from " + short(path)
	}
	return c.Registry + ": login removed from " + short(path)
}

// saidLeft says why a registry that nobody named is left as it is.
func saidLeft(registry, path, helper string) string {
	why := "a login of its own in " + short(path)
	if helper != "" {
		why = "the helper " + strconv.Quote(helper) + " in " + short(path)
	}
	return registry + ": left alone, because it has " + why + "; docker-credential-acr configure " + registry
}

func warning(text string) string { return "warning: " + text }

func note(text string) string { return "note: " + text }

// mendPath is how a program gets where clients look for it, for good, and those
// that are started from a desktop, too.
func mendPath(self string) string {
	switch {
	case self == "":
		return ""
	case runtime.GOOS == "windows":
		return "copy " + shellWord(self) + ` "%LOCALAPPDATA%\Microsoft\WindowsApps\docker-credential-acr.exe"`
	}
	return "sudo install " + shellWord(self) + " /usr/local/bin/" + dockerconfig.Program
}

// sentence joins a cause and what mends it.
func sentence(what, mend string) string {
	if mend == "" {
		return what
	}
	return what + "; " + mend
}

// saidUnusable says why a client's file is left alone, and what mends it: a
// command, or advice where there is none, or neither.
func saidUnusable(path string, err error) (what, advice, command string) {
	var p *dockerconfig.Problem
	if !errors.As(err, &p) {
		var file *fs.PathError
		if errors.As(err, &file) {
			err = file.Err
		}
		return short(path) + " cannot be used: " + err.Error(), "", ""
	}
	at := short(path)
	if p.Line > 0 {
		at += ", line " + strconv.Itoa(p.Line) + ","
	}
	switch p.Code {
	case dockerconfig.ByteOrderMark:
		return at + " begins with a byte-order mark, so docker does not read it", "", withoutMark(path)
	case dockerconfig.UTF16:
		return at + " is UTF-16, so docker does not read it", "save it as UTF-8", ""
	case dockerconfig.NotUTF8:
		return at + " is not UTF-8", "save it as UTF-8", ""
	case dockerconfig.Comment:
		return at + " has a comment, so docker does not read it", "remove it", ""
	case dockerconfig.Syntax:
		return at + " is not JSON", "mend this line, or the one before it", ""
	case dockerconfig.Trailing:
		return at + " goes on behind the end of the JSON object", "remove what follows it", ""
	case dockerconfig.NotObject:
		return at + " is not a JSON object", "it must be one, such as {}", ""
	case dockerconfig.Duplicate:
		return at + " has the key " + strconv.Quote(p.Key) + " a second time", "keep one", ""
	case dockerconfig.LetterCase:
		return at + " has the key " + strconv.Quote(p.Key) + ", which only some clients read", "write credHelpers, auths and credsStore with these letters", ""
	case dockerconfig.WrongType:
		return at + " has a value of the wrong type at " + strconv.Quote(p.Key), `credHelpers is an object of texts, such as {"myregistry.azurecr.io": "acr"}`, ""
	case dockerconfig.TooLarge:
		return at + " is larger than 64 MiB", "", ""
	case dockerconfig.NotRegular:
		return at + " is not a regular file", "", moveAway(path)
	case dockerconfig.ReadOnly:
		if p.Key != "" {
			return short(p.Key) + ", to which a link leads, is read-only", "change it where it is made", ""
		}
		return at + " is read-only", "", "chmod u+w " + shellWord(path)
	case dockerconfig.DiskReadOnly:
		return at + " is on a read-only disk", "set DOCKER_CONFIG to a directory of yours, or change the file where it is made", ""
	case dockerconfig.Unreadable:
		return at + " is not yours to read", "", "sudo chown \"$USER\" " + shellWord(filepath.Dir(path)) + " " + shellWord(path)
	case dockerconfig.OtherOwner:
		return at + " belongs to another user", "", "sudo chown \"$USER\" " + shellWord(path)
	case dockerconfig.DirectoryReadOnly:
		what = "no file can be made in " + short(p.Key)
		if dir := filepath.Dir(path); short(dir) != dir { // of the user's own, so that it can be theirs
			return what, "", "sudo mkdir -p " + shellWord(dir) + " && sudo chown \"$USER\" " + shellWord(dir)
		}
		return what, "set DOCKER_CONFIG to a directory of yours", ""
	case dockerconfig.NoDirectory:
		return short(p.Key) + " is not a directory", "", moveAway(p.Key)
	case dockerconfig.DanglingLink:
		return at + " is a link to " + short(p.Key) + ", whose directory is not there", "", "mkdir -p " + shellWord(filepath.Dir(p.Key))
	case dockerconfig.Mounted:
		return at + " is mounted by itself, so it cannot be replaced", "change it outside of the container, or mount its directory", ""
	case dockerconfig.Contended:
		return at + " is being changed by others all the time", "try again", ""
	case dockerconfig.NoHome:
		return "there is no home directory", "set HOME or DOCKER_CONFIG", ""
	}
	return at + " cannot be used: " + p.Error(), "", ""
}

// moveAway gives a file or directory another name.
func moveAway(path string) string {
	if runtime.GOOS == "windows" {
		return "move " + shellWord(path) + " " + shellWord(path+".old")
	}
	return "mv " + shellWord(path) + " " + shellWord(path+".old")
}

func withoutMark(path string) string {
	if runtime.GOOS == "windows" {
		return "[IO.File]::WriteAllText('" + path + "', [IO.File]::ReadAllText('" + path + "'))"
	}
	return `sed -i.bak '1s/^\xEF\xBB\xBF//' ` + shellWord(path)
}
