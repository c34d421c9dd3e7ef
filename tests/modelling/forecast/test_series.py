"""Orders to daily series: what counts, what is taken back, which keys."""

from __future__ import annotations

from datetime import date

import ibis
import pytest

from salespipe.errors import SalespipeError
from salespipe.modelling.forecast.series import daily, sales, span, top_keys
from salespipe.schemas import CONTRACTS
from tests.modelling.forecast.conftest import small_params

SCHEMA = {name: column.dtype for name, column in CONTRACTS["orders"].fields.items()}


def line(number, day, price="2", quantity="3", **more):
    usual = {
        "order_id": f"o{number}", "line_id": str(number), "customer_id": "c", "item_id": "i",
        "ordered_at": f"{day} 10:00:00", "quantity": quantity, "unit_price": price,
        "item_name": None, "category": None, "country": "UK", "channel": None,
        "status": "completed", "reverses_line_id": None,
    }  # fmt: skip
    return usual | more


def orders(*lines):
    text = ibis.memtable({name: [one[name] for one in lines] for name in SCHEMA},
                         schema=dict.fromkeys(SCHEMA, "string"))  # fmt: skip
    return text.cast(SCHEMA)


def test_a_sale_taken_back_whole_on_its_day_never_was():
    shop = orders(
        line(1, "2024-01-01"),
        line(2, "2024-01-01", quantity="-3", status="cancelled", reverses_line_id="1"),
        line(3, "2024-01-02"),
        line(4, "2024-01-03", quantity="-3", status="returned", reverses_line_id="3"),
        line(5, "2024-01-02"),
        line(6, "2024-01-02", quantity="-1", status="returned", reverses_line_id="5"),
    )
    assert sorted(sales(shop).line_id.execute()) == ["3", "5"]


def test_days_are_summed_by_level_and_the_last_one_is_left_out():
    shop = orders(
        line(1, "2024-01-01"), line(2, "2024-01-01", order_id="o1", country="FR"),
        line(3, "2024-01-02", country="FR"), line(4, "2024-01-03"),
    )  # fmt: skip
    first, as_of = span(shop)
    assert (first, as_of) == (date(2024, 1, 1), date(2024, 1, 3))
    found = daily(shop, as_of, {"country": ("FR",)}).execute()
    told = found[["level", "key", "revenue", "orders", "units"]].to_numpy().tolist()
    assert told == [
        ["country", "FR", 6.0, 1.0, 3.0],
        ["country", "FR", 6.0, 1.0, 3.0],
        ["total", "all", 12.0, 1.0, 6.0],
        ["total", "all", 6.0, 1.0, 3.0],
    ]


def test_the_keys_are_the_best_sellers_of_the_past():
    shop = orders(
        line(1, "2024-01-01"), line(2, "2024-01-01", country="FR", price="1"),
        line(3, "2024-02-01", country="DE", price="99"),
    )  # fmt: skip
    keys = top_keys(shop, date(2024, 2, 1), small_params())
    assert keys == {"country": ("UK", "FR")}


def test_without_a_sale_there_is_nothing_to_forecast():
    with pytest.raises(SalespipeError, match="Not one sale"):
        span(orders(line(1, "2024-01-01", quantity="-3", status="returned")))
