"""Simulate the shop in batches of customers: any size in the memory of one batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from salespipe.simulator import catalogue
from salespipe.simulator.people import People, draw_people
from salespipe.simulator.season import DISCOUNT, promoted, season

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from salespipe.params import SimulatorParams

BATCH = 50_000
"""Customers simulated at once; a batch has its own seed, so it never depends on the others."""

RETURN_RATE = 0.04
MAX_RETURN_DAYS = 21
VISITS_PER_ORDER = 8.0
MAIL_EVERY_DAYS = 30
OPEN_RATE = 0.35
OPEN_RATE_GONE = 0.06
CLICK_RATE = 0.3
SECONDS_A_DAY = 86_400

Columns = dict[str, Any]


def simulate(params: SimulatorParams) -> Iterator[dict[str, pa.Table]]:
    """Yield `orders`, `customers`, `events` and `truth` for one batch of customers after another.

    Args:
        params: size, period and seed; equal params give equal tables.
    """
    for first in range(0, params.customers, BATCH):
        count = min(BATCH, params.customers - first)
        rng = np.random.default_rng([params.seed, first])
        yield _simulate_batch(params, first, count, rng)


def _simulate_batch(
    params: SimulatorParams, first: int, count: int, rng: np.random.Generator
) -> dict[str, pa.Table]:
    people = draw_people(params, first, count, rng)
    buyer, moment = _moments(params, people, people.rate, rng)
    orders = _order_lines(params, people, buyer, moment, rng)
    return {
        "orders": _table(orders),
        "customers": _table(people.attributes(params)),
        "events": _table(_events(params, people, rng)),
        "truth": _table(people.truth(params)),
    }


def _moments(
    params: SimulatorParams, people: People, rate: NDArray[np.float64], rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Poisson events while a customer is alive, thinned by the season: whose and when (days)."""
    factor = season(params)
    peak = float(factor.max())
    start = np.maximum(people.joined, 0)
    end = np.minimum(people.gone, params.days)
    length = np.maximum(end - start, 0)
    counts = rng.poisson(rate * peak * length)
    who = np.repeat(np.arange(len(rate)), counts)
    when = start[who] + rng.random(len(who)) * length[who]
    kept = rng.random(len(who)) * peak < factor[when.astype(int)]
    order = np.lexsort((when[kept], who[kept]))
    return who[kept][order], when[kept][order]


def _order_lines(
    params: SimulatorParams,
    people: People,
    buyer: NDArray[np.int64],
    moment: NDArray[np.float64],
    rng: np.random.Generator,
) -> Columns:
    sizes = 1 + rng.poisson(people.basket[buyer])
    order = np.repeat(np.arange(len(buyer)), sizes)
    line = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    who = buyer[order]
    item = catalogue.draw_items(people.taste[who], rng)
    day = moment[order].astype(int)
    price = catalogue.PRICE[item] * np.where(promoted(params)[day], DISCOUNT, 1.0)
    # when in the day one shops has nothing to do with the rate
    hour = np.clip(rng.normal(14.5, 3.5, len(moment)), 0, 23.99) / 24
    clock = (np.floor(moment) + hour)[order]
    sold: Columns = {
        "order_id": _order_ids(people.first, len(buyer))[order],
        "line_id": (line + 1).astype(str),
        "customer_id": people.ids[who],
        "ordered_at": _timestamps(params, clock),
        "item": item,
        "quantity": rng.geometric(0.6, len(order)),
        "unit_price": np.round(price, 2),
        "country": people.country[who],
        "channel": np.where(rng.random(len(buyer)) < people.online[buyer], "web", "store")[order],
        "status": np.full(len(order), "completed"),
    }
    return _with_items(_with_returns(params, sold, clock, rng))


def _with_returns(
    params: SimulatorParams, sold: Columns, clock: NDArray[np.float64], rng: np.random.Generator
) -> Columns:
    back = clock + rng.uniform(2, MAX_RETURN_DAYS, len(clock))
    chosen = (rng.random(len(clock)) < RETURN_RATE) & (back < params.days)
    returned = {name: column[chosen] for name, column in sold.items()}
    returned["order_id"] = np.char.add("R", returned["order_id"].astype(str))
    returned["ordered_at"] = _timestamps(params, back[chosen])
    returned["quantity"] = -returned["quantity"]
    returned["status"] = np.full(int(chosen.sum()), "returned")
    return {name: np.concatenate([sold[name], returned[name]]) for name in sold}


def _with_items(lines: Columns) -> Columns:
    item = lines.pop("item")
    return lines | {
        "item_id": catalogue.ITEM_ID[item],
        "item_name": catalogue.ITEM_NAME[item],
        "category": catalogue.CATEGORY[item],
    }


def _events(params: SimulatorParams, people: People, rng: np.random.Generator) -> Columns:
    visitor, visited = _moments(params, people, people.rate * VISITS_PER_ORDER, rng)
    mailed, sent = _mailings(params, people)
    alive = sent < people.gone[mailed]
    opened = rng.random(len(sent)) < np.where(alive, OPEN_RATE, OPEN_RATE_GONE)
    clicked = opened & (rng.random(len(sent)) < CLICK_RATE)
    delay = rng.exponential(0.4, len(sent))
    parts = [
        ("visit", "web", visitor, visited),
        ("email_sent", "email", mailed, sent),
        ("email_open", "email", mailed[opened], (sent + delay)[opened]),
        ("email_click", "email", mailed[clicked], (sent + delay + 0.001)[clicked]),
    ]
    who = np.concatenate([p[2] for p in parts])
    when = np.concatenate([p[3] for p in parts])
    sizes = [len(p[2]) for p in parts]
    inside = when < params.days
    return {
        "customer_id": people.ids[who][inside],
        "occurred_at": _timestamps(params, when)[inside],
        "kind": np.repeat([p[0] for p in parts], sizes)[inside],
        "channel": np.repeat([p[1] for p in parts], sizes)[inside],
    }


def _mailings(
    params: SimulatorParams, people: People
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """A newsletter at nine in the morning to everyone who has joined and not opted out."""
    days = np.arange(5, params.days, MAIL_EVERY_DAYS) + 9 / 24
    reached = (people.joined[:, None] <= days) & (days < people.opted_out[:, None])
    who, issue = np.nonzero(reached)
    return who.astype(np.int64), np.asarray(days[issue], dtype=np.float64)


def _order_ids(first: int, count: int) -> NDArray[Any]:
    """Unique over batches: the number of the batch's first customer is part of each."""
    return np.char.add(f"O{first:08d}-", np.char.zfill(np.arange(count).astype(str), 7))


def _timestamps(params: SimulatorParams, days: NDArray[np.float64]) -> NDArray[np.datetime64]:
    seconds = np.floor(days * SECONDS_A_DAY).astype("timedelta64[s]")
    return np.asarray(np.datetime64(params.first_day, "s") + seconds)


def _table(columns: Columns) -> pa.Table:
    import pyarrow as pa

    return pa.table(columns)
