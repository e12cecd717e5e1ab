# Every target sets up what it needs: the environment in .venv follows requirements.lock and pyproject.toml.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

UV_VERSION := 0.13.8
BIN := .venv/bin
HAVE_UV := .venv/.uv-$(UV_VERSION)
READY := .venv/.ready
ENGINE := .venv/.engine
CANDIDATES := $(strip $(PYTHON) python3.13 python3.12 python3.11 python3)
IN_RANGE := import sys, ensurepip, venv; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))

.PHONY: help setup demo test check format e2e load kill faults faults-pairs faults-random bench bench-engine contracts lock clean

# A file's tests go to one worker, so that what they share is made once; killed runs are few and long, so a worker that is done takes some.
# Workers share the cores: a pool of threads in each of them spends half of its time waiting for the other's.
test e2e kill: export POLARS_MAX_THREADS := 1
# Hundreds of processes are started: what one has compiled the next finds, also where the environment would have it otherwise.
test e2e kill: export PYTHONDONTWRITEBYTECODE :=

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: $(READY) ## Create or update .venv from requirements.lock

demo: $(ENGINE) ## Run the synthetic book through the whole system
	$(BIN)/evenkeel demo

test: $(ENGINE) ## Run the tests, all but the slow, e2e, kill and bench ones
	$(BIN)/pytest -n 2 --dist loadfile -m "not slow and not e2e and not kill and not bench"

check: $(READY) ## Check format, lint, types and the direction of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY) ## Format the code and fix what lint can fix
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

e2e: $(ENGINE) ## Run the end-to-end and slow tests: a server, a worker, both drivers
	$(BIN)/pytest -n 2 --dist loadfile -m "e2e or slow"

load: $(READY) ## Let fifty people act on ten thousand proposals at once, on SQLite and PostgreSQL, and print the rates
	EVENKEEL_LOAD=10000 $(BIN)/pytest -q -s tests/adapters/stores/test_many_actors.py -m slow

kill: $(ENGINE) ## Run the tests that kill processes midway
	$(BIN)/pytest -n 2 --dist worksteal -m kill

faults: $(ENGINE) ## Damage a day's files in every named way, one at a time, and print what the run makes of it
	$(BIN)/python -m tests.faults singles

faults-pairs: $(ENGINE) ## The same with all pairs of faults, in memory (an hour and more)
	$(BIN)/python -m tests.faults pairs

faults-random: $(ENGINE) ## The same with a thousand random damages, in memory
	$(BIN)/python -m tests.faults random

bench: $(ENGINE) ## Measure against the goals
	$(BIN)/python -m benchmarks

bench-engine: $(ENGINE) ## Measure the trade engine against its goals, a million accounts among them
	$(BIN)/python -m benchmarks engine

contracts: $(READY) ## Write data_contracts/README.md from the contracts
	$(BIN)/python -m evenkeel.run.contracts_page --write

lock: $(HAVE_UV) ## Resolve the dependencies of pyproject.toml into requirements.lock (UPGRADE=1: newest allowed)
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
		$(if $(UPGRADE),--upgrade) --quiet --output-file requirements.lock

clean: ## Remove the environment, caches and build output; data in .evenkeel stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A command that is found may still not run (a version manager's shim), so each candidate is tried.
$(HAVE_UV):
	@if ! { [ -x $(BIN)/python ] && $(BIN)/python -c '$(IN_RANGE)' && $(BIN)/python -m pip --version; } >/dev/null 2>&1; then \
		for candidate in $(CANDIDATES); do \
			if "$$candidate" -c '$(IN_RANGE)' >/dev/null 2>&1; then found=$$candidate; break; fi; \
		done; \
		if [ -z "$${found:-}" ]; then \
			echo "No Python 3.11, 3.12 or 3.13 with venv runs here (tried: $(CANDIDATES))." >&2; \
			echo "Install one (Debian and Ubuntu: also its python3-venv package), or name it: make setup PYTHON=/path/to/python3.13" >&2; \
			exit 1; \
		fi; \
		echo "Creating .venv with $$($$found --version)"; \
		"$$found" -m venv --clear .venv; \
	fi
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

$(READY): $(HAVE_UV) requirements.lock pyproject.toml
	@echo "Installing requirements.lock into .venv"
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes --compile-bytecode requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

# Compiled before anybody waits for it: a first run would else take its time for that.
$(ENGINE): $(READY) $(wildcard evenkeel/engine/*.py evenkeel/engine/kernels/*.py evenkeel/engine/households/*.py evenkeel/engine/households/kernels/*.py)
	@$(BIN)/evenkeel engine compile
	@touch $@
