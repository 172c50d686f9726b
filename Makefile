# make demo: one real model through its whole life, on this machine.
# make test: everything that proves this repository.
# Needs Python 3.11 or newer, git and make. PYTHON names another interpreter.

PYTHON ?= python3
PYTEST_FLAGS ?=
VENV := .venv
BIN := $(VENV)/bin
SOURCES := workflows-lib/src actions scripts tests bench

.PHONY: install lint format test demo docs clean

install: $(VENV)/.installed

$(VENV)/.installed: workflows-lib/locks/dev.txt workflows-lib/locks/uv.txt workflows-lib/locks/build.txt actions/setup/install.py tests/node/package-lock.json
	$(PYTHON) -I actions/setup/install.py develop --venv $(VENV)
	$(BIN)/python scripts/node_modules.py
	touch $@

lint: install
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy workflows-lib/src scripts actions bench
	$(BIN)/pylint workflows-lib/src/mlops_actions scripts actions bench
	$(BIN)/zizmor --offline --strict-collection --persona=auditor --no-progress --quiet .
	$(BIN)/python scripts/docs.py --check
	$(BIN)/python scripts/lock.py --check

format: install
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

test: lint
	$(BIN)/python -m pytest --cov --cov-report=term -q $(PYTEST_FLAGS)

demo: install
	$(BIN)/python scripts/demo.py

docs: install
	$(BIN)/python scripts/docs.py

clean:
	rm -rf $(VENV) .mlops .pytest_cache .mypy_cache .ruff_cache .coverage* tests/node/node_modules
