"""A return knows the sale it takes back; a sale knows nothing of its future."""

from __future__ import annotations

from salespipe.params_source import SourceParams
from salespipe.pipelines.ingest.nodes import map_sources
from tests.pipelines.ingest.test_mapping import COLUMNS, ROW


def reversed_lines(raw_table, rows):
    params = SourceParams.model_validate({"orders": {"columns": COLUMNS}})
    kept, _ = map_sources({"orders": raw_table(rows)}, params)
    frame = kept["orders"].execute()
    return {
        row.line_id: row.reverses_line_id
        for row in frame[frame["reverses_line_id"].notna()].itertuples()
    }


def sale(order, when, qty, item="a", customer="7"):
    return ROW | {"order": order, "when": when, "qty": qty, "item": item, "customer": customer}


def test_a_return_reverses_the_latest_earlier_sale_of_the_item(raw_table):
    rows = [
        sale("1", "2024-01-01", "5"),
        sale("2", "2024-01-03", "5"),
        sale("3", "2024-01-04", "5", item="b"),
        sale("4", "2024-01-05", "5", customer="8"),
        sale("C1", "2024-01-06", "-5"),
        sale("5", "2024-01-07", "5"),
    ]
    assert reversed_lines(raw_table, rows) == {"5": "2"}


def test_the_same_quantity_goes_before_a_later_sale(raw_table):
    rows = [
        sale("1", "2024-01-01", "2"),
        sale("2", "2024-01-03", "9"),
        sale("C1", "2024-01-06", "-2"),
    ]
    assert reversed_lines(raw_table, rows) == {"3": "1"}


def test_what_was_never_sold_in_that_quantity_stays_unmatched(raw_table):
    rows = [sale("1", "2024-01-01", "2"), sale("C1", "2024-01-06", "-3")]
    assert reversed_lines(raw_table, rows) == {}
