# make help lists what there is to do.

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
LINT    := $(CURDIR)/bin/golangci-lint

# SQLite is C translated to Go: watched byte by byte it is ten times as slow, most of
# the time of all tests, and there is nothing of ours to find in it. The code neither
# starts goroutines nor uses locks or atomics, so that its callers are watched as well
# as before.
RACEFLAGS := '-gcflags=github.com/ncruces/go-sqlite3-wasm/v6/...=-race=false'

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the commands.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: build ## Build, and serve a demo on 127.0.0.1:8080 with its data in ./data.
	bin/dossier serve --demo

.PHONY: build
build: ## Build bin/dossier: one static file, no cgo.
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '-s -w -X main.version=$(VERSION)' -o bin/dossier ./cmd/dossier

.PHONY: test
test: ## Run every test that needs no server; DOSSIER_TEST_POSTGRES and DOSSIER_TEST_S3 add theirs.
	go test ./...

.PHONY: check
check: fmt vet lint race ## Run all checks and tests, as continuous integration does.

.PHONY: fmt
fmt: ## Fail on files that gofmt would change.
	@files=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); \
	if [ -n "$$files" ]; then echo "gofmt would change:"; echo "$$files"; exit 1; fi

.PHONY: vet
vet: ## Run go vet and staticcheck.
	go vet ./...
	go tool staticcheck ./...

.PHONY: lint
lint: $(LINT) ## Run golangci-lint.
	$(LINT) run

# The linter is a tool of a module of its own, which keeps its dependencies out of
# the product's.
$(LINT): tools/go.mod tools/go.sum
	cd tools && go build -o $@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

.PHONY: race
race: ## Run the tests under the race detector.
	go test -race $(RACEFLAGS) -timeout 20m $(TESTFLAGS) ./...

.PHONY: bench
bench: build ## Measure against other servers, side by side; see docs/BENCHMARKS.md.
	cd bench && go run .

.PHONY: clean
clean: ## Remove what was built. ./data stays.
	rm -rf bin
