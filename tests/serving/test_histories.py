"""A history's features are training's, whatever the history."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from serving.histories import Histories

from salespipe.features.compiled import compile_features
from tests.features.shop import SCHEMAS, at, features, snapshots, table

TABLES = ("orders", "customers", "events")
TYPES = {
    name: {column: kind.replace("timestamp", "timestamp(6)") for column, kind in columns.items()}
    for name, columns in SCHEMAS.items()
    if name in TABLES
}
FIRST = date(2023, 1, 1)
DAYS = st.integers(0, 500).map(lambda n: str(FIRST + timedelta(days=n)))
LINE = st.fixed_dictionaries({
    "order_id": st.sampled_from("abc"),
    "when": DAYS,
    "item_id": st.sampled_from(["I1", "I2"]),
    "category": st.sampled_from(["mugs", "books", None]),
    "country": st.sampled_from(["UK", "France", None]),
    "quantity": st.integers(-2, 5).filter(bool),
    "unit_price": st.integers(0, 2000).map(lambda cents: cents / 100),
    "channel": st.sampled_from(["web", None]),
    "status": st.sampled_from(["completed", "cancelled", None]),
})  # fmt: skip
EVENT = st.fixed_dictionaries(
    {"when": DAYS, "kind": st.sampled_from(["visit", "email_open", "email_sent"])}
)
PERSON = st.fixed_dictionaries({
    "signed_up_at": DAYS.map(at) | st.none(),
    "opted_out_at": DAYS.map(at) | st.none(),
    "age": st.integers(18, 90).map(float),
    "plan": st.sampled_from(["basic", "plus"]),
})  # fmt: skip
HISTORY = st.fixed_dictionaries(
    {"orders": st.lists(LINE, max_size=6), "events": st.lists(EVENT, max_size=4)},
    optional={"customer": PERSON},
)
ENGINE = Histories(TYPES, compile_features(TYPES))


@given(st.lists(st.tuples(HISTORY, DAYS), min_size=1, max_size=3))
@settings(max_examples=25)
def test_they_equal_those_of_the_batch_query(asked):
    asked = [
        (
            {**h, **{t: [row for row in h[t] if row["when"] < day] for t in ("orders", "events")}},
            day,
        )
        for h, day in asked
    ]
    told = ENGINE.features(
        [_as_asked(history) for history, _ in asked],
        [date.fromisoformat(day) for _, day in asked],
    )
    expected = features(_tables([h for h, _ in asked]), _snapshots([day for _, day in asked]))
    for number, (_, day) in enumerate(asked):
        row = expected.loc[(f"C{number}", day)]
        for name, value in row.items():
            got = told[number][name]
            if isinstance(value, str) or isinstance(got, str):
                assert got == value, name
            else:
                want = np.nan if value is None else float(value)
                same = np.isclose(float("nan") if got is None else got, want, rtol=0, atol=1e-9,
                                  equal_nan=True)  # fmt: skip
                assert same, (name, got, value)


def _before(history, day):
    return history | {
        name: [row for row in history[name] if row["when"] < day] for name in ("orders", "events")
    }


def _as_asked(history):
    return history | {
        "orders": [{**row, "ordered_at": at(row["when"])} for row in history["orders"]],
        "events": [{**row, "occurred_at": at(row["when"])} for row in history["events"]],
    }


def _tables(histories):
    owned = [(f"C{number}", history) for number, history in enumerate(histories)]
    lines = [
        {**row, "customer_id": who, "ordered_at": at(row["when"]), "line_id": str(n)}
        for who, history in owned
        for n, row in enumerate(history["orders"])
    ]
    visits = [
        {**row, "customer_id": who, "occurred_at": at(row["when"])}
        for who, history in owned
        for row in history["events"]
    ]
    people = [{**h["customer"], "customer_id": who} for who, h in owned if "customer" in h]
    return {
        "orders": table("orders", lines),
        "events": table("events", visits),
        "customers": table("customers", people),
    }


def _snapshots(days):
    return snapshots(*((f"C{number}", day) for number, day in enumerate(days)))


def test_one_request_leaves_nothing_to_the_next():
    line = {"order_id": "1", "ordered_at": at("2023-05-01"), "item_id": "I1", "quantity": 1,
            "unit_price": 3}  # fmt: skip
    day = date(2023, 6, 1)
    before = ENGINE.features([{"orders": []}], [day])
    assert ENGINE.features([{"orders": [line]}], [day])[0]["orders_total"] == 1
    assert ENGINE.features([{"orders": []}], [day]) == before
    assert before[0]["orders_total"] == 0
