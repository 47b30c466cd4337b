# `make` shows what there is. Everything runs on the Node of package-lock.json, which `npm ci`
# brings along; the machine's own Node (18 or later) and npm are needed once, for that.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

# Written by npm at the end of an installation: older than the lock file means install again.
INSTALLED := node_modules/.package-lock.json
JEST := node --experimental-vm-modules --disable-warning=ExperimentalWarning node_modules/jest/bin/jest.js

CUSTOMERS ?= 100
ROWS ?= 100000
SEED ?= 1
# What came of the storm, in one line.
STORM_LINE := out/storm.txt
FAULT_TESTS := test/faults test/e2e/builder test/e2e/intake '[.]faults[.]' '[.]fuzz[.]'

# Folders of AssemblyScript: each makes one module, beside itself.
ASSEMBLY := $(addprefix functions/statement-builder/,zip/table-deflate/assembly lines/row-lines/assembly \
	contents/row-texts/assembly)

# Knative resolves no names under dev.local/ at a registry, so imported images are enough.
IMAGE_PREFIX ?= dev.local/transactions-collector
TAG ?= dev

.PHONY: help demo run seed test test-engines test-node test-faults simulate bench bench-quick profile deploy status undeploy e2e bundle images package cli wasm check format clean

help: ## show this
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(INSTALLED) ## one statement from event to zip on this machine, shown step by step
	@exec node infra/local/run/run.ts demo

run: $(INSTALLED) ## the same, then stays up for your own requests until Ctrl-C
	@exec node infra/local/run/run.ts run

seed: $(INSTALLED) ## fill the bank of `make run` anew: CUSTOMERS=100 ROWS=100000 SEED=1
	@exec node infra/local/run/seed.ts "$(CUSTOMERS)" "$(ROWS)" "$(SEED)"

# Tests start hundreds of processes of the same modules.
test: export NODE_COMPILE_CACHE := $(CURDIR)/node_modules/.cache/compiled
test: $(INSTALLED) ## all tests, on real servers; TESTS=test/unit for some of them
	@exec $(JEST) $(TESTS)

# Every suite of a database or a store on all that is available, and a table of that at the end, which
# goes into infra/databases-and-stores.md. With TESTS some of them run again, and the others stay as they came out.
test-engines: $(INSTALLED) ## the suites of databases and stores on all of them: ENGINES="mysql-9.7 minio" for some
	@export ENGINES="$(or $(ENGINES),all)" ENGINE_RESULTS=out/engines.json; failed=0; \
	[ -n "$(TESTS)" ] || rm -f "$$ENGINE_RESULTS"; \
	$(JEST) $(TESTS) || failed=$$?; \
	node test/support/engines/report.ts; exit $$failed

test-node: $(INSTALLED) ## what needs a node and no Knative, on the cluster of KUBECONFIG whose node is this machine
	@exec $(JEST) --config test/node/jest.config.js $(TESTS)

# --forceExit: over a socket that was reset in mid-write, Node 24 waits forever in its own clean-up.
test-faults: $(INSTALLED) ## break everything on purpose: STORM_MINUTES=24 FUZZ_RUNS=10000 FUZZ_INPUTS=100000 SEED=1
	@rm -f $(STORM_LINE); mkdir -p $(dir $(STORM_LINE)); failed=0; \
	export STORM_MINUTES="$${STORM_MINUTES:-24}" FUZZ_RUNS="$${FUZZ_RUNS:-10000}" FUZZ_INPUTS="$${FUZZ_INPUTS:-100000}" DEEP_LIVES="$${DEEP_LIVES:-300}" SEED="$(SEED)" STORM_LINE="$(STORM_LINE)" LARGE_ZIPS=1; \
	$(JEST) --runInBand --forceExit $(or $(TESTS),$(FAULT_TESTS)) || failed=$$?; \
	cat $(STORM_LINE); exit $$failed

