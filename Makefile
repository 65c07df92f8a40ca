# One command for each chore. Each sets up what it needs, and does not do it again.

VENV   ?= .venv
PYTHON ?= python3
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
DEMO   ?= demo

.PHONY: help demo test fast lint types format goldens generate wheel bench clean

help:
	@sed -n 's/^\([a-z]*\):.*## /\1 \t/p' $(MAKEFILE_LIST) | expand -t 12

# The environment follows pyproject.toml; constraints.txt pins what CI and everybody here run.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[data,png,pdf,dev]'
	@touch $@

demo: $(READY) ## build, draw and train the VAE for about a minute
	@mkdir -p $(DEMO)
	$(BIN)/archdsl check specs/vae.arch
	$(BIN)/archdsl build specs/vae.arch -o $(DEMO)/vae.py --force
	$(BIN)/archdsl draw specs/vae.arch -o $(DEMO)/vae.svg --force
	$(BIN)/archdsl summary specs/vae.arch
	rm -rf $(DEMO)/run
	$(BIN)/archdsl train specs/vae.arch -o $(DEMO)/run --set train.epochs=40
	@echo
	@echo "The module is    $(DEMO)/vae.py"
	@echo "the figure       $(DEMO)/vae.svg"
	@echo "the trained run  $(DEMO)/run, with pictures in $(DEMO)/run/pictures"
	@echo "                 ($(BIN)/archdsl sample $(DEMO)/run draws more)"
	@echo "the spec         specs/vae.arch: change it, and run $(BIN)/archdsl check specs/vae.arch"

test: $(READY) ## run all tests
	$(BIN)/python -m pytest

fast: $(READY) ## run the tests that take no training
	$(BIN)/python -m pytest -m 'not slow' -n auto

lint: $(READY) ## hold the code to ruff and mypy
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(READY) ## format the code and the specs
	$(BIN)/ruff format
	$(BIN)/archdsl fmt specs

goldens: $(READY) ## rewrite the goldens, the README's figure among them; look at the difference before you commit it
	$(BIN)/python -m pytest --update-goldens -m 'not slow'
	git diff --stat

generate: $(READY) ## write what is generated: parsing tables, layer index, schema
	$(BIN)/python -m archdsl.syntax.generate
	$(BIN)/python -m archdsl.layers.generate
	$(BIN)/python -m archdsl.schema

bench: $(READY) ## print the ratios of benchmarks/
	@for script in check startup shapes loop scan; do $(BIN)/python benchmarks/$$script.py; done

wheel: $(READY) ## build the wheel
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

clean: ## take away what was made
	rm -rf $(VENV) $(DEMO) dist build .mypy_cache .pytest_cache .ruff_cache
