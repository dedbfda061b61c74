# What one does in a checkout. Everything is installed into .venv, from requirements that are pinned by their hashes.

PYTHON ?= python3
PORT ?= $(or $(BRIEFING_PORT),8000)
ARGS ?=
RUNS ?= 3
# Test processes: tests often wait, so two more than there are processors. With ARGS there is one, because each process takes
# 15 s to collect the tests.
JOBS ?= $(if $(ARGS),0,$(shell $(PYTHON) -c 'import os; print(min(8, (os.cpu_count() or 1) + 2))'))

# A file of tests stays in one process, and files start in the order of tests/conftest.py.
PARALLEL := -n $(JOBS) --dist loadfile --no-loadscope-reorder
# Bytecode is kept, whatever the caller's environment says. Without it each service that a test starts compiles its packages
# anew: 4.4 s of processor time instead of 1.5.
export PYTHONDONTWRITEBYTECODE :=

BIN := .venv/bin
# An environment knows its path by heart: a checkout that was moved gets a new one.
CREATED := .venv/created-$(shell pwd | cksum | cut -d ' ' -f 1)
PIP := $(BIN)/python -m pip
# uv is ten times as fast as pip; without it pip does the same.
INSTALL := { [ -x $(BIN)/uv ] && VIRTUAL_ENV="$$PWD/.venv" UV_LINK_MODE=copy $(BIN)/uv pip install --quiet --python $(BIN)/python \
	--require-hashes -r requirements/build.txt -r $$file || $(PIP) install --quiet --require-hashes -r requirements/build.txt -r $$file; } \
	&& $(PIP) install --quiet --no-deps --no-build-isolation -e .
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --no-emit-find-links $(ARGS)
# Every file that pins packages by their hashes.
LOCKED := requirements/service.txt requirements/test.txt requirements/bench.txt requirements/build.txt requirements/uv.txt \
	openapi/sdk/requirements.txt openapi/sdk/python/requirements-test.txt tests/generators/requirements.txt \
	tests/generators/graphql/requirements.txt tests/files/requirements.txt tests/deploy/requirements.txt
# The tools that make clients stand apart: ariadne-codegen needs a graphql-core older than that of the service.
SDK := .venv/sdk

.PHONY: help serve test test-full coverage lint bench contract sdk bundle pictures lock clean
.DEFAULT_GOAL := help

help: ## Show what there is to make
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 18
	@echo 'PYTHON=… names the interpreter (3.11 or later), ARGS=… is handed to pytest or to uv, JOBS=… is the number of test processes.'

serve: .venv/installed ## Serve the sample on PORT (8000), from a Postgres of its own if BRIEFING_DATABASE_URL names none
	@BRIEFING_PORT='$(PORT)' exec $(BIN)/briefing serve --sample

test: .venv/installed-test ## Run the tests (ARGS='-k name')
	$(BIN)/python -m pytest $(PARALLEL) $(ARGS)

test-full: .venv/installed-test ## Run all tests, the slow ones too, and then those of faults RUNS times (RUNS=20)
	$(BIN)/python -m pytest -m '' $(PARALLEL) $(ARGS)
	@for run in $$(seq $(RUNS)); do echo "== faults, run $$run of $(RUNS)"; \
		$(BIN)/python -m pytest -m fault $(ARGS) || exit 1; done

coverage: .venv/installed-test ## Run the tests, and show what no test runs
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(PARALLEL) $(ARGS); $(BIN)/coverage combine --quiet && $(BIN)/coverage report

lint: .venv/installed-test ## Check style, types, who imports whom, and that no contract breaks a released one
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/briefing contract --check

bench: .venv/installed-bench ## Measure, and write tests/bench/RESULTS.md (ARGS=--quick for small stores)
	$(BIN)/python -m tests.bench.run $(ARGS)

contract: .venv/installed ## Write the contract files anew
	$(BIN)/briefing contract

sdk: .venv/sdk/installed ## Build the Python and TypeScript clients of the contracts into dist/ (ARGS=python for one)
	$(SDK)/bin/python openapi/sdk/generate $(ARGS)

bundle: ## Bundle the map of the pages anew (needs npm)
	cd api/pages/bundle && npm ci --no-audit --no-fund && npm run build

pictures: .venv/installed-test ## Take the pictures of the pages in docs/pictures/ (needs Chromium)
	WRITE_PICTURES=1 $(BIN)/python -m pytest tests/pages/test_pictures.py

lock: .venv/installed-test ## Pin the dependencies anew (ARGS=--upgrade for the newest)
	@[ -x $(BIN)/uv ] || $(PIP) install --quiet --require-hashes -r requirements/uv.txt
	$(COMPILE) --extra embedded -o requirements/service.txt pyproject.toml
	$(COMPILE) --extra embedded --extra test --constraint requirements/service.txt -o requirements/test.txt pyproject.toml
	$(COMPILE) --extra embedded --extra test --extra bench --constraint requirements/test.txt -o requirements/bench.txt pyproject.toml
	$(COMPILE) --group build --constraint requirements/bench.txt -o requirements/build.txt
	$(COMPILE) --group uv -o requirements/uv.txt
	$(COMPILE) -o openapi/sdk/requirements.txt openapi/sdk/requirements.in
	$(COMPILE) -o openapi/sdk/python/requirements-test.txt openapi/sdk/python/requirements-test.in
	$(COMPILE) -o tests/generators/requirements.txt tests/generators/requirements.in
	$(COMPILE) -o tests/generators/graphql/requirements.txt tests/generators/graphql/requirements.in
	$(COMPILE) -o tests/files/requirements.txt tests/files/requirements.in
	$(COMPILE) -o tests/deploy/requirements.txt tests/deploy/requirements.in
	@! grep -n '://' $(LOCKED)

clean: ## Remove what was installed and cached; the data in .briefing stays
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist .coverage*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(CREATED):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "This needs Python 3.11 or later, and '$(PYTHON)' is none. Name one: make PYTHON=python3.12" >&2; exit 1; }
	@# The environment of another checkout would be cleared through a link to it.
	@[ ! -h .venv ] || rm .venv
	@$(PYTHON) -m venv --clear .venv || { \
		echo "$(PYTHON) cannot make an environment. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@$(PIP) install --quiet --require-hashes -r requirements/uv.txt 2>/dev/null || echo 'Going on without uv.'
	@touch $@

.venv/installed: requirements/service.txt requirements/build.txt pyproject.toml $(CREATED)
	@echo 'Installing what the service needs …'
	@file=requirements/service.txt; $(INSTALL)
	@touch $@

.venv/installed-test: requirements/test.txt requirements/build.txt pyproject.toml $(CREATED)
	@echo 'Installing what the service and its tests need …'
	@file=requirements/test.txt; $(INSTALL)
	@touch $@ .venv/installed

.venv/installed-bench: requirements/bench.txt requirements/build.txt pyproject.toml $(CREATED)
	@echo 'Installing what the service, its tests and those that it is compared with need …'
	@file=requirements/bench.txt; $(INSTALL)
	@touch $@ .venv/installed .venv/installed-test

$(SDK)/installed: openapi/sdk/requirements.txt $(CREATED)
	@echo 'Installing the tools that build the clients …'
	@$(BIN)/python -m venv --clear $(SDK)
	@[ -x $(BIN)/uv ] && UV_LINK_MODE=copy $(BIN)/uv pip install --quiet --python $(SDK)/bin/python --require-hashes \
		-r openapi/sdk/requirements.txt || $(SDK)/bin/python -m pip install --quiet --require-hashes -r openapi/sdk/requirements.txt
	@touch $@
