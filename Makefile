# `make help` lists what there is. Each target sets up what it needs, in .venv/ and .cache/.
# The make of macOS takes no notice of this PATH, unless its commands are run by another shell than its own.
SHELL := /bin/bash
export PATH := $(CURDIR)/.venv/bin:$(PATH)
OUTPUT ?= ..
PYTEST ?=
PARTS ?=
PEER ?=

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

.venv/ready: requirements-dev.txt
	python3 -m venv .venv
	.venv/bin/pip install --quiet --require-hashes --requirement requirements-dev.txt
	touch $@

.PHONY: project
project: .venv/ready ## generate a project beside this repository, or in OUTPUT
	cookiecutter . --output-dir "$(OUTPUT)"

.PHONY: test
test: .venv/ready ## the tests of the template and its default project, which need no Docker
	pytest --numprocesses=2 --dist=loadscope --no-loadscope-reorder \
		-m "not docker and not index and not combinations" $(PYTEST)

.PHONY: test-combinations
test-combinations: .venv/ready ## the tests of projects with sets of options, in which every two meet, and of a former one
	pytest --numprocesses=2 --dist=loadgroup --no-loadscope-reorder -m combinations $(PYTEST)

.PHONY: test-docker
test-docker: .venv/ready ## the tests that build images and start containers
	pytest --numprocesses=2 --dist=loadfile --no-loadscope-reorder -m "docker and not alone and not soak" $(PYTEST) \
		|| [ $$? = 5 ]  # 5: what PYTEST chooses is none of these
	pytest -m alone $(PYTEST) || [ $$? = 5 ]

.PHONY: soak
soak: .venv/ready ## ten minutes of load on a production stack: memory stays flat, and nothing fails
	pytest -m soak -s

.PHONY: lint
lint: .venv/ready ## everything that can be checked by reading
	ruff check --config pyproject.toml
	ruff format --check --config pyproject.toml
	shellcheck .ci/run .ci/docker-engine .ci/base-images/build .ci/base-images/*.sh \
		'{{cookiecutter.project_slug}}/database.sh'

.PHONY: mutation
mutation: .venv/ready ## put faults into the template and see which ones the hook refuses
	python -m tests.mutation

.PHONY: bench
bench: .venv/ready ## measure, side by side; PARTS="image start" chooses, PEER=path measures another template too
	python -m benchmarks $(PARTS) $(if $(PEER),--peer $(PEER))

.PHONY: lock
lock: .venv/ready ## refresh every pin and every lock, and see that Pipenv locks the same
	python tools/lock.py
	pytest --numprocesses=2 -m index --verbose
