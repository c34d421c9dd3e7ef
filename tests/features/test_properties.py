"""What holds for every history: no feature knows its future, and none depends on chance."""

from __future__ import annotations

import functools
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salespipe.datasets.engine import read_parquet
from salespipe.features import FEATURE_GROUPS, customer_features
from tests.features import by_hand
from tests.features.shop import SCHEMAS, features, snapshots

AS_OF = "2023-05-01"
DAY = datetime.fromisoformat(AS_OF)
MINUTES = 60 * 24
LABELS = st.sampled_from([None, "X", "Y"])


def rows(before: bool) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Order lines of two customers, up to the last minute before the day, or from its first."""
    past = st.integers(-400 * MINUTES, -1)
    minutes = past if before else st.integers(0, 400 * MINUTES)
    line = st.fixed_dictionaries(
        {
            "order_id": st.sampled_from("123456"),
            "line_id": st.just("L"),
            "customer_id": st.sampled_from("AB"),
            "ordered_at": minutes.map(lambda m: DAY + timedelta(minutes=m)),
            "item_id": st.sampled_from("IJK"),
            "quantity": st.integers(-3, 5),
            "unit_price": st.decimals(0, 500, places=2),
            "category": LABELS,
            "country": LABELS,
            "channel": LABELS,
            "status": st.sampled_from([None, "completed", "cancelled"]),
        }
    )
    return st.lists(line, max_size=12)


def event_rows(before: bool) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Events on the same side of the day."""
    minutes = st.integers(-200 * MINUTES, -1) if before else st.integers(0, 200 * MINUTES)
    event = st.fixed_dictionaries(
        {
            "customer_id": st.sampled_from("AB"),
            "occurred_at": minutes.map(lambda m: DAY + timedelta(minutes=m)),
            "kind": st.sampled_from(["visit", "email_sent", "email_open", "other"]),
        }
    )
    return st.lists(event, max_size=6)


