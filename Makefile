# Rollcall. `make` alone prints this help.
PYTHON ?= python3
WORKERS ?= 3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
CODE := shared services simulators tests benchmarks

.DEFAULT_GOAL := help
.PHONY: help setup run test check format events bench clients lock clean

help: ## Print what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## Make the environment in .venv; nothing outside this directory changes

$(READY): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] < (3, 14) else "Rollcall needs Python 3.11, 3.12 or 3.13; this is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.13 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: $(READY) ## Start everything in one process, play the story, and stay up
	$(BIN)/rollcall demo $(ARGS)

test: $(READY) ## Run the tests; ARGS="-k bus" narrows them, REQUIRE_SERVERS=1 turns a missing server into a failure
	$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

check: $(READY) ## Look at format, lint, types, import boundaries and generated documents
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/rollcall docs --check

format: $(READY) ## Format the code and mend what a linter can mend
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

events: $(READY) ## Write docs/events.md and docs/settings.md from the code
	$(BIN)/rollcall docs

bench: $(READY) ## Run the benchmarks beside their baselines; ARGS="--users 10000" narrows them
	$(BIN)/python -m venv benchmarks/.venv
	benchmarks/.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt
	$(BIN)/python -m benchmarks.connector $(ARGS)
	$(BIN)/python -m benchmarks.sync $(ARGS)

clients: $(READY) ## Build tests/clients/.venv: clients by others, which then read the simulator in the tests
	$(BIN)/python -m venv tests/clients/.venv
	tests/clients/.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/clients.txt

lock: ## Resolve requirements/*.txt anew from pyproject.toml (needs uv)
	uv pip compile --no-strip-extras --universal --python-version 3.11 --generate-hashes --no-header -q -o requirements/runtime.txt pyproject.toml
	uv pip compile --no-strip-extras --universal --python-version 3.11 --generate-hashes --no-header -q --extra dev -c requirements/runtime.txt -o requirements/dev.txt pyproject.toml
	uv pip compile --no-strip-extras --universal --python-version 3.11 --generate-hashes --no-header -q -o requirements/bench.txt requirements/bench.in
	uv pip compile --no-strip-extras --universal --python-version 3.11 --generate-hashes --no-header -q -o requirements/clients.txt requirements/clients.in
	uv pip compile --no-strip-extras --universal --python-version 3.11 --generate-hashes --no-header -q -c requirements/dev.txt -o requirements/build.txt requirements/build.in

clean: ## Remove the environment, caches and the embedded mode's data
	rm -rf $(VENV) benchmarks/.venv tests/clients/.venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage htmlcov dist rollcall-data
