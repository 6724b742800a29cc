.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DOCS_READY := $(VENV)/.docs-ready
NAME ?= path
DIST ?= dist
LOCK := --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header

.PHONY: help demo test test-long test-counterparts lint bench chaos privacy-gate docs install-page wheel lock clean

help:  ## What can be asked for
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

$(READY): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Dispatch needs Python 3.11 or newer."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked requirements …"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e . 
	@touch $@

$(DOCS_READY): $(READY) requirements/docs.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/docs.txt
	@touch $@

demo: $(READY)  ## Start everything, publish a real article, show where to look
	@$(BIN)/dispatch demo $(ARGS)

test: $(READY)  ## The tests, a quarter of an hour at most
	@scripts/test everyday $(ARGS)

test-long: $(READY)  ## Those that take minutes each: processes killed in every order, whole instances
	@scripts/test long $(ARGS)

test-counterparts: $(READY)  ## Those against other projects' servers, which it installs
	@scripts/test counterparts $(ARGS)

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

docs: $(DOCS_READY)  ## The documentation as a site: build/docs/index.html
	@scripts/build-docs

install-page: $(READY)  ## Follow docs/install.md word by word, on a new home, to a delivered letter
	@$(BIN)/python scripts/check-install-page

wheel: $(READY)  ## What a release is: the wheel, and the libraries it was tried with
	@rm -f $(DIST)/dispatch-*.whl
	@$(BIN)/python -m build --wheel --no-isolation --outdir $(DIST) . >/dev/null 2>&1
	@cp requirements/base.txt $(DIST)/requirements.txt

lock:  ## Write requirements/ anew from pyproject.toml (needs uv)
	uv pip compile -q $(LOCK) pyproject.toml -o requirements/base.txt
	uv pip compile -q $(LOCK) --extra test --extra lint --extra otel --extra ses pyproject.toml -o requirements/dev.txt
	uv pip compile -q $(LOCK) --extra otel -c requirements/dev.txt pyproject.toml -o requirements/otel.txt
	uv pip compile -q $(LOCK) --extra ses -c requirements/dev.txt pyproject.toml -o requirements/ses.txt
	uv pip compile -q $(LOCK) --extra otel --extra ses -c requirements/dev.txt pyproject.toml -o requirements/image.txt
	uv pip compile -q $(LOCK) --extra docs -c requirements/dev.txt pyproject.toml -o requirements/docs.txt
	echo 'hatchling>=1.27' | uv pip compile -q $(LOCK) - -o requirements/build.txt

clean:
	rm -rf $(VENV) .cache dispatch-data artefacts dist build
