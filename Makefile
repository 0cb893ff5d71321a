# Everything a learner, a teacher or CI types. `make help` lists it.
PYTHON ?= python3
LAB_ARGS ?=
PIP_ARGS ?=
EXTRAS ?= test,models
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
ROOT_FLAG := $(shell [ "$$(id -u)" = 0 ] && echo --allow-root)
endif
INSTALLED := $(VENV)/installed-$(EXTRAS)

.PHONY: help install lab test test-elsewhere notebooks site slides exercises-reset train clean
.DEFAULT_GOAL := help

help:  ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 18

install: $(INSTALLED)  ## make .venv with all that the course needs

lab: $(INSTALLED)  ## install, check, open JupyterLab (LAB_ARGS="--no-browser --port 8899")
	$(BIN)/python -m helpers check
	$(BIN)/jupyter-lab --config=jupyter_lab_config.py $(ROOT_FLAG) $(LAB_ARGS) notebooks/00_start_here.ipynb

test: $(INSTALLED)  ## all tests, with every notebook run and compared
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest

test-elsewhere: $(INSTALLED)  ## the notebooks, computed as an older machine would
	$(BIN)/python -m tools matrix --settings scalar

notebooks: $(INSTALLED)  ## run every notebook top to bottom, in place
	$(BIN)/python -m tools notebooks

site: $(VENV)/installed-site  ## the course as pages, in build/site; with npm, live ones
	$(BIN)/python -m tools.site.build

slides: $(INSTALLED)  ## write slides of the lessons into build/slides (needs npm)
	$(BIN)/python -m tools slides

exercises-reset: $(INSTALLED)  ## put all exercises of the lessons back to their stubs
	$(BIN)/python -m tools reset

train: $(INSTALLED)  ## make the three checkpoints in data/ again, from nothing
	$(BIN)/python -m helpers train

clean:  ## remove the environment
	rm -rf $(VENV)

# One stamp for each choice of extras, newer than pyproject.toml once it is installed.
$(VENV)/installed-%: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet $(PIP_ARGS) --editable ".[$*]"
	@touch $@
