# The project's commands. Each makes what it needs; .venv is the only environment it touches.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

# One thread a process: the embedded models are too small to gain from more.
export OMP_NUM_THREADS ?= 1
export TOKENIZERS_PARALLELISM ?= false

.PHONY: help install demo test check format clean

help:
	@echo "make demo    evaluate the embedded model on the embedded benchmark, ending in a report"
	@echo "make test    run the tests"
	@echo "make check   lint, format, types, layers, tests"
	@echo "make format  format the code"

install: $(STAMP)

# torch goes first and by its exact pin: asked for in any other way, pip brings gigabytes of CUDA.
$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep '^torch==' constraints.txt)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[transformers,report,hub,http,dev]"
	@touch $@

demo: $(STAMP)
	$(BIN)/unswayed evaluate recipes/demo.toml --out runs/demo

test: $(STAMP)
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .hypothesis
