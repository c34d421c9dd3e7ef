"""Tables of Spark, as the rest of the code meets them."""

from __future__ import annotations

from datetime import date

import ibis
import pandas as pd
import pytest

from salespipe.datasets.engine import connect, local, numbered, spread
from salespipe.datasets.spark_store import within_reach
from salespipe.errors import SalespipeError
from salespipe.params_engine import SparkParams
from tests.engines import running

pytestmark = pytest.mark.real


@pytest.fixture(scope="module", autouse=True)
def spark():
    yield from running("spark")


def test_what_is_cached_may_read_a_table_of_this_process():
    """Offers, lists and kept cutoffs do: their days are such a table."""
    days = ibis.memtable({"day": [1, 2, 3]})
    later = days.filter(days.day > 1).cache()
    del days
    assert later.execute().day.tolist() == [2, 3]


def test_rows_that_workers_look_at_are_typed_as_in_this_process():
    """A list's `as_of` is a day on both sides, and not an object of Python's."""
    columns = {"day": [date(2024, 1, 5), date(2024, 2, 6)], "x": [1.5, None]}
    types = {"day": "date", "x": "float64"}

    def answer(rows: pd.DataFrame) -> pd.DataFrame:
        return rows[rows["day"] > pd.Timestamp("2024-01-01")]

    here = answer(local().create_table("rows_here", columns, schema=types).to_pandas())
    there = spread(connect().create_view("rows_there", ibis.memtable(columns, schema=types)),
                   answer, types)  # fmt: skip
    pd.testing.assert_frame_equal(there, here)


@pytest.mark.parametrize(
    ("place", "why"),
    [("/no/such/folder", "does not exist"), ("s3a://bucket/orders", "S3AFileSystem not found")],
)
def test_a_source_that_spark_can_not_read_is_told_in_a_sentence(place, why):
    with pytest.raises(SalespipeError, match=rf"^Spark can't read {place}: [^\n]*{why}[^\n]*$"):
        numbered(place)


def test_a_store_that_can_not_be_reached_is_told_in_a_sentence(tmp_path):
    (tmp_path / "orders.parquet").write_bytes(b"rows")
    with pytest.raises(
        SalespipeError, match=r"^orders.parquet can't be sent to the store s3a://b/"
    ):
        within_reach(tmp_path / "orders.parquet", SparkParams(store="s3a://b/salespipe"))