class Shop:
    """The feature query, compiled once, over tables that are filled again for each example."""

    def __init__(self) -> None:
        self.con = ibis.duckdb.connect()
        for name, schema in SCHEMAS.items():
            self.con.create_table(name, schema=ibis.schema(schema))
        tables = {name: self.con.table(name) for name in ("orders", "events")}
        wanted = self.con.table("snapshots")
        every = customer_features(tables, wanted)
        self.query = ibis.to_sql(every.order_by("customer_id", "as_of"), dialect="duckdb")
        day = DAY.date()
        alone = customer_features(tables, wanted.filter(wanted.as_of == day), as_of=day)
        self.day_query = ibis.to_sql(alone.order_by("customer_id"), dialect="duckdb")
        # The later snapshot keeps future rows in the query: alone, a leak would be filtered away.
        days = [("A", DAY.date()), ("B", DAY.date()), ("A", date(2024, 12, 31))]
        self.con.raw_sql(f"insert into snapshots values {', '.join(map(literal, days))}")

    def features(
        self, orders: list[dict[str, Any]], events: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """The features as of the day, by customer."""
        self.fill(orders, events)
        return self.ask(self.query)

    def fill(self, orders: list[dict[str, Any]], events: list[dict[str, Any]]) -> None:
        """Puts an example in the place of the one before."""
        for name, lines in {"orders": orders, "events": events}.items():
            values = [tuple(row.get(column) for column in SCHEMAS[name]) for row in lines]
            self.con.raw_sql(f"delete from {name}")
            if values:
                self.con.raw_sql(f"insert into {name} values {', '.join(map(literal, values))}")

    def ask(self, query: str) -> dict[str, Any]:
        """What a query says as of the day, by customer."""
        frame = self.con.raw_sql(query).df()
        rows = frame[frame.as_of == pd.Timestamp(AS_OF)].reset_index(drop=True)
        assert len(rows) == 2
        return rows.astype(object).where(rows.notna(), None).to_dict()


def literal(row: tuple[Any, ...]) -> str:
    """A row as SQL."""
    return "(" + ", ".join("null" if v is None else f"'{v}'" for v in row) + ")"


SHOP = functools.cache(Shop)


given_both_sides = given(rows(True), rows(False), event_rows(True), event_rows(False))


@given_both_sides
def test_appending_any_future_rows_changes_no_feature(
    past: list[dict[str, Any]],
    future: list[dict[str, Any]],
    seen: list[dict[str, Any]],
    unseen: list[dict[str, Any]],
) -> None:
    before = SHOP().features(past, seen)
    assert SHOP().features(past + future, seen + unseen) == before


@given_both_sides
def test_a_day_by_itself_has_the_features_that_it_has_among_others(
    past: list[dict[str, Any]],
    future: list[dict[str, Any]],
    seen: list[dict[str, Any]],
    unseen: list[dict[str, Any]],
) -> None:
    among_others = SHOP().features(past + future, seen + unseen)
    assert SHOP().ask(SHOP().day_query) == among_others


def test_a_history_that_goes_on_changes_no_feature_of_anyone(tmp_path: Any) -> None:
    """What the test above draws, for a few hundred customers in one query."""
    con = ibis.duckdb.connect()
    shop(con, 4000)
    rows = con.table("orders")
    con.to_parquet(rows.filter(rows.ordered_at < DAY), tmp_path / "past.parquet")
    con.to_parquet(rows, tmp_path / "all.parquet")
    names = sorted(rows.customer_id.execute().unique())
    wanted = snapshots(*[(name, day) for name in names for day in (AS_OF, "2024-12-31")])
    known, whole = (
        features({"orders": read_parquet(tmp_path / f"{name}.parquet")}, wanted).xs(
            AS_OF, level="as_of"
        )
        for name in ("past", "all")
    )
    pd.testing.assert_frame_equal(known, whole, check_exact=True)
    assert known.orders_total.sum() > 100


def shop(con: Any, lines: int = 20_000) -> None:
    """A few hundred customers with prices that no binary float holds exactly."""
    con.raw_sql("select setseed(0.5)")
    con.raw_sql(
        f"""
        create or replace table orders as
        select (i // 4)::varchar as order_id, i::varchar as line_id,
            (hash(i // 4) % 300)::varchar as customer_id,
            timestamp '2022-01-01' + to_hours((hash(i // 4, 1) % 26000)::int) as ordered_at,
            (hash(i, 2) % 500)::varchar as item_id, 'x' as item_name,
            (hash(i, 2) % 7)::varchar as category, 'GB' as country, 'web' as channel,
            ((hash(i, 3) % 12)::int - 1)::decimal(18, 3) as quantity,
            ((hash(i, 4) % 9999) / 100)::decimal(18, 4) as unit_price,
            'completed' as status, null::varchar as reverses_line_id
        from range({lines}) t(i)
        """
    )
    con.raw_sql(
        f"create or replace table snapshots as select distinct customer_id, "
        f"date '{by_hand.AS_OF}' as as_of from orders"
    )


@pytest.fixture
def con() -> Any:
    """A DuckDB, for tests that are about nothing else: those don't run on Spark."""
    return ibis.duckdb.connect()


def test_the_number_of_threads_changes_no_byte(con: Any) -> None:
    shop(con)
    query = customer_features({"orders": con.table("orders")}, con.table("snapshots"))
    query = query.order_by("customer_id", "as_of")
    results = []
    for threads in (1, 2, 2):
        con.raw_sql(f"set threads = {threads}")
        frame = con.to_pandas(query)
        results.append(frame.select_dtypes("number").to_numpy().tobytes())
    assert results[0] == results[1] == results[2]


def test_the_features_equal_those_written_by_hand(tmp_path: Any) -> None:
    con = ibis.duckdb.connect()
    shop(con)
    groups = {name: FEATURE_GROUPS[name] for name in by_hand.GROUPS}
    orders, wanted = con.table("orders"), con.table("snapshots")
    con.to_parquet(orders, tmp_path / "orders.parquet")
    con.to_parquet(wanted, tmp_path / "snapshots.parquet")
    orders, wanted = (read_parquet(tmp_path / f"{n}.parquet") for n in ("orders", "snapshots"))
    day = date.fromisoformat(by_hand.AS_OF)
    ours = customer_features({"orders": orders}, wanted, groups, as_of=day).to_pandas()
    ours = ours.set_index("customer_id").sort_index().drop(columns="as_of")
    builds = {
        "sql": by_hand.build_sql,
        "polars": by_hand.build_polars,
        "pandas": by_hand.build_pandas,
    }
    for name, build in builds.items():
        build(tmp_path, tmp_path / f"{name}.parquet")
        other = pd.read_parquet(tmp_path / f"{name}.parquet").set_index("customer_id").sort_index()
        other = other[ours.columns].astype(np.float64)
        pd.testing.assert_frame_equal(other, ours, rtol=1e-9, atol=1e-9)


def test_many_dates_at_once_give_what_each_gives_alone() -> None:
    con = ibis.duckdb.connect()
    shop(con, 4000)
    orders = con.table("orders").to_pandas()
    lines = ibis.memtable(orders, schema=con.table("orders").schema())
    days = [date(2023, month, 1) for month in (2, 5, 9)]
    names = sorted(orders.customer_id.unique())[:20]
    wanted = {day: [(name, str(day)) for name in names] for day in days}
    together = features({"orders": lines}, snapshots(*chain(*wanted.values())))
    alone = [
        features({"orders": lines}, snapshots(*pairs), as_of=day) for day, pairs in wanted.items()
    ]
    pd.testing.assert_frame_equal(together, pd.concat(alone).sort_index(), check_exact=True)
