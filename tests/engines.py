"""Fixtures that run a test on every engine; Spark's half belongs to `make test-real`."""

from __future__ import annotations

from collections.abc import Iterator

import ibis
import pytest

from salespipe.datasets.engine import connect, use
from salespipe.params_engine import EngineParams, SparkParams

# Tables of a few rows: what costs time is planning, so nothing is split and nothing compiled.
SMALL = SparkParams(
    master="local[2]",
    driver_memory="1g",
    partitions=1,
    settings={
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    },
)
DUCKDB = "duckdb"
SPARK = pytest.param("spark", marks=pytest.mark.real)


def on_every_engine(metafunc: pytest.Metafunc) -> None:
    """Runs a test once on each engine; on DuckDB alone where it draws examples or asks for `con`.

    On Spark an example costs seconds; such a test has a sibling there with all of it in one table.
    """
    if "engine" in metafunc.fixturenames:
        drawn = getattr(metafunc.function, "is_hypothesis_test", False)
        engines = [DUCKDB] if drawn or "con" in metafunc.fixturenames else [DUCKDB, SPARK]
        metafunc.parametrize("engine", engines, indirect=True, scope="module")


@pytest.fixture(scope="module", autouse=True)
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    """The engine of this process, and Ibis's, until the module's tests are over."""
    yield from running(request.param)


def running(name: str) -> Iterator[str]:
    """Runs an engine for a fixture's time."""
    use(EngineParams.model_validate({"name": name, "spark": SMALL}))
    ibis.set_backend(connect())
    yield name
    use(EngineParams())
    ibis.options.default_backend = None
