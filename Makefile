# Works with GNU make 3.81, which is what macOS ships, and any POSIX sh.
# Building, testing and the demo need Go and make; nothing else.

GO ?= go
NAME := docker-credential-acr
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)
COMMIT ?= $(shell git rev-parse HEAD 2>/dev/null)
DATE ?= $(shell TZ=UTC git log -1 --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd 2>/dev/null)
PLATFORMS ?= linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64

# auto: with the race detector where it works. Or -race, or nothing.
RACE ?= auto
FUZZTIME ?= 30s

# Where the files of a release will be, for the files of package managers.
RELEASE_URL ?= https://example.com/docker-credential-acr
# Fuzz targets at a time, and processes of each.
FUZZJOBS ?= 4
FUZZWORKERS ?= 1
TESTFLAGS ?=
E2EFLAGS ?=
ARGS ?=

EXE = $(shell $(GO) env GOEXE)
LDFLAGS = -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT) -X main.date=$(DATE)
BUILD = CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)'

# $(call tool,MODULE,NAME,PACKAGE): a program of a nested module, at the version
# that its go.mod pins, in bin/. Go builds it again only when that changes.
tool = GOOS= GOARCH= $(GO) build -C $(1) -buildvcs=false -o '$(CURDIR)/bin/$(2)$(EXE)' $(3)

.DEFAULT_GOAL := help
.PHONY: help build install man completions test demo picture emulator release release-test e2e bench fuzz lint lint-format lint-vet \
	lint-staticcheck lint-errors lint-ci cross tidy-check vuln tools clients check clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

build: ## build bin/docker-credential-acr, static
	$(BUILD) -o bin/$(NAME)$(EXE) .

install: build ## install it to PREFIX/bin, or where go install would
	@if [ -n '$(PREFIX)' ]; then dir='$(DESTDIR)$(PREFIX)/bin'; \
	else dir=$$($(GO) env GOBIN); [ -n "$$dir" ] || dir=$$($(GO) env GOPATH)/bin; fi; \
	mkdir -p "$$dir" && cp bin/$(NAME)$(EXE) "$$dir/.$(NAME).new" && \
	chmod 755 "$$dir/.$(NAME).new" && mv -f "$$dir/.$(NAME).new" "$$dir/$(NAME)$(EXE)" && \
	echo "installed $$dir/$(NAME)$(EXE)" && \
	case ":$$PATH:" in *":$$dir:"*) ;; *) echo "not on PATH yet: $$dir" ;; esac

# Packages take the pages from dist/man (share/man/man1) and the completions from
# dist/completions:
#
#	docker-credential-acr.bash  share/bash-completion/completions/docker-credential-acr
#	_docker-credential-acr      share/zsh/site-functions (Debian: vendor-completions)
#	docker-credential-acr.fish  share/fish/vendor_completions.d
#	docker-credential-acr.ps1   a file that $$PROFILE reads
#
# Both are the same on every machine and for every system.
man: ## write the manual pages, into dist/man
	SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct 2>/dev/null)} GOOS= GOARCH= \
		$(GO) run ./internal/manpages dist/man

completions: ## write the completions for shells, into dist/completions
	@mkdir -p dist/completions; GOOS= GOARCH= $(GO) build -o bin/host/$(NAME)$(EXE) . && \
	for script in bash:$(NAME).bash zsh:_$(NAME) fish:$(NAME).fish powershell:$(NAME).ps1; do \
		echo "write dist/completions/$${script#*:}"; \
		bin/host/$(NAME)$(EXE) completion $${script%%:*} >dist/completions/$${script#*:} || exit 1; \
	done

test: ## run all tests, with the race detector if there is a C compiler
	@case '$(RACE)' in \
	auto) race=-race; $(GO) test -race -run '^$$' errors >/dev/null 2>&1 || { race=; \
		echo 'make test: the race detector does not work here (it needs a C compiler); testing without it'; } ;; \
	*) race='$(RACE)' ;; \
	esac; \
	set -x; $(GO) test $$race -timeout 5m $(TESTFLAGS) ./...

demo: ## push and pull through the helper, against the emulator
	$(GO) run ./internal/demo $(ARGS)

picture: ## draw docs/demo.svg from a run of the demo
	$(GO) run ./internal/demo/picture $(ARGS)

emulator: ## start the emulator of Entra, IMDS and ACR; prints what to export
	$(GO) run ./internal/azuretest/cmd/azure-emulator $(ARGS)

release: ## build archives, packages, image and checksums into dist/
	$(GO) build -C tools/release -buildvcs=false -o '$(CURDIR)/bin/tools/release$(EXE)' .
	bin/tools/release$(EXE) -o dist -url '$(RELEASE_URL)'

