# Two commands do everything on a machine with Python 3.11, Rust and Node: `make demo` and `make test`.
# Set-up runs by itself before the first of them, and again only when what it was made from changes (build/stamps).

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
KEDGE := $(BIN)/kedge
STAMPS := build/stamps
BENCH ?= build/bench
ARGS ?=

export CARGO_BUILD_JOBS ?= 2
export CARGO_TERM_PROGRESS_WHEN ?= never
export PIP_DISABLE_PIP_VERSION_CHECK := 1

RUST := Cargo.toml Cargo.lock .cargo/config.toml $(shell find rust -name '*.rs' -o -name Cargo.toml)

.PHONY: help setup demo test check bench pin clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMPS)/python $(STAMPS)/native $(STAMPS)/contracts ## Install what is needed and build the engine; done once

demo: setup ## Run the exchange and settle it on a development chain (ARGS="..." adds options)
	@$(KEDGE) demo $(ARGS)

test: setup ## Run all tests; needs no network
	@cargo test --release --locked --offline --workspace --quiet
	@$(BIN)/python -m pytest $(ARGS)

check: setup ## Lint, types, formatting, contracts against their source
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy python tests docs/spec $(wildcard benchmarks/*.py)
	@cargo fmt --all --check
	@cargo clippy --release --locked --offline --workspace --all-targets --quiet -- -D warnings
	@cd contracts && npm run --silent check

bench: setup ## Measure prover, sequencer and river; JSON goes to build/bench
	@mkdir -p $(BENCH)
	@for name in prover sequencer river; do $(KEDGE) bench $$name --json $(BENCH)/$$name.json; done

pin: $(STAMPS)/python ## Pin the program's digest and write docs/spec from the rules
	@PYTHONPATH=python $(BIN)/python docs/spec/generate.py

clean: ## Remove everything that set-up and tests made; data directories stay
	@rm -rf $(VENV) build target contracts/node_modules python/kedge/_native*.so
	@rm -rf .hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find python tests docs benchmarks -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

$(STAMPS)/python: requirements-dev.txt
	@echo "Installing Python packages into $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Kedge needs Python 3.11: make PYTHON=/path/to/python3.11")'
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.txt
	@rm -f $(STAMPS)/native && mkdir -p $(@D) && touch $@

$(STAMPS)/native: $(STAMPS)/python pyproject.toml $(RUST)
	@echo "Building the native engine (some minutes the first time)"
	@cargo fetch --locked --quiet
	@PIP_QUIET=1 VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/maturin develop --release --locked --offline --quiet
	@mkdir -p $(@D) && touch $@

$(STAMPS)/contracts: contracts/package.json contracts/package-lock.json
	@echo "Installing the Solidity compiler and the development chain"
	@cd contracts && npm ci --silent --no-audit --no-fund
	@mkdir -p $(@D) && touch $@
