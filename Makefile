.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
NAME ?= path
LOCK := --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header

.PHONY: help demo test lint bench chaos privacy-gate lock clean

help:  ## What can be asked for
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

$(READY): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Dispatch needs Python 3.11 or newer."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked requirements …"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e . 
	@touch $@

demo: $(READY)  ## Start everything, publish a real article, show where to look
	@$(BIN)/dispatch demo $(ARGS)

test: $(READY)  ## Every test
	@scripts/test $(ARGS)

lint: $(READY)  ## Format, lint, types, import contracts
	$(BIN)/ruff format --check src workers tests bench scripts
	$(BIN)/ruff check src workers tests bench scripts
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)  ## One benchmark: make bench NAME=path
	@$(BIN)/python bench/$(NAME).py $(ARGS)

chaos: $(READY)  ## Kill things while mail goes out, count what arrives
	@$(BIN)/python tests/chaos/run.py $(ARGS)

privacy-gate: $(READY)  ## Each promise to readers, with figures: make privacy-gate
	@$(BIN)/python -m pytest -q tests/privacy --gate $(ARGS)

lock:  ## Write requirements/ anew from pyproject.toml (needs uv)
	uv pip compile -q $(LOCK) pyproject.toml -o requirements/base.txt
	uv pip compile -q $(LOCK) --extra test --extra lint --extra otel pyproject.toml -o requirements/dev.txt
	echo 'hatchling>=1.27' | uv pip compile -q $(LOCK) - -o requirements/build.txt

clean:
	rm -rf $(VENV) .cache dispatch-data artefacts dist
