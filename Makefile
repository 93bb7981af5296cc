# One command to try the hub, one to test it. Needs Python 3.11+ with its venv module, and make; nothing else.
#   make demo    a hub with a year of six firms' business at http://127.0.0.1:8000/explore
#   make test    the test suite          make check   linters, types, floors
#   make bench   the measured promises   make lock    rewrite requirements/*.lock
#   make endurance   10,000 changes while everything is killed; 100,000 subscriptions on one socket (five minutes)
# SCMHUB_HOME, SCMHUB_PORT and every other SCMHUB_* setting apply to 'make demo' as to 'scmhub demo'.

SHELL := /bin/sh
VENV := $(CURDIR)/.venv
BIN := $(VENV)/bin
PYTHON ?= $(shell command -v python3.11 || command -v python3)
UV ?= $(shell command -v uv 2>/dev/null)
# The embedded PostgreSQL of root runs under another account, which often cannot enter the project's folder.
HOME_OF_DEMO := $(if $(filter 0,$(shell id -u)),/var/lib/scmhub-demo,$(CURDIR)/.home)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test check lint types floors bench endurance lock wheel clean
.DEFAULT_GOAL := demo

demo: $(VENV)/run.stamp
	@SCMHUB_HOME="$${SCMHUB_HOME:-$(HOME_OF_DEMO)}" exec $(BIN)/scmhub demo

test: $(VENV)/dev.stamp
	PATH="$(BIN):$$PATH" $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(TESTS)

check: lint types floors

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check src tests

types: $(VENV)/dev.stamp
	$(BIN)/mypy

floors: $(VENV)/dev.stamp
	$(BIN)/lint-imports --no-logo

ENDURANCE := benchmarks/endurance.md

endurance: $(VENV)/dev.stamp
	printf '# Endurance\n\n`make endurance` wrote this.\n\n' > $(ENDURANCE)
	ENDURANCE_REPORT=$(ENDURANCE) CHAOS_ORDERS=2000 $(BIN)/python -m pytest tests/feed/test_chaos.py
	ENDURANCE_REPORT=$(ENDURANCE) PAIRS=100000 $(BIN)/python -m pytest tests/graph/transport/test_ws.py -k come_and_go

bench: $(VENV)/dev.stamp
	PATH="$(BIN):$$PATH" $(BIN)/python -m benchmarks.run $(BENCH)

wheel: $(VENV)/dev.stamp
	$(BIN)/hatchling build -t wheel

$(VENV)/bin/python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Python 3.11 or newer is needed (Debian: apt install python3 python3-venv); set PYTHON= to choose one." >&2; exit 1; }
	@echo "Making .venv ..."
ifeq ($(UV),)
	@"$(PYTHON)" -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "Python's venv module is needed (Debian: apt install python3-venv)." >&2; exit 1; }
else
	@$(UV) venv --quiet --no-python-downloads --python "$(PYTHON)" $(VENV)
endif

# What is installed is exactly what the lock says, file by file; a stamp remembers that, so that a second run needs no network.
$(VENV)/%.stamp: requirements/%.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing $< ..."
ifeq ($(UV),)
	@$(BIN)/python -m pip install --quiet --require-hashes --only-binary :all: -r $<
	@$(BIN)/python -m pip install --quiet --no-index --no-deps --no-build-isolation -e .
else
	@VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --require-hashes --only-binary :all: -r $<
	@VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --no-index --no-deps --no-build-isolation -e .
endif
	@touch $@

lock:
	@test -n "$(UV)" || { echo "make lock needs uv (pip install uv)." >&2; exit 1; }
	$(UV) pip compile pyproject.toml --extra embedded --group build $(LOCK) -o requirements/run.lock
	$(UV) pip compile pyproject.toml --extra embedded --group build --group dev -c requirements/run.lock $(LOCK) -o requirements/dev.lock

LOCK := --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet

clean:
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
