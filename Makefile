# The commands a contributor needs: demo, test, lint, docs, bench. Each makes .venv itself, with pip.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NATIVE := $(wildcard src/assay/methods/pickles/native/*)
PIP := $(BIN)/python -m pip --disable-pip-version-check
APT = $(if $(filter 0,$(shell id -u)),,sudo )apt install

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow lint format docs home bench clean

help: ## say what there is
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null 2>&1 || { echo "There is no $(PYTHON) here. Install it: $(APT) python3, or name another: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Assay needs Python 3.11 or newer, and this is $$($(PYTHON) -V); name another: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python has no venv here. Install it: $(APT) $(notdir $(PYTHON))-venv"; exit 1; }
	@echo "making $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.base: pyproject.toml constraints.txt $(NATIVE) | $(BIN)/python
	@echo "installing Assay into $(VENV): 300 MB, a minute or two"
	@$(PIP) install --quiet --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt $(NATIVE) | $(BIN)/python
	@echo "installing Assay and its development tools into $(VENV): a few minutes"
	@$(PIP) install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@ $(VENV)/.base

demo: $(VENV)/.base ## the whole journey on real data
	@$(BIN)/assay demo

test: $(VENV)/.dev ## every test that is quick
	$(BIN)/python -m pytest -q -n 3

test-slow: $(VENV)/.dev ## the longer suites, and every property on new examples
	$(BIN)/python -m pytest -q -m "slow or hypothesis" --hypothesis-profile explore

lint: $(VENV)/.dev ## format, rules, types, the one-way imports
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev ## put the code in shape
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

docs: $(VENV)/.dev ## run the examples and write the reference pages and the file of public signatures (two minutes)
	$(BIN)/python tools/examples.py
	$(BIN)/python tools/docs.py
	$(BIN)/python tools/signatures.py

home: $(VENV)/.dev ## keep a small home of this version, at a release
	$(BIN)/python tools/home.py

bench: $(VENV)/.dev ## time Assay beside its peers
	$(BIN)/python -m benchmarks

clean: ## remove what was made here
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build
