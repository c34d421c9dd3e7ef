"""Shared by all tests: no tool reports home, hypothesis is repeatable, a small shop to work on."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from tests.clone import copy_to

if TYPE_CHECKING:
    import ibis.expr.types as ir

os.environ.update(
    OMP_WAIT_POLICY="PASSIVE",
    DO_NOT_TRACK="true",
    DVC_NO_ANALYTICS="1",
    MLFLOW_DISABLE_TELEMETRY="true",
    MLFLOW_ALLOW_PICKLE_DESERIALIZATION="false",
)

os.environ.pop("MLFLOW_TRACKING_URI", None)

settings.register_profile(
    "salespipe",
    deadline=None,
    derandomize=True,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
settings.load_profile("salespipe")


@pytest.fixture(autouse=True)
def no_store_is_left_behind() -> Iterator[None]:
    """MLflow keeps its address in a global and in the environment: the next test finds neither."""
    yield
    if "mlflow" in sys.modules:
        import mlflow

        mlflow.set_tracking_uri(None)
    os.environ.pop("MLFLOW_TRACKING_URI", None)


@pytest.fixture(scope="session")
def copy_project(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Makes a fresh clone of the working tree, with a small demo shop."""
    return lambda: copy_to(tmp_path_factory.mktemp("clone"))


RawTable = Callable[[list[dict[str, Any]]], "ir.Table"]


@pytest.fixture
def raw_table() -> RawTable:
    """Source rows as the sources dataset would give them: all text, numbered from 1."""

    def make(rows: list[dict[str, Any]]) -> ir.Table:
        import pyarrow as pa
        from ibis.util import gen_name

        from salespipe.datasets.engine import handed_over, local

        numbered = [{**row, "_row": i} for i, row in enumerate(rows, start=1)]
        fields = [(c, pa.string()) for c in rows[0]] + [("_row", pa.int64())]
        table = pa.Table.from_pylist(numbered, schema=pa.schema(fields))
        return handed_over(local().create_table(gen_name("raw"), table, temp=True))

    return make
