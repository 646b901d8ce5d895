package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// requirements are what real clients ask of a helper, each with the scripts of
// testdata/script and the tests that hold it.
var requirements = []struct {
	what  string
	tests []string
}{
	{ // 1
		"get gives the same answer for H with a line end, CRLF, a trailing space, a byte-order mark",
		[]string{"get_input_forms.txtar", "TestCallers", "FuzzGet"},
	},
	{ // 2
		"get takes H, H:443, http(s)://H[:443][/…], H/repo/path in any case, and never sends in plaintext",
		[]string{"get_input_forms.txtar", "TestParseAccepts", "TestNerdctl", "TestCraneCredsStore", "TestLookalikesCauseNoRequest"},
	},
	{ // 3
		"stdout is one JSON object with exactly ServerURL, Username and Secret, one newline, under 4 KiB",
		[]string{"get_cold_warm.txtar", "TestRun", "TestDockersOwnClient", "TestOras"},
	},
	{ // 4
		"on success stderr is empty",
		[]string{"get_cold_warm.txtar", "TestCallers", "TestEveryKeyAtOnce"},
	},
	{ // 5
		"not found is its phrase, exit code 1 and nothing on stderr",
		[]string{"get_not_found.txtar", "TestNerdctl", "TestCallers"},
	},
	{ // 6
		"hosts that are not ACR's are not found, without network",
		[]string{"get_not_found.txtar", "TestParseRefuses", "TestLookalikesCauseNoRequest", "TestRegistriesConf"},
	},
	{ // 7
		"empty input and a store without a user have their phrases",
		[]string{"get_empty.txtar", "store_refused.txtar"},
	},
	{ // 8
		"any other failure is exit code 1, one line on stdout, the same on stderr, without secret or backtick",
		[]string{"get_refused.txtar", "get_no_identity.txtar", "get_entra_errors.txtar", "TestCallers", "TestFirewall", "TestRun"},
	},
	{ // 9
		"erase succeeds silently for any host, however often",
		[]string{"erase.txtar", "TestNerdctl", "TestSkopeo", "TestPodman", "TestBuildah", "TestContainersImage"},
	},
	{ // 10
		"store succeeds for <token>, the null GUID, any user and password, in parallel and repeated, and makes no get worse",
		[]string{"store_password.txtar", "store_parallel.txtar", "store_refresh_token.txtar", "TestLogins", "TestOrasLogin", "TestCraneLogin"},
	},
	{ // 11
		"list succeeds with an object for any stdin, offline, with hosts for which get works",
		[]string{"list.txtar", "get_working_directory.txtar", "TestListers", "TestRegctlCredsStore"},
	},
	{ // 12
		"version, --version and -v succeed without network",
		[]string{"version_help.txtar", "TestCallers"},
	},
	{ // 13
		"no child outlives the helper with its stdout",
		[]string{"get_hanging_tool.txtar", "TestNoChildHoldsThePipes", "TestHangingToolIsKilledWithItsChildren"},
	},
	{ // 14
		"one deadline covers everything; no identity fails at once; a failure is remembered for seconds",
		[]string{"get_deadline.txtar", "get_no_identity.txtar", "get_failure_remembered.txtar", "TestFailureIsForgottenAfterFiveSeconds"},
	},
	{ // 15
		"50 gets at once make one exchange; a broken cache fails nothing; a killed writer leaves it valid",
		[]string{"get_parallel.txtar", "get_without_cache.txtar", "get_damaged_cache.txtar", "TestKillStorm", "TestKilledWriterLeavesAWholeEntry"},
	},
	{ // 16
		"works without HOME, in a deleted directory, with a minimal environment, without a terminal",
		[]string{"get_working_directory.txtar", "get_without_cache.txtar", "identity_interactive.txtar", "TestCallers"},
	},
	{ // 17
		"a cached token is handed out only with plenty of life left",
		[]string{"TestRenewsInTheLastHour", "TestFreshAndUsable"},
	},
	{ // 18
		"works under credHelpers, credsStore and registries.conf",
		[]string{"TestCraneCredsStore", "TestHelmCredsStore", "TestRegctlCredsStore", "TestRegistriesConf", "TestDocker"},
	},
	{ // 19
		"both forms of the user name pass with docker, buildctl, crane, oras, helm, skopeo, podman, regctl",
		[]string{"TestDocker", "TestBuildKit", "TestCrane", "TestOras", "TestHelm", "TestSkopeo", "TestPodman", "TestRegctl"},
	},
	{ // 20
		"runs on Windows through PATHEXT and cmd /c",
		[]string{"TestCallers"}, // Spring Boot and testcontainers-java, where the tests run on Windows
	},
	{ // 21
		"what overrides the helper is documented and true",
		// DOCKER_AUTH_CONFIG in TestDocker; the daemon of TestBuildKit has no identity.
		[]string{"TestHelmLogin", "TestRegctlLogin", "TestDocker", "TestBuildKit", "TestConfigurePodman"},
	},
	{ // 22
		"the helper package fits go-containerregistry's authn.NewKeychainFromHelper",
		[]string{"Example", "TestKeychain", "TestKeychainOthers"},
	},
}

// TestRequirements finds each test that a requirement is traced to.
func TestRequirements(t *testing.T) {
	root := filepath.Join("..", "..")
	functions := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Example)\w*)\(`)
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		content, err := os.ReadFile(path)
		for _, m := range declared.FindAllSubmatch(content, -1) {
			functions[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(requirements) != 22 {
		t.Errorf("%d requirements", len(requirements))
	}
	for i, r := range requirements {
		for _, name := range r.tests {
			_, err := os.Stat(filepath.Join(root, "testdata", "script", name))
			if isScript := strings.HasSuffix(name, ".txtar"); isScript && err != nil || !isScript && !functions[name] {
				t.Errorf("requirement %d, %s: there is no %s", i+1, r.what, name)
			}
		}
		if len(r.tests) == 0 {
			t.Errorf("requirement %d, %s: nothing holds it", i+1, r.what)
		}
	}
}
