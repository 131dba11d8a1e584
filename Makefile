PYTHON ?= python3
PORT ?= 8501
MINUTES ?= 1
SEED ?= 0
VENV := .venv
BIN := $(VENV)/bin
PEERS := .venv-peers
BIOME := npx --yes @biomejs/biome@2.6.8
DEV := requirements.txt $(addprefix requirements-,full.txt diffusion.txt training.txt cluster.txt dev.txt)
INSTALL := -m pip install --quiet --disable-pip-version-check -c constraints.txt
PIP := $(BIN)/python $(INSTALL)

.DEFAULT_GOAL := help

help:  ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(VENV)/run.stamp  ## install what the bundled networks need, and open the studio
	$(BIN)/streamlit run app.py --server.port $(PORT)

full: $(VENV)/full.stamp  ## install PyTorch too (official networks, your own files, CUDA), and open the studio
	$(BIN)/streamlit run app.py --server.port $(PORT)

test: $(VENV)/dev.stamp  ## install everything and run every test
	$(BIN)/python -m pytest

test-fast: $(VENV)/dev.stamp  ## run the tests that take under a minute together: no browser, no training
	$(BIN)/python -m pytest -m "not browser and not slow" --ignore=tests/e2e --ignore=tests/training --ignore=tests/benchmarks

fuzz: $(VENV)/dev.stamp  ## read and write damaged files for some MINUTES (1), begun by a SEED (0)
	$(BIN)/python -m tests.fuzz --minutes $(MINUTES) --seed $(SEED)

check: $(VENV)/dev.stamp  ## run the linters, the type checker and the formatters' checks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@if $(BIOME) --version >/dev/null 2>&1; then $(BIOME) ci --error-on-warnings; \
	else echo "The JavaScript was not checked: npx or the npm registry is missing."; fi

format: $(VENV)/dev.stamp  ## format the code and fix what the linter can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	@! $(BIOME) --version >/dev/null 2>&1 || $(BIOME) check --write

examples: $(VENV)/dev.stamp  ## make the example pictures and the screenshots again
	$(BIN)/python -m examples.make
	$(BIN)/python -m examples.screen

peers: $(PEERS)/peers.stamp  ## set up .venv-peers, where the benchmarks against peers run

clean:  ## remove what make installed and cached
	rm -rf $(VENV) $(PEERS) .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; try make PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements.txt constraints.txt | $(BIN)/python
	$(PIP) -r requirements.txt
	@touch $@

$(VENV)/full.stamp: requirements.txt requirements-full.txt constraints.txt | $(BIN)/python
	$(PIP) -r requirements-full.txt
	@touch $(VENV)/run.stamp $@

$(VENV)/dev.stamp: $(DEV) constraints.txt | $(BIN)/python
	$(PIP) -r requirements-dev.txt
	@touch $(VENV)/run.stamp $(VENV)/full.stamp $@

$(PEERS)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("basicsr 1.4.2 needs Python 3.11 or 3.12, this is " + sys.version.split()[0] + "; try make peers PYTHON=python3.12") if not (3, 11) <= sys.version_info < (3, 13) else None'
	$(PYTHON) -m venv $(PEERS)

$(PEERS)/peers.stamp: requirements.txt requirements-full.txt requirements-peers.txt constraints.txt | $(PEERS)/bin/python
	$(PEERS)/bin/python $(INSTALL) -r requirements-full.txt setuptools wheel cython
	$(PEERS)/bin/python $(INSTALL) --no-build-isolation -r requirements-peers.txt
	@touch $@

.PHONY: help run full test test-fast fuzz check format examples peers clean
