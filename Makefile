# Everything a newcomer needs: `make demo` shows it, `make test` proves it. The rest is for people who change it.

PYTHON ?= python3
BROKERS ?= 1
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
BENCH_STAMP := $(VENV)/.bench-installed

.PHONY: setup demo test test-long lint format bench bench-tools fuzz hostile sbom audit proto docs lock clean faults kafka-up kafka-down milvus-up milvus-down

setup: $(STAMP)  ## a virtual environment with .venv/bin/watchbound in it

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(None if v >= (3, 11) else f"Watchbound needs Python 3.11 or newer, got {v[0]}.{v[1]}; call make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(STAMP)

demo: setup  ## the main job on the embedded stack, with alerts in the terminal
	$(BIN)/watchbound demo

test: setup  ## the tests, in under a quarter of an hour on two cores
	$(BIN)/pytest -m "not long"

test-long: setup  ## those that take minutes: whole deployments, secured brokers, three brokers
	$(BIN)/pytest -m long

lint: setup  ## style, types, layers, contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd proto && ../$(BIN)/buf lint
	PATH="$(CURDIR)/$(BIN):$$PATH" .ci/proto-breaking

format: setup  ## what lint would ask for
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench-tools: $(BENCH_STAMP)  ## what the benchmark compares with, beside the product

$(BENCH_STAMP): $(STAMP) loadtest/requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --require-hashes -r loadtest/requirements.lock
	touch $(BENCH_STAMP)

bench: bench-tools  ## goals, with what they are held against; writes loadtest/results/bench.json; ARGS="--quick"
	$(BIN)/python -m loadtest.bench $(ARGS)

kafka-up: setup  ## Apache Kafka on loopback, in the background; BROKERS=3 for a cluster. Needs java and mvn
	@$(BIN)/python -m tools.services up kafka --brokers $(BROKERS)

kafka-down: setup  ## end it; its data goes
	$(BIN)/python -m tools.services down kafka

faults: setup  ## break things on the real stack and count; QUICK=1 for the short form. Writes loadtest/results/faults.json
	$(BIN)/python -m tests.faults $(if $(QUICK),--quick)

milvus-up: setup  ## a Milvus standalone server, in the background
	@$(BIN)/python -m tools.services up milvus

milvus-down: setup  ## end it; its data goes
	$(BIN)/python -m tools.services down milvus

fuzz: setup  ## malformed input by the hundred thousand, at every way in
	$(BIN)/python -m tests.fuzz --target frame --runs 100000
	$(BIN)/python -m tests.fuzz --runs 10000

hostile: setup  ## what hostile pictures cost, in CPU and memory
	$(BIN)/python -m loadtest.hostile

sbom: setup  ## a CycloneDX list of everything that is installed from requirements.lock, into sbom.json
	$(BIN)/python -m tools.sbom sbom.json

audit: setup  ## known vulnerabilities of what is locked; code 3 where nobody could be asked
	$(BIN)/python -m tools.audit

proto: setup  ## services/watchbound/wire from proto/
	$(BIN)/python tools/proto.py

docs: setup  ## the pages of docs/ that are made from the code
	$(BIN)/python -m tools.docs

lock: setup  ## requirements.lock and loadtest/requirements.lock from pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --python-version 3.11 --extra cpu --extra embedded --extra dev \
	  --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet -o requirements.lock
	$(BIN)/uv pip compile --group pyproject.toml:bench --no-deps --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet -o loadtest/requirements.lock

clean:
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
