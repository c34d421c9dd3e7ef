"""No row is lost: each is kept, or quarantined with every reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salespipe.datasets.sources import read_source
from salespipe.params_source import SourceParams
from salespipe.pipelines.ingest.nodes import map_sources, report_ingest, validate_tables
from tests.pipelines.ingest.test_mapping import COLUMNS, ROW


def sort(raw_table, rows, **source):
    params = SourceParams.model_validate({"orders": {"columns": COLUMNS, **source}})
    raw = {"orders": raw_table(rows)}
    kept, quarantine = map_sources(raw, params)
    return raw, kept, quarantine


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"customer": ""}, "customer_id is missing"),
        ({"customer": None}, "customer_id is missing"),
        ({"when": "soon"}, "ordered_at is not a time"),
        ({"when": "1066-10-14"}, "ordered_at is not between 1990-01-01 and 2100-01-01"),
        ({"price": "free"}, "unit_price is not a number"),
        ({"price": "-1"}, "unit_price is negative"),
        ({"qty": "0"}, "quantity is zero"),
        ({"qty": "", "price": "x"}, "quantity is missing; unit_price is not a number"),
    ],
)
def test_a_refused_row_keeps_its_text_and_says_why(raw_table, change, reason):
    _, kept, quarantine = sort(raw_table, [ROW, ROW | {"order": "2"} | change])
    (row,) = quarantine["orders"].execute().to_dict("records")
    assert row["reason"] == reason
    assert (row["row"], row["order"]) == (2, "2")
    assert kept["orders"].count().execute() == 1


def test_the_first_of_equal_lines_is_kept(raw_table):
    _, kept, quarantine = sort(raw_table, [ROW, ROW, ROW | {"qty": "2"}])
    assert kept["orders"].line_id.execute().tolist() == ["1", "3"]
    assert quarantine["orders"].reason.execute().tolist() == ["duplicate line"]


def test_a_bad_row_does_not_make_a_good_one_a_duplicate(raw_table):
    columns = {**COLUMNS, "line_id": "item"}
    params = SourceParams.model_validate({"orders": {"columns": columns}})
    raw = {"orders": raw_table([ROW | {"qty": "x"}, ROW, ROW | {"qty": "3"}])}
    kept, quarantine = map_sources(raw, params)
    assert kept["orders"].quantity.execute().tolist() == [1]
    reasons = quarantine["orders"].reason.execute().tolist()
    assert reasons == ["quantity is not a number", "duplicate order_id and line_id"]


def test_conf_may_refuse_rows_with_its_own_reason(raw_table):
    rows = [ROW, ROW | {"item": "POSTAGE"}]
    _, kept, quarantine = sort(raw_table, rows, refuse={"no goods": "item = 'POSTAGE'"})
    assert kept["orders"].item_id.execute().tolist() == ["a"]
    assert quarantine["orders"].reason.execute().tolist() == ["no goods"]


VALUES = ("1", "2.5", "-3", "0", "", "x", "2024-01-05", "1e9", "'", '"; drop', None)
TEXT = st.sampled_from(VALUES)


SOME = st.lists(st.fixed_dictionaries(dict.fromkeys(ROW, TEXT)), min_size=1, max_size=12)


@given(SOME)
def test_rows_in_are_rows_kept_and_rows_quarantined(raw_table, rows):
    every_row_is_somewhere(raw_table, rows)


def test_every_kind_of_text_is_judged_in_every_column(raw_table):
    """What the test above draws, in one table: on Spark an example costs seconds."""
    rows = [ROW | {column: text} for column in ROW for text in VALUES]
    reasons = every_row_is_somewhere(raw_table, rows)
    assert reasons["quantity is not a number"] == 4
    assert reasons["ordered_at is not a time"] == 8


def every_row_is_somewhere(raw_table, rows):
    raw, kept, quarantine = sort(raw_table, [ROW, *rows])
    counts = report_ingest(raw, kept, quarantine)["orders"]
    assert counts["rows_in"] == len(rows) + 1
    assert counts["rows_in"] == counts["rows_kept"] + counts["rows_quarantined"]
    assert sum(counts["reasons"].values()) == counts["rows_quarantined"]
    assert set(validate_tables(kept)) == {"orders"}
    numbers = [
        *kept["orders"].line_id.execute().astype(int),
        *quarantine["orders"]["row"].execute(),
    ]
    assert sorted(numbers) == list(range(1, len(rows) + 2))
    return counts["reasons"]


def test_a_broken_line_is_quarantined_as_it_stands(tmp_path):
    header = ",".join(ROW)
    (tmp_path / "orders.csv").write_text(f"{header}\n{','.join(ROW.values())}\n1,7,oops\n")
    params = SourceParams.model_validate({"orders": {"columns": COLUMNS}})
    raw = {"orders": read_source("orders", tmp_path, params.orders.read)}
    kept, quarantine = map_sources(raw, params)
    (row,) = quarantine["orders"].execute().to_dict("records")
    assert (row["reason"], row["_line"]) == ("line can't be split into the columns", "1,7,oops")
    assert report_ingest(raw, kept, quarantine)["orders"]["rows_in"] == 2
