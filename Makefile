# Two commands do all the set-up: `make demo` and `make test`.  VENV may name another place.
# PYTHON=python3.13 takes another Python, with an environment of its own: .venv-3.13.
PYTHON ?= python3
ifneq ($(PYTHON),python3)
  FOUND := $(shell python3 tests/pythons.py $(PYTHON))
  ifeq ($(FOUND),)
    $(error PYTHON=$(PYTHON) cannot be used)
  endif
  override PYTHON := $(firstword $(FOUND))
  VENV ?= .venv-$(lastword $(FOUND))
endif
VENV ?= .venv
AZ_VENV ?= .venv-az
BIN := $(VENV)/bin
READY := $(VENV)/.ready

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(READY) ## Audit the recorded organization in fixtures/contoso
	@$(BIN)/contacts-audit audit --replay fixtures/contoso; code=$$?; \
	grep -E "^\| $$code \|" README.md | sed -E 's/^\| ([0-9]+) \| (.*) \|$$/The exit code is \1: \2/'; \
	test $$code -eq 4

test: check ## The same as check

check: lint types layers tests ## Everything that must pass before a change is merged

lint: $(READY) ## Style
	$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(READY) ## Types
	$(BIN)/mypy

layers: $(READY) ## Imports between packages go downward only
	$(BIN)/lint-imports

tests: $(READY) ## The tests, with branch coverage
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n 4 --dist worksteal $(PYTEST)
	$(BIN)/coverage combine -q
	$(BIN)/coverage report

test-all: ## `make test` under each Python of 3.11 to 3.14 that is here; says which are not
	@python3 tests/pythons.py each test

smoke: $(READY) ## Every command once, as a user runs it
	PYTHONPATH=tests $(BIN)/python -m smoke.run

test-az: $(READY) $(AZ_VENV)/bin/az ## The real Azure CLI beside ours (a download of 700 MB)
	AZ_VENV=$(AZ_VENV) $(BIN)/python -m pytest tests/real_az/run.py $(PYTEST)

fix: $(READY) ## Fix style where a program can
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

bench: $(READY) ## Measure, beside curl, the documented pipeline and another revision (BENCH="--against REV")
	PYTHONPATH=tests $(BIN)/python -m bench.run $(BENCH)

audit-deps: $(READY) ## Look for known vulnerabilities of what requirements.lock pins
	@$(BIN)/python tests/audit_deps.py

soak: $(READY) ## Audit 50,000 subscriptions with faults on the way; the memory must stay flat
	PYTHONPATH=tests timeout 1500 $(BIN)/python tests/soak/run.py

fuzz: $(VENV)/.fuzz ## Look for inputs that crash or mislead: FUZZ_SECONDS (60) for each target
	for target in answers masks policies plans recordings reports; do $(BIN)/python tests/fuzz/run.py $$target || exit 1; done

mutate: $(VENV)/.mutate ## Look for code that no test covers: MUTATE="policy protocol read apply"
	nice $(VENV)/mutate/bin/python tests/mutation/run.py

findings: ## Run what surprised us in other software, and say what changed since
	@changed=; for script in findings/*.sh; do echo "== $$script"; $$script || changed="$$changed $$script"; done; \
	test -z "$$changed" || { echo "changed:$$changed"; exit 1; }

fixtures: $(READY) ## Record the folders under fixtures/ again
	$(BIN)/python tests/record_fixtures.py

golden: $(READY) ## Write the expected reports again; review the diff
	UPDATE_GOLDEN=1 $(BIN)/python -m pytest -q tests/report -k golden

completion: $(READY) ## Update what shell completion knows about the options
	UPDATE_GOLDEN=1 $(BIN)/python -m pytest -q tests/cli/test_completion.py -k options

lock: $(READY) ## Pin the newest versions of all dependencies, with hashes
	$(BIN)/pip-compile -q --upgrade --extra dev --generate-hashes --allow-unsafe --strip-extras \
		--no-emit-index-url --no-emit-trusted-host --no-emit-find-links -o requirements.lock pyproject.toml
	$(BIN)/pip-compile -q --upgrade --generate-hashes --allow-unsafe --strip-extras \
		--no-emit-index-url --no-emit-trusted-host --no-emit-find-links -o tests/release/requirements.txt tests/release/requirements.in

dist: $(VENV)/.release ## Build what a release hands out, twice, and try it: see docs/releasing.md
	PYTHONPATH=tests $(BIN)/python -m release.build
	PYTHONPATH=tests $(BIN)/python -m release.try_out

clean: ## Remove what the other targets made
	rm -rf $(VENV) .venv-3.* $(AZ_VENV) dist .coverage* .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

$(READY): requirements.lock pyproject.toml tests/ocsf.txt
	@$(PYTHON) -B -c 'import contacts_audit' # refuses an older Python, before pip does at length
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps -r tests/ocsf.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q contacts_audit # or a test that fills the disk leaves half a .pyc
	@touch $@

$(VENV)/.fuzz: $(READY) tests/fuzz/requirements.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps -r tests/fuzz/requirements.txt
	@touch $@

$(VENV)/.release: $(READY) tests/release/requirements.txt
	$(PYTHON) -m venv $(VENV)/release
	$(VENV)/release/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r tests/release/requirements.txt
	@touch $@

$(VENV)/.mutate: $(READY) tests/mutation/requirements.txt
	$(PYTHON) -m venv $(VENV)/mutate
	$(VENV)/mutate/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(VENV)/mutate/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r tests/mutation/requirements.txt
	$(VENV)/mutate/bin/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps -r tests/ocsf.txt
	@touch $@

$(AZ_VENV)/bin/az:
	python3 -m venv $(AZ_VENV)
	$(AZ_VENV)/bin/python -m pip install -q --disable-pip-version-check azure-cli

.PHONY: help findings demo test check lint types layers tests test-all smoke test-az fix bench fuzz mutate soak audit-deps fixtures golden completion lock dist clean
