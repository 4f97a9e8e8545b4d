# `make` lists what there is. Every target works offline once the Go modules are in the module cache.

GO        ?= go
TOOL      := $(GO) tool -modfile=tools/go.mod
PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
VERSION   ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
# Packages with benchmarks of the hot path, and how often each runs: benchstat wants at least six for an interval.
BENCH     ?= ./internal/pack/... ./internal/match ./internal/decode ./internal/scan ./internal/history
COUNT     ?= 6
BENCHTIME ?= 0.3s

.PHONY: help build test check fmt vet lint race layers tidy cross selfscan soak bench bench-baseline fuzz release release-check deps clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build ./sprawl
	CGO_ENABLED=0 $(GO) build -o sprawl$(shell $(GO) env GOEXE) ./cmd/sprawl

test: ## run the tests: offline, deterministic
	$(GO) test -timeout 30m ./...

check: fmt vet lint layers tidy cross release-check race ## everything a change must pass

fmt: ## fail if a file is not formatted
	@out=$$(gofmt -l $$(git ls-files --cached --others --exclude-standard '*.go')); \
	if [ -n "$$out" ]; then printf 'not formatted (gofmt -w):\n%s\n' "$$out"; exit 1; fi

vet: ## go vet, here and for the systems that nobody here runs
	$(GO) vet ./...
	GOOS=windows CGO_ENABLED=0 $(GO) vet ./...
	GOOS=darwin CGO_ENABLED=0 $(GO) vet ./...

lint: ## golangci-lint, as pinned in tools/go.mod
	$(TOOL) golangci-lint config verify
	$(TOOL) golangci-lint run ./...

soak: ## the crawl killed, stopped and starved at every seeded point (a quarter of an hour)
	SPRAWL_SOAK=1 $(GO) test ./cmd/sprawl -run 'TestKill$$|TestTrouble$$' -count=1 -timeout 60m

race: ## the tests under the race detector (needs a C compiler), without those about sizes and times
	CGO_ENABLED=1 $(GO) test -race -short -timeout 30m ./...

layers: ## the import table
	$(GO) test -count=1 ./internal/layers

tidy: ## fail if go.mod or go.sum is not tidy
	$(GO) mod tidy -diff

cross: ## build for every platform
	@set -e; for p in $(PLATFORMS); do \
		echo "build $$p"; \
		CGO_ENABLED=0 GOOS=$${p%/*} GOARCH=$${p#*/} $(GO) build -o /dev/null ./cmd/sprawl; \
	done

selfscan: build ## scan this repository, history included, with its own binary
	./sprawl scan .

bench: ## run the benchmarks into bench/new.txt and compare with bench/baseline.txt
	@mkdir -p bench
	$(GO) test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) -count $(COUNT) $(BENCH) > bench/new.txt || { cat bench/new.txt; exit 1; }
	@if [ -f bench/baseline.txt ]; then $(TOOL) benchstat bench/baseline.txt bench/new.txt; \
	else $(TOOL) benchstat bench/new.txt; echo 'no bench/baseline.txt: make bench-baseline keeps these figures as one'; fi

bench-baseline: ## keep bench/new.txt as what later runs are compared with
	cp bench/new.txt bench/baseline.txt

fuzz: ## run every fuzz target for FUZZTIME (15s)
	@set -e; $(GO) list ./... | while read -r pkg; do \
		$(GO) test -list '^Fuzz' "$$pkg" | grep '^Fuzz' | while read -r target; do \
			echo "$$pkg $$target"; $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(or $(FUZZTIME),15s) -fuzzminimizetime 20x "$$pkg"; \
		done; \
	done

release: ## build dist/ for every platform: archives, notices, checksums; the same commit gives the same bytes
	@rm -rf dist && mkdir dist
	@set -e; for p in $(PLATFORMS); do \
		os=$${p%/*}; arch=$${p#*/}; ext=; [ "$$os" = windows ] && ext=.exe; \
		echo "build $$p"; \
		CGO_ENABLED=0 GOOS=$$os GOARCH=$$arch $(GO) build -trimpath -buildvcs=false -ldflags '-s -w -buildid= -X main.version=$(VERSION)' \
			-o "dist/sprawl_$${os}_$$arch$$ext" ./cmd/sprawl; \
	done
	@GOFLAGS= $(GO) -C tools run ./release -root .. -dist ../dist -version $(VERSION) -time $(or $(SOURCE_DATE_EPOCH),$(shell git log -1 --format=%ct 2>/dev/null),0) \
		-modules "$$($(GO) env GOMODCACHE)" -goroot "$$($(GO) env GOROOT)"
	@cat dist/SHA256SUMS

release-check: ## release this platform twice, from two copies of the newest commit, and compare
	$(GO) -C tools test ./release
	@set -e; tmp=$$(mktemp -d); trap 'rm -rf "$$tmp"' EXIT; \
	for copy in one two; do \
		mkdir "$$tmp/$$copy"; git archive HEAD | tar -x -C "$$tmp/$$copy"; \
		$(MAKE) -s -C "$$tmp/$$copy" release VERSION=check SOURCE_DATE_EPOCH=1 PLATFORMS="$$($(GO) env GOOS)/$$($(GO) env GOARCH)" > /dev/null; \
	done; \
	cmp "$$tmp/one/dist/SHA256SUMS" "$$tmp/two/dist/SHA256SUMS" && echo 'both releases are the same:' && cat "$$tmp/one/dist/SHA256SUMS"

examples: ## make docs/examples again, of an organisation that does not exist
	$(GO) test ./report -run 'TestExamples|TestScreenshots' -update
	$(GO) test ./cmd/sprawl -run TestPicture -update

deps: ## fetch what build, tests and checks need; everything after works offline
	$(GO) mod download
	$(GO) mod download -modfile=tools/go.mod
	@.ci/need git cc
	@.ci/tools

clean: ## remove what was built
	rm -rf sprawl sprawl.exe dist bench/new.txt
