# Everything runs in .venv, made of hash-pinned locks; `make` alone says what there is.
PYTHON ?= python3
JOBS   ?= 2
V      := .venv/bin/python
PIP    := $(V) -m pip --disable-pip-version-check install -qq --require-hashes -r
LOCK   := $(V) -m uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock"
TEST   := $(V) -m pytest -n $(JOBS) --dist loadfile

.PHONY: help demo test test-all check format bench bench-full docs lock clean
help:      ; @sed -nE 's/^([a-z-]+):[^$$]*## (.*)/  make \1\t\2/p' Makefile | expand -t 18
demo: .venv/run.done  ## install what a crawl needs, then crawl the built-in replica of the blog
	@rm -rf demo && .venv/bin/vigil demo --folder demo
test: .venv/dev.done  ## the tests, in some minutes
	@$(TEST) -m "not slow"
test-all: .venv/dev.done  ## every test, and more invented inputs
	@.ci/offline $(TEST) --hypothesis-profile=all
check: .venv/dev.done  ## style, types, layers, dead code, spelling
	@.venv/bin/ruff check && .venv/bin/ruff format --check && .venv/bin/mypy && .venv/bin/lint-imports && .venv/bin/vulture && .venv/bin/codespell
format: .venv/dev.done  ## set the source the way `check` wants it
	@.venv/bin/ruff check --fix-only && .venv/bin/ruff format
bench: .venv/dev.done  ## the tables of docs/benchmarks.md, on this machine, in a quarter of an hour
	@$(V) -m benchmarks.warc_write && $(V) -m benchmarks.crawl && $(V) -m benchmarks.scale
bench-full: .venv/dev.done  ## the same of a million posts: an hour, 35 GB of disk
	@$(V) -m benchmarks.scale --posts 1000000
docs: .venv/dev.done  ## docs/_build/html
	@$(V) -m sphinx -q -W -b html docs docs/_build/html
lock: .venv/dev.done  ## choose newer packages: writes requirements/*.lock
	@$(LOCK) pyproject.toml -o requirements/run.lock && $(LOCK) pyproject.toml --group dev -c requirements/run.lock -o requirements/dev.lock && $(LOCK) pyproject.toml --extra ops --extra s3 -c requirements/dev.lock -o requirements/container.lock && $(LOCK) --group build -c requirements/dev.lock -o requirements/build.lock && $(LOCK) requirements/pywb.in -o requirements/pywb.lock
clean:     ## forget .venv and everything made
	@rm -rf .venv .venv-pywb build dist docs/_build .mypy_cache .ruff_cache .pytest_cache .hypothesis demo

.venv/run.done: requirements/build.lock requirements/run.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("vigil needs Python 3.11 or newer; say which: make PYTHON=python3.12 ...")'
	@echo "installing what a crawl needs into .venv ..." && $(PYTHON) -m venv .venv && $(PIP) requirements/build.lock && $(PIP) requirements/run.lock
	@$(V) -m pip --disable-pip-version-check install -qq --no-deps --no-build-isolation --no-index --editable . && touch $@
.venv-pywb/done: requirements/pywb.lock
	@$(PYTHON) -m venv .venv-pywb && .venv-pywb/bin/python -m pip --disable-pip-version-check install -qq --require-hashes -r requirements/pywb.lock && touch $@
.venv/dev.done: .venv/run.done requirements/dev.lock
	@echo "installing what tests and checks need ..." && $(PIP) requirements/dev.lock && touch $@
