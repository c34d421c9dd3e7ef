"""The engine of a process, shared by every Ibis dataset: the one place that knows which it is."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from salespipe.errors import SalespipeError
from salespipe.params_engine import DuckdbParams, EngineParams

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd
    from ibis.backends.duckdb import Backend as Duckdb
    from ibis.backends.sql import SQLBackend
    from pyspark.sql import SparkSession

SPARK = "pyspark"
"""What Ibis calls Spark."""


class _Chosen:
    """What conf chose for this process; DuckDB until it says otherwise."""

    params = EngineParams()


def use(params: EngineParams) -> None:
    """Choose the engine of this process; tables loaded before stay with the one before."""
    if params != _Chosen.params:
        _Chosen.params = params
        local.cache_clear()


def connect() -> SQLBackend:
    """The engine's Ibis backend, started on the first call.

    Raises:
        SalespipeError: Spark is not installed, has no Java, or can't be reached.
    """
    if _Chosen.params.name == "spark":
        from salespipe.datasets.spark import start

        return start(_Chosen.params.spark)
    return local()


@lru_cache(maxsize=1)
def local() -> Duckdb:
    """The in-memory DuckDB; with Spark it still reads what lies in one file on this machine.

    No extension is fetched, and every time is UTC.
    """
    import ibis

    backend = ibis.duckdb.connect(
        autoinstall_known_extensions=False, autoload_known_extensions=False
    )
    backend.raw_sql("set TimeZone = 'UTC'")
    backend.raw_sql("set enable_progress_bar = false")
    _bound(backend, _Chosen.params.duckdb)
    return backend


def _bound(backend: Duckdb, params: DuckdbParams) -> None:
    backend.raw_sql(f"set temp_directory = {literal(_spill_folder(params))}")
    if params.memory_limit is not None:
        backend.raw_sql(f"set memory_limit = {literal(params.memory_limit)}")
    if params.threads is not None:
        backend.raw_sql(f"set threads = {params.threads}")


def _spill_folder(params: DuckdbParams) -> Path:
    """A folder of this process, gone when it ends: two processes would mix their files."""
    if params.spill_folder is not None:
        Path(params.spill_folder).mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="salespipe-spill-", dir=params.spill_folder))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def spark_session() -> SparkSession:
    """The running Spark."""
    session: SparkSession = connect()._session
    return session


def read_parquet(file: Path) -> ir.Table:
    """A Parquet file on this machine as a table of the engine."""
    backend = connect()
    if backend.name == SPARK:
        from salespipe.datasets.spark_store import within_reach

        return backend.read_parquet(within_reach(file, _Chosen.params.spark))
    return backend.read_parquet(file)


def numbered(place: str) -> ir.Table:
    """Parquet of a source, each row with its number (from 1) in `_row`.

    Args:
        place: a file, or a folder of them; a URL where Spark reads it.

    Raises:
        SalespipeError: a URL, and DuckDB is the engine.
    """
    backend = connect()
    if backend.name == SPARK:
        from salespipe.datasets.spark import read_numbered
        from salespipe.datasets.spark_store import within_reach

        here = "://" not in place and Path(place).is_file()
        reach = within_reach(Path(place), _Chosen.params.spark) if here else place
        return read_numbered(backend, reach)
    if "://" in place:
        raise SalespipeError(f"{place} is read by Spark alone: set ENGINE=spark.")
    files = f"{place}/*.parquet" if Path(place).is_dir() else place
    return backend.sql(
        f"select *, row_number() over () as _row from read_parquet({literal(files)})"
    )


def handed_over(table: ir.Table) -> ir.Table:
    """A table that DuckDB has read, as one of the engine: Spark gets it as a Parquet file."""
    backend = connect()
    if backend.name != SPARK:
        return table
    folder = Path(tempfile.mkdtemp(prefix="salespipe-source-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    table.to_parquet(folder / "rows.parquet", compression="zstd")
    return read_parquet(folder / "rows.parquet")


def write_parquet(table: ir.Table, file: Path) -> None:
    """Write a table in its rows' order to one Parquet file, without passing through pandas."""
    if engine_of(table) == SPARK:
        from salespipe.datasets.spark import write

        write(connect(), table, file, _Chosen.params.spark)
    else:
        table.to_parquet(file, compression="zstd")


def engine_of(table: ir.Table) -> str:
    """The name of a table's backend, as Ibis has it; the process's where it has none."""
    backends, _ = table._find_backends()
    return str(backends[0].name if backends else connect().name)


def run_sql(table: ir.Table, query: str) -> ir.Table:
    """The result of DuckDB SQL that reads a table as `raw`, whichever engine the table is of.

    Raises:
        SalespipeError: Spark has no way to say a part of it.
    """
    if engine_of(table) == SPARK:
        from salespipe.datasets.spark_sql import to_spark

        query = to_spark(query, {name: str(dtype) for name, dtype in table.schema().items()})
    return table.alias("raw").sql(query)


def spread(
    table: ir.Table,
    function: Callable[[pd.DataFrame], pd.DataFrame],
    types: Mapping[str, str],
) -> pd.DataFrame:
    """A function of rows over a table: Spark's workers run it on their parts, else all at once.

    Args:
        table: the rows.
        function: looks at each row by itself.
        types: Ibis types of the columns that it gives.
    """
    if engine_of(table) == SPARK:
        from salespipe.datasets.spark import map_rows

        return map_rows(connect(), table, function, types)
    return function(table.to_pandas())


def literal(value: str | Path) -> str:
    """A text in SQL."""
    return "'" + str(value).replace("'", "''") + "'"
