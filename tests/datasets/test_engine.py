"""The engine of a process: DuckDB within bounds, or what conf names."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from salespipe.datasets.engine import connect, local, numbered, run_sql, use, write_parquet
from salespipe.datasets.spark import join_parts
from salespipe.errors import SalespipeError
from salespipe.params_engine import DuckdbParams, EngineParams, SparkParams


@pytest.fixture(autouse=True)
def as_before():
    yield
    use(EngineParams())


def setting(name: str) -> str:
    return str(local().raw_sql(f"select current_setting('{name}')").fetchone()[0])


def test_duckdb_keeps_to_its_bounds(tmp_path):
    use(
        EngineParams(duckdb=DuckdbParams(memory_limit="1GB", spill_folder=str(tmp_path), threads=1))
    )
    assert setting("memory_limit") == "953.6 MiB"
    assert setting("threads") == "1"
    assert Path(setting("temp_directory")).parent == tmp_path


def test_more_than_the_memory_limit_goes_to_the_spill_folder(tmp_path):
    """A sort of some 150 MB in 80."""
    limits = DuckdbParams(memory_limit="80MB", spill_folder=str(tmp_path), threads=1)
    use(EngineParams(duckdb=limits))
    rows = "select hash(i)::varchar || hash(i + 1)::varchar as text from range(3_000_000) t(i)"
    cursor = connect().raw_sql(f"select text from ({rows}) order by text")
    spilled = sum(file.stat().st_size for file in tmp_path.rglob("*") if file.is_file())
    assert cursor.fetchone() is not None
    assert spilled > 10e6


@pytest.mark.parametrize("limit", ["8", "lots", "8 PB"])
def test_a_memory_limit_has_a_unit(limit):
    with pytest.raises(ValidationError, match="memory_limit"):
        DuckdbParams(memory_limit=limit)


@pytest.mark.parametrize("master", ["duckdb", "http://host"])
def test_a_master_is_one_that_spark_knows(master):
    with pytest.raises(ValidationError, match="master"):
        SparkParams(master=master)


def test_a_url_is_read_by_spark_alone():
    with pytest.raises(SalespipeError, match=r"s3a://bucket/orders is read by Spark alone"):
        numbered("s3a://bucket/orders")


def test_a_folder_of_parts_is_one_table_whose_rows_are_numbered_on(tmp_path):
    for name, values in (("a", [1, 2]), ("b", [3])):
        write_parquet(table(x=values), tmp_path / f"{name}.parquet")
    rows = numbered(str(tmp_path)).execute().sort_values("_row")
    assert rows.to_dict("list") == {"x": [1, 2, 3], "_row": [1, 2, 3]}


def test_parts_become_one_file_in_the_order_of_their_names(tmp_path):
    for name, values in (("part-00001", [3]), ("part-00000", [1, 2])):
        write_parquet(table(x=values), tmp_path / f"{name}.parquet")
    join_parts(tmp_path, tmp_path / "whole.parquet")
    assert local().read_parquet(tmp_path / "whole.parquet").x.execute().tolist() == [1, 2, 3]


def test_a_column_that_spark_knows_to_have_no_null_is_like_any_other(tmp_path):
    schema = pa.schema([pa.field("x", pa.int64(), nullable=False)])
    pq.write_table(pa.table({"x": [1]}, schema=schema), tmp_path / "part-00000.parquet")
    join_parts(tmp_path, tmp_path / "whole.parquet")
    assert pq.read_schema(tmp_path / "whole.parquet").field("x").nullable


def test_sql_reads_a_table_as_raw():
    assert run_sql(table(x=[1, 2]), "select sum(x) as y from raw").y.execute().tolist() == [3]


def table(**columns):
    from ibis.util import gen_name

    return connect().create_table(gen_name("t"), pa.table(columns))
