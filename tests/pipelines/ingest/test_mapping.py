"""What a source value becomes, and what a mapping may not say."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from salespipe.errors import SalespipeError
from salespipe.params_source import TableSource
from salespipe.pipelines.ingest.mapping import map_table

COLUMNS = {
    "order_id": "order",
    "customer_id": "customer",
    "ordered_at": "when",
    "item_id": "item",
    "quantity": "qty",
    "unit_price": "price",
}
ROW = {"order": "1", "customer": "7", "when": "2024-01-05", "item": "a", "qty": "1", "price": "2"}


def mapped(raw_table, rows, **columns):
    source = TableSource.model_validate({"columns": {**COLUMNS, **columns}})
    return map_table("orders", raw_table(rows), source).execute().to_dict("records")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-05", dt.datetime(2024, 1, 5)),
        ("2024-01-05 10:30", dt.datetime(2024, 1, 5, 10, 30)),
        ("2024-01-05T10:30:00Z", dt.datetime(2024, 1, 5, 10, 30)),
        ("2024-01-05 10:30:00 -0500", dt.datetime(2024, 1, 5, 15, 30)),
        ("2024-01-05T10:30:00+02:00", dt.datetime(2024, 1, 5, 8, 30)),
    ],
)
def test_a_time_is_read_as_utc(raw_table, text, expected):
    (row,) = mapped(raw_table, [ROW | {"when": text}])
    assert row["ordered_at"].to_pydatetime() == expected


def test_a_time_without_an_offset_is_read_in_its_own_zone(raw_table):
    when = {"column": "when", "timezone": "Europe/London"}
    summer, offset = mapped(
        raw_table,
        [ROW | {"when": "2011-07-01 10:00"}, ROW | {"when": "2011-07-01 10:00+05:00"}],
        ordered_at=when,
    )
    assert summer["ordered_at"].hour == 9
    assert offset["ordered_at"].hour == 5


def test_formats_are_tried_in_order_and_then_iso(raw_table):
    when = {"column": "when", "formats": ["%m/%d/%Y %H:%M"]}
    rows = mapped(
        raw_table, [ROW | {"when": "12/1/2010 8:26"}, ROW | {"when": "2010-12-02"}], ordered_at=when
    )
    assert [r["ordered_at"].day for r in rows] == [1, 2]


@pytest.mark.parametrize("text", ["yesterday", "2024-13-05", "05/01/2024"])
def test_what_is_no_time_is_null_but_was_given(raw_table, text):
    (row,) = mapped(raw_table, [ROW | {"when": text}])
    assert row["ordered_at"] is None or str(row["ordered_at"]) == "NaT"
    assert row["_given_ordered_at"]


@pytest.mark.parametrize(
    ("decimal", "text", "expected"),
    [
        (".", "12.50", Decimal("12.5")),
        (".", "1,234.50", Decimal("1234.5")),
        (".", "12,50", None),
        (".", "1e2", Decimal(100)),
        (".", "NaN", None),
        (",", "12,50", Decimal("12.5")),
        (",", "1.234,50", Decimal("1234.5")),
        (",", "12.50", None),
        (",", "-3,25", Decimal("-3.25")),
        (",", "free", None),
    ],
)
def test_a_number_is_never_read_as_another(raw_table, decimal, text, expected):
    price = {"column": "price", "decimal": decimal}
    (row,) = mapped(raw_table, [ROW | {"price": text}], unit_price=price)
    assert row["unit_price"] == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("17850.0", "17850"), (" 17850 ", "17850"), ("", None)]
)
def test_an_id_survives_a_spreadsheet(raw_table, text, expected):
    (row,) = mapped(raw_table, [ROW | {"customer": text}])
    assert row["customer_id"] == expected
    assert row["_given_customer_id"] == (expected is not None)


def test_constants_and_expressions_fill_columns(raw_table):
    (row,) = mapped(
        raw_table,
        [ROW | {"qty": "4", "price": "10"}],
        country={"constant": "D'oc"},
        unit_price={"expression": "cast(price as double) / cast(qty as double)"},
    )
    assert (row["country"], row["unit_price"]) == ("D'oc", Decimal("2.5"))


def test_an_expression_that_fails_on_a_row_gives_null_there_alone(raw_table):
    rows = mapped(
        raw_table,
        [ROW | {"qty": "two"}, ROW],
        quantity={"expression": "cast(qty as integer) * 2"},
    )
    assert [r["quantity"] for r in rows] == [None, Decimal(2)]


def test_lines_without_an_id_are_numbered_and_orders_completed(raw_table):
    rows = mapped(raw_table, [ROW, ROW])
    assert [r["line_id"] for r in rows] == ["1", "2"]
    assert {r["status"] for r in rows} == {"completed"}


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"order_id": "ordr"}, "no column 'ordr'; it has 'order'"),
        ({"prize": "price"}, "orders has no column 'prize'"),
        ({"country": {"expression": "upper(land)"}}, "no column 'land'"),
        ({"country": {"expression": "upper("}}, "no SQL"),
    ],
)
def test_a_wrong_mapping_is_told_in_one_sentence(raw_table, columns, words):
    with pytest.raises(SalespipeError, match=r"source\.yml|The orders file") as raised:
        mapped(raw_table, [ROW], **columns)
    assert words in str(raised.value)


def test_a_required_column_must_be_mapped(raw_table):
    columns = {k: v for k, v in COLUMNS.items() if k != "unit_price"}
    with pytest.raises(SalespipeError, match="needs 'unit_price'"):
        map_table("orders", raw_table([ROW]), TableSource.model_validate({"columns": columns}))


def test_leakage_is_refused_by_name(raw_table):
    source = TableSource.model_validate(
        {
            "columns": {"label": "y"},
            "numbers": ["duration"],
            "leakage": {"duration": "the length of a call is known only once it is over"},
        }
    )
    with pytest.raises(SalespipeError, match="'duration' as a feature: the length of a call"):
        map_table("snapshots", raw_table([{"y": "1", "duration": "3"}]), source)