release-test: ## build the release twice, compare, install and remove it (Linux, root)
	$(GO) test -C tools/release -count=1 -timeout 20m .

e2e: clients ## test with real clients: docker, podman, skopeo, crane, helm ...
	PATH="$(CURDIR)/bin/clients:$$PATH" $(GO) test -tags e2e -count=1 -timeout 25m ./internal/e2e $(E2EFLAGS)

bench: ## measure speed beside other helpers, ARGS='ecr-login gcr'; writes docs/benchmarks.md
	$(GO) run ./internal/bench -version '$(VERSION)' $(ARGS)

# At the end of its time Go may report a bare "context deadline exceeded", without
# a failing input, and mean that the time is over (https://go.dev/issue/75804).
fuzz: ## run every fuzz target for FUZZTIME (30s), FUZZJOBS (4) side by side
	@listed=$$($(GO) test -list '^Fuzz' ./...) || { echo "$$listed"; exit 1; }; \
	targets=$$(echo "$$listed" | awk '/^Fuzz/ { name[++n] = $$1 } \
		/^ok/ { for (i = 1; i <= n; i++) print $$2 "/" name[i] } /^(ok|\?)/ { n = 0 }'); \
	[ -n "$$targets" ] || { echo 'make fuzz: no fuzz target found'; exit 1; }; \
	echo "$$targets" | xargs -n 1 -P $(FUZZJOBS) sh -c 'target=$$1; \
		said=$$($(GO) test -run "^$$" -fuzz "^$${target##*/}\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 5s -parallel $(FUZZWORKERS) "$${target%/*}" 2>&1); code=$$?; \
		[ $$code = 0 ] || case $$said in \
			*"Failing input"*|*panic:*) false ;; \
			*"    context deadline exceeded"*) ;; \
			*) false ;; \
		esac || { echo "$$said"; echo "fuzz $$target FAILED"; exit 1; }; \
		echo "fuzz $$target for $(FUZZTIME): $$(echo "$$said" | grep execs: | tail -1)"' fuzz

.PHONY: fleet soak
fleet: ## simulate a fleet of build nodes; writes docs/fleet.svg and the table in docs/limits.md
	$(GO) run ./internal/fleet

SOAK ?= 100000
soak: ## 100,000 gets (SOAK) while the cache expires underneath; takes some minutes
	$(GO) test -count=1 -run '^TestSoak$$' -timeout 2h -v . -soak $(SOAK)

lint: lint-format lint-vet lint-staticcheck lint-errors lint-ci ## check the code, for every platform, and the CI files

lint-format:
	@$(call tool,tools,tools/gofumpt,mvdan.cc/gofumpt)
	@files=$$(bin/tools/gofumpt$(EXE) -l .) || exit 1; [ -z "$$files" ] || \
		{ echo 'not formatted, mend with bin/tools/gofumpt -w:'; echo "$$files"; exit 1; }

lint-vet:
	@failed=; for platform in $(PLATFORMS); do \
		echo "go vet $$platform"; \
		CGO_ENABLED=0 GOOS=$${platform%/*} GOARCH=$${platform#*/} $(GO) vet -tags e2e ./... || failed=1; \
	done; [ -z "$$failed" ]

lint-staticcheck:
	@$(call tool,tools,tools/staticcheck,honnef.co/go/tools/cmd/staticcheck)
	@failed=; for os in linux darwin windows; do \
		echo "staticcheck $$os"; \
		CGO_ENABLED=0 GOOS=$$os bin/tools/staticcheck$(EXE) -tags e2e ./... || failed=1; \
	done; [ -z "$$failed" ]

# Of the packages in the program. Where an error is of no use, the line ends in
# "//nolint:errcheck // REASON".
lint-errors:
	@$(call tool,tools,tools/errcheck,github.com/kisielk/errcheck)
	@packages=$$($(GO) list -deps -f '{{with .Module}}{{if .Main}}{{$$.ImportPath}}{{end}}{{end}}' .) || exit 1; \
	failed=; for os in linux darwin windows; do \
		echo "errcheck $$os"; \
		found=$$(CGO_ENABLED=0 GOOS=$$os bin/tools/errcheck$(EXE) -ignoretests $$packages); code=$$?; \
		[ $$code -le 1 ] || failed=1; \
		echo "$$found" | awk 'NF && !/\/\/nolint:errcheck \/\/ ./ { print; n++ } END { exit n > 0 }' || failed=1; \
	done; [ -z "$$failed" ]

