# `make book` builds the course, `make test` checks it; both set everything up on first use.
# `make help` lists the rest.

SHELL := bash
VENV ?= .venv
JOBS ?= 2
PORT ?= 8000
QUIET ?= --quiet
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
PY := $(BIN)/python
STAMP := $(VENV)/.installed
HTML := _build/html/index.html
# Beside the pages, so that it goes when they go.
BUILT := _build/html/.built
# What the book is made of, folders too: theirs is the date on which a file went away.
SOURCES := _config.yml _toc.yml $(shell find book sgdcourse -mindepth 1 -not -path '*__pycache__*' -not -path '*/node_modules*' -not -path '*/.ipynb_checkpoints*')

# One thread per process: printed numbers do not depend on it, and two processes do not
# spend their time waiting for each other.
export OMP_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
export PYDEVD_DISABLE_FILE_VALIDATION := 1
# Kept, whatever the shell says: some thirty processes would compile package and tests anew.
export PYTHONDONTWRITEBYTECODE :=

ifndef BESIDE
.NOTPARALLEL:
endif
.PHONY: book test side-by-side lint unit notebooks hygiene nbval html browser browser-install lab screenshot serve offline publish-config refresh bench colab bundles bank deck clean distclean setup help

help:
	@echo "make book                   set up, build the course, say how to open it"
	@echo "make test                   set up, then every check: lint unit notebooks html browser"
	@echo "make lab                    open the chapters in JupyterLab"
	@echo "make serve [PORT=8000]      serve the built course on this machine"
	@echo "make offline                one zip of the built course that opens without a server"
	@echo "make publish-config REPO=owner/name   name the repository: buttons for Colab and Binder"
	@echo "make refresh [NB=book/…]    re-execute one notebook, or all, and store the outputs"
	@echo "make lint                   ruff, mypy, actionlint"
	@echo "make bench [PART=engine|pages]  measure training against other ways, and the pages' load"
	@echo "make colab [NB=…]           run the chapters with Google Colab's versions"
	@echo "make bundles                rebuild the explorers' JavaScript bundles"
	@echo "make screenshot             take the README's picture of the landing page anew"
	@echo "make bank                   rebuild the teachers' question bank"
	@echo "make deck                   build the Anki deck of glossary and quizzes"
	@echo "make clean | distclean      remove what was built | the environment as well"

book: html
	@echo
	@echo "Built. Open $(HTML) in a browser, or run 'make serve' and go to http://127.0.0.1:$(PORT)/"

test: side-by-side notebooks browser
	@echo
	@echo "All checks passed."

# The build keeps one processor busy, and so does mypy on its first run; the tests every other.
side-by-side: $(STAMP)
	@$(MAKE) --no-print-directory -j2 BESIDE=yes html lint unit

lint: $(STAMP)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -m tools.workflows

# nbval, which takes seconds to load, only where notebooks are compared; no capture of logs, which
# no test looks at and every test pays for, once for each of PyTorch's loggers.
# No windows; not for the notebooks, whose figures belong into the page.
unit: export MPLBACKEND := agg
unit: $(STAMP)
	$(PY) -m pytest -p no:nbval -p no:logging tests sgdcourse --doctest-modules --mpl --ignore=tests/book --ignore=tests/notebooks -n $(JOBS) --dist worksteal -q

# Both parts in one go, the long ones first: starting workers takes seconds.
notebooks: $(STAMP)
	$(PY) -m pytest --nbval book tests/notebooks -n $(JOBS) --dist loadfile -q

hygiene: $(STAMP)
	$(PY) -m pytest tests/notebooks -q

nbval: $(STAMP)
	$(PY) -m pytest --nbval book -n $(JOBS) --dist loadfile -q

html: $(BUILT)

# Every page is read anew (--all): a warning of an unchanged page must not hide in a cache. Where
# nothing has changed since a build without a warning, there is nothing to build.
$(BUILT): $(STAMP) $(SOURCES)
	$(BIN)/jupyter-book build . --all --warningiserror --nitpick --keep-going $(QUIET)
	@touch $@

browser: $(BUILT)
	$(PY) -m pytest -p no:nbval -p no:logging tests/book -m "not alone" -n $(JOBS) --dist loadgroup -q -rs
	$(PY) -m pytest -p no:nbval -p no:logging tests/book -m alone -q -rs

browser-install: $(STAMP)
	$(PY) -m playwright install --with-deps chromium

lab: $(STAMP)
	$(BIN)/jupyter lab --notebook-dir=book

serve: $(BUILT)
	$(PY) -m tools.site $(PORT)

offline: html
	$(PY) -m tools.offline

screenshot: $(BUILT)
	$(PY) -m tools.screenshot

publish-config: $(STAMP)
	$(PY) -m tools.publish $(REPO)

refresh: $(STAMP)
	$(PY) -m tools.refresh $(NB)

bench: $(STAMP)
	$(PY) -m benchmarks $(PART)

colab: $(STAMP)
	$(PY) -m tools.colab $(NB)

bundles: $(STAMP)
	cd sgdcourse/widgets/js && npm ci --silent --no-audit --no-fund && node build.mjs

bank: $(STAMP)
	$(PY) -m sgdcourse.exercises.bank book/appendix/question_bank.md

deck: $(STAMP)
	$(PY) -m sgdcourse.exercises.deck _build/deck/sgdcourse.apkg --glossary book/appendix/glossary.md

clean:
	rm -rf _build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find sgdcourse tests tools book benchmarks -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

distclean: clean
	rm -rf $(VENV) sgdcourse.egg-info

setup: $(STAMP)

# ---------------------------------------------------------------- the environment
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)
# On Linux without a GPU: pass the CPU index shown on pytorch.org to save some gigabytes.
TORCH_INDEX ?=

$(STAMP): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "This course needs Python 3.11 or newer; none was found. Install it from python.org, or name one: make $(firstword $(MAKECMDGOALS)) PYTHON=/path/to/python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "This course needs Python 3.11 or newer; $(PYTHON) is not." >&2; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@if [ "$$(uname -s)" = Linux ] && [ -z "$(TORCH_INDEX)" ] && ! command -v nvidia-smi >/dev/null \
	  && ! $(PY) -c 'import importlib.util as u, sys; sys.exit(u.find_spec("torch") is None)'; then \
	  echo "No NVIDIA GPU here: if pip now fetches gigabytes of CUDA libraries, stop it, choose Linux, Pip, CPU"; \
	  echo "at https://pytorch.org/get-started/locally/ and run: make $(firstword $(MAKECMDGOALS)) TORCH_INDEX=<the index address shown there>"; fi
	@echo "Installing into $(VENV); this takes some minutes the first time, and is not repeated."
	$(PY) -m pip install -qq -c constraints.txt $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) -e ".[all]"
	$(PY) -m pip check
	@touch $@
