"""A feed that stopped is told by its own longest pause."""

from __future__ import annotations

from datetime import date

import ibis
import pandas as pd

from salespipe.monitoring.feeds import silent_feeds

DAYS = pd.date_range("2024-01-01", "2024-06-29", freq="D")
NOW = date(2024, 6, 30)


def orders(days=DAYS):
    return ibis.memtable(pd.DataFrame({"ordered_at": days, "channel": "web"}))


def events(**until):
    parts = [
        pd.DataFrame({"occurred_at": days[days <= until.get(kind, "2099")], "kind": kind})
        for kind, days in (("visit", DAYS), ("email_sent", DAYS[::5]))
    ]
    return ibis.memtable(pd.concat(parts))


def test_feeds_that_run_are_quiet():
    assert silent_feeds({"orders": orders(), "events": events()}, NOW, None, 7) == ()


def test_a_kind_of_events_that_stopped_is_told():
    (found,) = silent_feeds({"orders": orders(), "events": events(visit="2024-06-20")}, NOW,
                            None, 7)  # fmt: skip
    assert (found.feed, found.last, found.days, found.longest) == (
        "events, visit", "2024-06-20", 9, 0,
    )  # fmt: skip
    assert "nothing since 2024-06-20" in found.words


def test_a_pause_as_long_as_one_before_is_normal():
    assert silent_feeds({"orders": orders(), "events": events(email_sent="2024-06-24")}, NOW,
                        None, 7) == ()  # fmt: skip


def test_the_calendar_sees_that_all_orders_stopped():
    assert silent_feeds({"orders": orders()}, NOW, date(2024, 7, 5), 7) == ()
    (found,) = silent_feeds({"orders": orders()}, NOW, date(2024, 7, 20), 7)
    assert (found.feed, found.days) == ("orders", 20)


def test_a_feed_too_young_to_know_its_pauses_is_let_be():
    young = events(email_sent="2024-01-10")
    assert silent_feeds({"orders": orders(), "events": young}, NOW, None, 7) == ()
