PYTHON ?= python3
PORT ?= 8501
VENV := .venv
BIN := $(VENV)/bin
PEERS := .venv-peers
INSTALL := -m pip install --quiet --disable-pip-version-check -c constraints.txt
PIP := $(BIN)/python $(INSTALL)

.DEFAULT_GOAL := help

help:  ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(VENV)/run.stamp  ## set everything up and open the studio
	$(BIN)/streamlit run app.py --server.port $(PORT)

test: $(VENV)/dev.stamp  ## set everything up and run every test
	$(BIN)/python -m pytest

check: $(VENV)/dev.stamp  ## lint, types and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/dev.stamp  ## format the code and mend what the linter can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

examples: $(VENV)/dev.stamp  ## make the example pictures and the pictures of the screens anew
	$(BIN)/python -m examples.make
	$(BIN)/python -m examples.screen

peers: $(PEERS)/peers.stamp  ## set up .venv-peers, where benchmarks and the peers run

clean:  ## remove what make has installed and cached
	rm -rf $(VENV) $(PEERS) .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; try make PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements.txt constraints.txt | $(BIN)/python
	$(PIP) -r requirements.txt
	@touch $@

$(VENV)/dev.stamp: requirements.txt requirements-diffusion.txt requirements-training.txt requirements-dev.txt constraints.txt | $(BIN)/python
	$(PIP) -r requirements-dev.txt
	@touch $(VENV)/run.stamp $@

$(PEERS)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("basicsr 1.4.2 needs Python 3.11 or 3.12, this is " + sys.version.split()[0] + "; try make peers PYTHON=python3.12") if not (3, 11) <= sys.version_info < (3, 13) else None'
	$(PYTHON) -m venv $(PEERS)

$(PEERS)/peers.stamp: requirements.txt requirements-peers.txt constraints.txt | $(PEERS)/bin/python
	$(PEERS)/bin/python $(INSTALL) -r requirements.txt setuptools wheel cython
	$(PEERS)/bin/python $(INSTALL) --no-build-isolation -r requirements-peers.txt
	@touch $@

.PHONY: help run test check format examples peers clean
