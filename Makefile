# The commands that the README names. Each does its own set-up.
SHELL := /bin/sh
PYTHON := .venv/bin/python
# Tests that have a target of their own.
APART := tests/cases tests/crash tests/faults tests/test_two_databases.py tests/test_wheel.py
.DEFAULT_GOAL := help
.PHONY: help setup demo test gate long wheel slow lint fmt db golden crash faults bench coverage lock docs

help: ## what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | sort

setup: ## the virtual environment, from the lock file
	@tools/setup.sh

demo: setup ## the simulated organisation through the real collectors, into reports/demo/
	@rm -rf reports/demo
	@.venv/bin/evidence demo --output reports/demo

test: setup ## the tests, on SQLite and PostgreSQL, in minutes (make gate: all that must pass)
	@$(PYTHON) -m pytest -q -n 3 --dist worksteal -m "not slow and not long"

gate: lint wheel test long golden faults crash ## all that must pass before a change lands: ENGINE=both for the golden cases

long: setup ## the tests that take seconds each and have no target of their own
	@$(PYTHON) -m pytest -q -n 3 --dist worksteal -m "long and not slow" $(addprefix --ignore=,$(APART))

wheel: setup ## the built wheel outside the checkout: every block of the tutorial
	@$(PYTHON) -m pytest -q tests/test_wheel.py

slow: setup ## the long runs: 10,000 corruptions of a store, 1,000 honest histories
	@$(PYTHON) -m pytest -q -n 2 --dist worksteal -m slow --ignore=tests/cases

crash: setup ## 1,000 kill -9 of syncs on SQLite, 300 on PostgreSQL, of rebuilds and reports; the demo on both
	@$(PYTHON) -m pytest -q tests/crash --kills 1000,300,60,20
	@$(PYTHON) -m pytest -q tests/test_two_databases.py

faults: setup ## 1,200 of the ways in which a request of a sync can fail (make slow: all of them)
	@$(PYTHON) -m pytest -q -n 2 tests/faults -m "not slow" --faults 1200

golden: setup ## the golden cases alone: make golden CASES=path ENGINE=sqlite|postgres|both
	@$(PYTHON) -m pytest -q -n 2 tests/cases --cases $(or $(CASES),tests/cases) --engine $(or $(ENGINE),sqlite)

lint: setup ## ruff, mypy --strict, import contracts
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports

fmt: setup ## format in place
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

db: setup ## models and migrations agree, on an empty store
	@EVIDENCE_STORE__URL=sqlite:///:memory: .venv/bin/evidence db check

coverage: setup ## branch coverage of the rooms that decide and keep
	@$(PYTHON) -m pytest -q -n 2 --dist worksteal -m "not slow" --cov --cov-branch --cov-report=
	@.venv/bin/coverage report --fail-under=95 --include='evidence/chain/*,evidence/controls/*,evidence/store/*,evidence/verify/*'

bench: setup ## the measured figures; not part of the tests
	@rm -f .make/bench/figures; failed=0; \
	for script in bench/*.py; do echo "== $$script"; $(PYTHON) $$script || failed=1; done; \
	PYTHONPATH=bench $(PYTHON) -m common.figures; exit $$failed

docs: setup ## the reference pages that are generated from code
	@$(PYTHON) tools/reference.py
	@$(PYTHON) tools/schemas.py

lock: ## requirements*.lock from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -o requirements.lock
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -c requirements.lock -q -o requirements-dev.lock