# What a world leaves behind dies young: the larger nursery is a tenth of the time.
simulate: $(INSTALLED) ## try interleavings of the shipped functions on a virtual clock: SEED=1 SEEDS=200, MINUTES=, PROCESSES=2, STORY=1, MUTANTS=1; EXHAUST=1: every order of a small world, with up to one fault; DEEP=1: as processes, on loopback
	@SEED="$(SEED)" exec node --max-semi-space-size=64 test/simulate/$(if $(DEEP),deep/)main.ts

bench: $(INSTALLED) ## how fast, against the C tools and the database alone: BENCH=builder for one
	@exec node test/bench/run.ts

bench-quick: $(INSTALLED) ## the same on small data, in two minutes
	@exec node test/bench/run.ts --quick

profile: $(INSTALLED) ## where the builder's time goes, by function; OF=small for statements of 500 rows
	@exec node test/bench/profile.ts

# What goes into the images, dist/programs/.
bundle: $(INSTALLED)
	@exec node infra/kubernetes/images/bundle.ts

images: bundle ## container images, and dist/images/*.tar: IMAGE_PREFIX=… TAG=… BASE=… ENGINE=docker; IMAGES="…" for some
	@IMAGE_PREFIX="$(IMAGE_PREFIX)" TAG="$(TAG)" BASE="$(BASE)" DEBIAN_BASE="$(DEBIAN_BASE)" ENGINE="$(ENGINE)" \
	  exec node infra/kubernetes/images/images.ts $(IMAGES)

# Kept beside its sources, as nothing else is built for running; a test builds it again and compares.
wasm: $(INSTALLED) ## the WebAssembly of deflate, lines and formats, from its AssemblyScript
	@for folder in $(ASSEMBLY); do (cd "$$folder" && asc --config asconfig.json --target release); done

check: $(INSTALLED) ## format, lint and import fences, types, lock file
	prettier --check .
	eslint .
	depcruise --output-type err-long functions infra
	tsc
	npm ci --dry-run --ignore-scripts --loglevel=error > /dev/null

format: $(INSTALLED) ## format every file
	prettier --write --log-level=warn .

package: $(INSTALLED) ## what is published to npm: dist/transactions-collector-VERSION.tgz
	@exec node infra/clients/package/package.ts

deploy: $(INSTALLED) ## install on the cluster of KUBECONFIG and wait: OVERLAY=local, or a path of your own
	@exec node infra/kubernetes/deploy/main.ts deploy

status: $(INSTALLED) ## what of it is ready, and what the ledger holds: OVERLAY=local
	@exec node infra/kubernetes/deploy/main.ts status

undeploy: $(INSTALLED) ## remove it, but for a ledger with requests: OVERLAY=local LEDGER=delete
	@exec node infra/kubernetes/deploy/main.ts undeploy

e2e: $(INSTALLED) ## all promises on the cluster of KUBECONFIG, in namespaces of their own: KEEP=1
	@node infra/kubernetes/deploy/main.ts check
	@exec $(JEST) --config test/e2e-cluster/jest.config.js

cli: $(INSTALLED) ## the operator's tool: ARGS="list --state failed", ARGS="--local doctor", ARGS=--help
	@exec node infra/operator/statements.ts $(ARGS)

clean: ## remove what runs and tests leave behind (out/, coverage/), not node_modules
	rm -rf out coverage

$(INSTALLED): package.json package-lock.json
	@found=$$(node --version 2> /dev/null) && command -v npm > /dev/null || \
	  { echo "Node 18 or later is needed, with npm, and not there: https://nodejs.org" >&2; exit 1; }; \
	  major=$${found#v}; [ "$${major%%.*}" -ge 18 ] || \
	  { echo "Node 18 or later is needed, and this is $$found: https://nodejs.org" >&2; exit 1; }
	@echo "installing packages (once, about a minute) …"
	@npm ci --loglevel=error || { echo "npm failed. Where HOME cannot be written: export npm_config_cache=/tmp/npm XDG_CACHE_HOME=/tmp/cache" >&2; exit 1; }
	@node -e 'if (+process.versions.node.split(".")[0] < 24) throw new Error("Node 24 or later is needed, this is " + process.version)'
	@touch $@
