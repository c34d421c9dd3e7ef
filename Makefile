# make run | serve | ui | docs | cluster | test | test-real | bench | check    (see README)
ENV ?= demo
DATA ?=
DATASETS ?= ../shared/datasets
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 3000
WORKERS ?= 1
TOKENS ?=
ENGINE ?=

BIN := .venv/bin
READY := .venv/.ready
SPARK := .venv/.spark

# duckdb or spark goes before conf's engine.yml; every command of ours reads it
export ENGINE

# Nothing is reported home by any of the tools.
export DO_NOT_TRACK = true
export DVC_NO_ANALYTICS = 1
export MLFLOW_DISABLE_TELEMETRY = true
export BENTOML_DO_NOT_TRACK = true

.PHONY: run serve ui docs cluster test test-real bench check lock clean

run: $(READY) $(if $(filter spark,$(ENGINE)),$(SPARK))
	@$(BIN)/python -m salespipe.loop --env $(ENV) $(if $(DATA),--data "$(DATA)")

serve: $(READY)
	@$(BIN)/python -m salespipe.serve --env $(ENV) --host $(HOST) --port $(PORT) --workers $(WORKERS) $(if $(TOKENS),--tokens "$(TOKENS)")

ui: $(READY)
	@$(BIN)/python -m salespipe.pages --env $(ENV)

docs: $(READY)
	@$(BIN)/python -m tools.reference
	@$(BIN)/zensical build --clean --strict
	@echo "Open site/index.html"

# a Spark master and two workers on this machine, for engine.yml's master spark://127.0.0.1:7077
cluster: $(SPARK)
	@$(BIN)/python -m salespipe.cluster

test: $(READY)
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not real" --cov --cov-report=term --cov-fail-under=90

test-real: $(SPARK)
	DATASETS="$(DATASETS)" bash tests/real/servers.sh $(BIN)/python -m pytest -n 2 --dist loadfile -m real

check: $(READY)
	$(BIN)/ruff check && $(BIN)/ruff format --check && $(BIN)/mypy && $(BIN)/lint-imports

# an hour and more; the lists and the server are of the demo's champions: `make run` first
bench: $(READY)
	$(BIN)/python benchmarks/features.py --lines 1e6 1e7 1e8 --write
	$(BIN)/python benchmarks/out_of_core.py --write
	$(BIN)/python benchmarks/reference.py --datasets "$(DATASETS)"
	$(BIN)/python benchmarks/forecast.py --datasets "$(DATASETS)"
	$(BIN)/python benchmarks/gate.py
	$(BIN)/python benchmarks/monitoring.py --seeds 10
	$(BIN)/python benchmarks/monitoring.py --large
	$(BIN)/python benchmarks/serving.py --write
	$(BIN)/python benchmarks/training.py --write
	$(BIN)/python benchmarks/scoring.py --write
	$(BIN)/python benchmarks/stages.py --env online_retail --data "$(DATASETS)/online_retail.parquet" --write
	$(BIN)/python benchmarks/summary.py --write

lock: $(READY)
	$(BIN)/uv pip compile -q --universal --generate-hashes --extra dev --extra docs --extra postgres --extra s3 --extra viz --no-header --python-version 3.11 pyproject.toml -o requirements.lock
	$(BIN)/python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['optional-dependencies']['spark'], sep='\n')" \
	| $(BIN)/uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 -c requirements.lock - -o requirements-spark.lock

$(READY): requirements.lock pyproject.toml
	@echo "Setting up .venv (once; downloads about 500 MB)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "salespipe needs Python 3.11 or newer; set PYTHON=")'
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.9"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

# Spark and a Java, 400 MB: for ENGINE=spark and the real tests alone
$(SPARK): requirements-spark.lock $(READY)
	@echo "Setting up Spark in .venv (once; downloads about 400 MB)"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-spark.lock
	@touch $@

clean:
	rm -rf .venv data/0* mlruns mlflow.db site build
