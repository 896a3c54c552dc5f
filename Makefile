# Needs Python 3.11 or newer. All else goes into .venv, node_modules and static/vendor, without root.

PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
# Where Node.js is missing, the environment holds one.
export PATH := $(CURDIR)/$(BIN):$(PATH)

PACKAGES := .venv/.packages
NODE := .venv/.node
ASSETS := static/vendor/socket.io.min.js
TEST_PACKAGES := node_modules/.test-packages
UV_LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

.PHONY: help setup run cluster test test-unit test-integration test-postgresql test-e2e test-security faults soak load bench lint types docs migrate lock

help: ## List the commands
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "  make %-18s %s\n", $$1, $$2 }'

setup: $(PACKAGES) $(ASSETS) ## Create the environment and fetch the browser assets

run: setup ## Serve on http://127.0.0.1:3000 (HOST, PORT, DATABASE_URL … from the environment)
	@exec $(BIN)/python wsgi.py

cluster: setup ## Serve from PROCESSES=3 processes, with a PostgreSQL and a Redis of their own, behind nginx if there is one (PORT and settings from the environment)
	@exec $(BIN)/python -m tests.support.cluster

test: setup $(TEST_PACKAGES) ## Run all tests
	$(BIN)/pytest -n 2 --dist loadfile

test-unit: setup ## Run the tests of single modules
	$(BIN)/pytest tests/unit

test-integration: setup ## Run the tests of the application in one process
	$(BIN)/pytest -n 2 --dist loadfile tests/integration

test-postgresql: setup ## Run the tests of the application on SQLite and on PostgreSQL
	$(BIN)/pytest -n 2 --dist loadfile --each-database tests/integration

test-e2e: setup $(TEST_PACKAGES) ## Run the tests of a started server with real clients
	$(BIN)/pytest -n 2 --dist loadfile tests/e2e

test-security: setup $(TEST_PACKAGES) ## Attack a started server, each kind of attack for a minute (minutes)
	$(BIN)/pytest -o faulthandler_timeout=1800 --long tests/security --ignore tests/security/engine/test_soak.py

faults: setup $(TEST_PACKAGES) ## Kill servers, cut links and count what was lost, repeated or out of order (minutes)
	$(BIN)/pytest --long -o faulthandler_timeout=1800 tests/faults

soak: setup ## Have clients come and go for ten minutes, and hold what is left then against what was there before
	$(BIN)/pytest --long -o faulthandler_timeout=1800 tests/security/engine/test_soak.py

load: setup ## Put a server of its own under load with real clients (LOAD="--connections 1000 --rate 100 --report load.html")
	@exec $(BIN)/python -m tests.support.load $(LOAD)

bench: setup $(TEST_PACKAGES) ## Measure how soon and how many events are heard and what they cost, beside what must be reached
	@exec $(BIN)/python -m bench

lint: types ## Check style, types and the direction of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports

types: $(PACKAGES) ## Check types
	$(BIN)/mypy

docs: $(PACKAGES) ## Write anew what the documentation holds of the catalogue
	$(BIN)/python -m app.events.markdown
	$(BIN)/python -m bench.bytes

migrate: $(PACKAGES) ## Bring the database of DATABASE_URL to the newest schema
	$(BIN)/flask --app wsgi db upgrade

lock: $(NODE) ## Write the locks anew from pyproject.toml and package.json
	$(BIN)/python -m pip install -qq uv==0.13.9
	$(UV_LOCK) --group test pyproject.toml -o requirements.lock
	$(UV_LOCK) --group pyproject.toml:node -o requirements-node.lock
	npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved

$(PACKAGES): requirements.lock
	@{ test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))'; } \
		|| { echo 'Python 3.11 or newer is needed; name one with: make PYTHON=/path/to/python3' >&2; exit 1; }
	@echo 'Installing the Python packages into .venv …'
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -qq --require-hashes -r requirements.lock
	@touch $@

$(NODE): requirements-node.lock | $(PACKAGES)
	@npm --version >/dev/null 2>&1 && node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null \
		|| { echo 'Installing Node.js into .venv …'; \
		     $(BIN)/python -m pip install -qq --require-hashes -r requirements-node.lock; }
	@touch $@

$(ASSETS): package-lock.json | $(NODE)
	@echo 'Fetching the browser assets …'
	@npm ci --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@mkdir -p $(@D)
	@cp node_modules/uplot/dist/uPlot.esm.js node_modules/uplot/dist/uPlot.min.css $(@D)
	@cp node_modules/socket.io-client/dist/socket.io.min.js node_modules/socket.io-client/dist/socket.io.min.js.map $(@D)

$(TEST_PACKAGES): package-lock.json | $(NODE) $(ASSETS)
	@echo 'Fetching the JavaScript packages of the tests …'
	@npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@mkdir node_modules/.chromium # the package brings it compressed and inflates it into TMPDIR
	@TMPDIR="$(CURDIR)/node_modules/.chromium" node --input-type=module \
		--eval 'import chromium from "@sparticuz/chromium"; await chromium.executablePath()'
	@touch $@
