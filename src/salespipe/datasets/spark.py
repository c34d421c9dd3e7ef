"""Spark as an engine: started by conf, and tables between this machine and its workers."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from salespipe.datasets.java import java_home
from salespipe.datasets.spark_store import fetch, told
from salespipe.errors import SalespipeError
from salespipe.params_engine import SparkParams

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd
    from ibis.backends.pyspark import Backend
    from pyspark.sql import DataFrame, SparkSession

logger = logging.getLogger(__name__)

LOGGING = Path(__file__).with_name("log4j2.properties")
SETTINGS = {
    "spark.app.name": "salespipe",
    # What fails on a row is null, as DuckDB's try_cast gives it.
    "spark.sql.ansi.enabled": "false",
    # Products of decimals keep every digit, as in DuckDB.
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.driver.extraJavaOptions": (
        f"-Duser.timezone=UTC -Dlog4j2.configurationFile=file:{LOGGING}"
    ),
    "spark.executor.extraJavaOptions": "-Duser.timezone=UTC",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


def start(params: SparkParams) -> Backend:
    """Connect to Spark, once; a session that runs already is used as it is.

    Raises:
        SalespipeError: Spark is not installed, has no Java, or its master does not answer.
    """
    return _start(params.model_dump_json())


@lru_cache(maxsize=1)
def _start(written: str) -> Backend:
    params = SparkParams.model_validate_json(written)
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise SalespipeError(
            "The engine spark needs its extra: `make run ENGINE=spark` installs it, and so does "
            "`pip install salespipe[spark]`."
        ) from error
    os.environ["JAVA_HOME"] = java_home().as_posix()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.master(params.master)
    for key, value in _settings(params).items():
        builder = builder.config(key, value)
    with told(f"Spark at {params.master} does not start"):
        session = builder.getOrCreate()
        session.range(1).count()  # a master that does not answer is told here, and not later
    return _connected(session)


def _connected(session: SparkSession) -> Backend:
    """Ibis's backend. What is cached may read tables of this process, which Ibis 12 forgets."""
    from ibis.backends.pyspark import Backend

    class Remembering(Backend):  # type: ignore[misc]
        def _create_cached_table(self, name: str, expr: ir.Table) -> ir.Table:
            self._run_pre_execute_hooks(expr)
            return super()._create_cached_table(name, expr)

    Remembering.register_options()  # as `ibis.pyspark` does for its own
    return Remembering().connect(session)


def _settings(params: SparkParams) -> dict[str, str]:
    own = {
        "spark.driver.memory": params.driver_memory,
        "spark.sql.shuffle.partitions": str(params.partitions),
    }
    return SETTINGS | own | params.settings


def write(backend: Backend, table: ir.Table, file: Path, params: SparkParams) -> None:
    """Workers write their parts side by side; here they become one file in their order."""
    with _parts(params, file.parent) as (written, here):
        backend.to_parquet(table, written)
        if params.store is not None:
            fetch(written, here)
        join_parts(here, file)


def map_rows(
    backend: Backend,
    table: ir.Table,
    function: Callable[[pd.DataFrame], pd.DataFrame],
    types: Mapping[str, str],
) -> pd.DataFrame:
    """A function of rows, run by the workers on their parts; the results come here."""
    import ibis
    import pandas as pd
    from ibis.backends.pyspark.datatypes import PySparkSchema
    from ibis.formats.pandas import PandasData

    given, schema = table.schema(), ibis.schema(dict(types))

    def each(parts: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        return (function(PandasData.convert_table(part, given)) for part in parts if len(part))

    backend._run_pre_execute_hooks(table)
    frame = backend._session.sql(backend.compile(table))
    answers = frame.mapInPandas(each, PySparkSchema.from_ibis(schema))
    # days are Spark's objects till here; as Ibis has them with any engine from here on
    return pd.DataFrame(PandasData.convert_table(answers.toPandas(), schema))


@contextmanager
def _parts(params: SparkParams, folder: Path) -> Iterator[tuple[str, Path]]:
    """A folder that workers write to, and where its content is on this machine."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".spark-", dir=folder) as beside:
        here = Path(beside).resolve() / "parts"
        store = params.store
        yield (f"{store.rstrip('/')}/{uuid.uuid4().hex}" if store else here.as_uri()), here


def join_parts(folder: Path, file: Path) -> None:
    """Parquet parts in the order of their names as one file, in the memory of a batch.

    Spark knows of some columns that they hold no null; DuckDB never says so, and so nor do we.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    parts = sorted(folder.glob("part-*.parquet"))
    schema = pa.schema([field.with_nullable(True) for field in pq.read_schema(parts[0])])
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for part in parts:
            for batch in pq.ParquetFile(part).iter_batches():
                writer.write_batch(pa.record_batch(batch.columns, schema=schema))


def read_numbered(backend: Backend, place: str) -> ir.Table:
    """Parquet files that workers read themselves, each row with its number (from 1) in `_row`.

    Rows count on from file to file, in the order of their names.

    Args:
        backend: Spark.
        place: a file or folder, by path or URL.
    """
    from ibis.util import gen_name
    from pyspark.sql import functions as F  # noqa: N812 - as everyone calls it

    with told(f"Spark can't read {place}"):
        frame = backend._session.read.parquet(place)
    placed = frame.select("*", F.col("_metadata.file_path").alias("_file"),
                          F.col("_metadata.row_index").alias("_index"))  # fmt: skip
    numbered = placed.join(F.broadcast(_offsets(placed)), "_file")
    row = F.col("_before") + F.col("_index") + 1
    named = numbered.select(*frame.columns, row.alias("_row"))
    name = gen_name("source")
    named.createOrReplaceTempView(name)
    return backend.table(name)


def _offsets(placed: DataFrame) -> DataFrame:
    """`_file` and how many rows the files before it have."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F  # noqa: N812

    counts = placed.groupBy("_file").count()
    before = Window.orderBy("_file").rowsBetween(Window.unboundedPreceding, -1)
    offset = F.coalesce(F.sum("count").over(before), F.lit(0))
    offsets: DataFrame = counts.select("_file", offset.alias("_before"))
    return offsets
