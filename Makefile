# Via Obscura. `make app` is all that a newcomer needs; `make help` lists the rest.
PYTHON ?= python3
HOST ?= localhost
PORT ?= 5006
VENV := .venv
BIN := $(VENV)/bin
export PYTHON HOST PORT

.PHONY: help app install test screenshots clean
.DEFAULT_GOAL := help

help:
	@echo "make app          install, make the demonstration catalogue, open the dashboard on http://$(HOST):$(PORT)"
	@echo "make install      set up $(VENV) with the via-obscura command"
	@echo "make test         install what the tests need and run them all"
	@echo "make screenshots  draw the README's pictures again"
	@echo "make clean        remove $(VENV) and everything that tests leave behind"
	@echo "Settings: PORT=5006 HOST=localhost PYTHON=python3 VIA_OBSCURA_HOME=folder TORCH=cpu|default"

app: install
	@$(BIN)/via-obscura serve --demonstration --host "$(HOST)" --port "$(PORT)"

install:
	@sh tools/install.sh

test:
	@sh tools/install.sh test
	@sh tools/test.sh

screenshots:
	@sh tools/install.sh test
	@$(BIN)/python tools/screenshots.py

clean:
	rm -rf $(VENV) test-artefacts .pytest_cache .mypy_cache .ruff_cache *.egg-info
