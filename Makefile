# Via Obscura. Start with `make app`; `make help` lists the other targets.
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
	@echo "make test         install the test requirements and run all tests"
	@echo "make screenshots  redraw the pictures of the README"
	@echo "make clean        remove $(VENV) and all test output"
	@echo "Settings: PORT=5006 HOST=localhost PYTHON=python3 VIA_OBSCURA_HOME=folder TORCH=cpu|default"

# The steps are numbered at the first start; later ones have nothing to install and say nothing.
app:
	@steps=; [ -x $(BIN)/via-obscura ] || steps=4; \
	VIA_OBSCURA_STEPS="$$steps" sh tools/install.sh && \
	VIA_OBSCURA_STEPS="$$steps" exec $(BIN)/via-obscura serve --demonstration --host "$(HOST)" --port "$(PORT)"

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
