# Thin wrappers: python -m venv, pip install, the command line, pytest and Sphinx.
# make test runs tests side by side; make soak N=10 runs the whole suite ten times.
PYTHON ?= python3
BIN := .venv/bin
PYTEST = $(BIN)/python -m pytest --numprocesses=logical --maxprocesses=4 --dist=worksteal \
	--max-worker-restart=2

N ?= 3

.PHONY: setup demo test soak check docs clean

setup: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: setup
	$(BIN)/latentprint demo --out demo-run

test: setup
	$(PYTEST)

# One line for each run: seconds, exit code, and what pytest counted ("rerun": a browser was lost).
soak: setup
	@for run in $$(seq $(N)); do \
		begin=$$(date +%s); $(PYTEST) >soak-$$run.log 2>&1; code=$$?; \
		echo "run $$run: $$(($$(date +%s) - begin)) s, exit $$code: $$(tail -n 1 soak-$$run.log)"; \
	done

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: setup
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet docs docs/_build

clean:
	rm -rf .venv demo-run docs/_build soak-*.log