lint-ci:
	@$(call tool,tools,tools/actionlint,github.com/rhysd/actionlint/cmd/actionlint)
	bin/tools/actionlint$(EXE) .github/workflows/*.yml
	@if command -v shellcheck >/dev/null; then set -x; shellcheck .ci/run packaging/*/*.sh; \
	else echo 'shellcheck is not installed; scripts are not checked'; fi

cross: ## build for Linux, macOS and Windows, on amd64 and arm64, into dist/
	@for platform in $(PLATFORMS); do \
		os=$${platform%/*} arch=$${platform#*/} exe=; [ $$os != windows ] || exe=.exe; \
		out=dist/$(NAME)-$$os-$$arch$$exe; echo "build $$out"; \
		GOOS=$$os GOARCH=$$arch $(BUILD) -o $$out . || exit 1; \
	done

# What replaces a module by the directory of this one has no archive to verify:
# "missing ziphash".
tidy-check: ## check go.mod and go.sum of every module
	@failed=; for file in $$(find . -name go.mod -not -path '*/testdata/*'); do \
		dir=$${file%/go.mod}; echo "go mod tidy -diff, go mod verify: $$dir"; \
		$(GO) mod tidy -C $$dir -diff && { out=$$($(GO) mod verify -C $$dir 2>&1) || \
			! echo "$$out" | grep -v '^docker-credential-acr v0.0.0: missing ziphash'; } || failed="$$failed $$dir"; \
	done; for dir in $$failed; do echo "mend with: go mod tidy -C $$dir"; done; [ -z "$$failed" ]

# Exit code 3: a vulnerability that the program can reach. 1: the database
# cannot be reached, among other things.
vuln: ## look for known vulnerabilities; skipped without the online database
	@$(call tool,tools,tools/govulncheck,golang.org/x/vuln/cmd/govulncheck)
	@out=$$(bin/tools/govulncheck$(EXE) ./... 2>&1); code=$$?; echo "$$out"; \
	[ $$code = 1 ] && echo "$$out" | grep -q 'fetching vulnerabilities' || exit $$code; \
	echo 'make vuln: SKIPPED, the vulnerability database cannot be reached'

tools: ## build the development tools into bin/tools
	$(call tool,tools,tools/gofumpt,mvdan.cc/gofumpt)
	$(call tool,tools,tools/staticcheck,honnef.co/go/tools/cmd/staticcheck)
	$(call tool,tools,tools/errcheck,github.com/kisielk/errcheck)
	$(call tool,tools,tools/govulncheck,golang.org/x/vuln/cmd/govulncheck)
	$(call tool,tools,tools/actionlint,github.com/rhysd/actionlint/cmd/actionlint)

clients: ## build the registry clients of the end-to-end tests into bin/clients
	$(call tool,tools,clients/crane,github.com/google/go-containerregistry/cmd/crane)
	$(call tool,tools/clients,clients/helm,helm.sh/helm/v4/cmd/helm)
	$(call tool,internal/e2e/clients,clients/helm3,helm.sh/helm/v3/cmd/helm)
	$(call tool,internal/e2e/clients/docker28,clients/docker28,github.com/docker/cli/cmd/docker)
	$(call tool,internal/e2e/clients/docker,clients/docker29,github.com/docker/cli/cmd/docker)
	@# compose asks buildx for its version
	GOFLAGS="-ldflags=-X=github.com/docker/buildx/version.Version=$$($(GO) list -C internal/e2e/clients/docker \
		-f '{{.Module.Version}}' github.com/docker/buildx/cmd/buildx)" \
		$(call tool,internal/e2e/clients/docker,clients/docker-buildx,github.com/docker/buildx/cmd/buildx)
	$(call tool,internal/e2e/clients/docker,clients/docker-compose,github.com/docker/compose/v5/cmd)
	$(call tool,internal/e2e/clients/docker,clients/buildctl,github.com/moby/buildkit/cmd/buildctl)
	$(call tool,internal/e2e/clients/docker,clients/buildkitd,github.com/moby/buildkit/cmd/buildkitd)
	$(call tool,tools/clients,clients/regctl,github.com/regclient/regclient/cmd/regctl)
	mkdir -p bin/clients/npm && cp internal/e2e/clients/npm/*.json bin/clients/npm/
	npm ci --prefix bin/clients/npm --ignore-scripts --no-audit --no-fund --silent
	ln -sf npm/node_modules/.bin/devcontainer bin/clients/devcontainer
	$(call tool,tools/kubelet,clients/kubelet-lookup,docker-credential-acr/tools/kubelet)

check: tidy-check lint test ## what to run before a commit

clean: ## remove bin and dist
	rm -rf bin dist
