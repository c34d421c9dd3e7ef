"""From a request to its answer: scores by id, by features and by history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from salespipe.modelling.frame import Floats
from serving.champions import CustomerChampion
from serving.errors import ApiError
from serving.messages import WAYS, way_of

EARLIEST = date(1990, 1, 1)


@dataclass(frozen=True)
class Scored:
    """What was predicted of the entities of a request that were asked for in one way.

    Attributes:
        way: how; one of `WAYS`.
        places: which entities of the request, n numbers.
        ids: the customers' ids, None where none was given.
        groups: product groups, None where the model has none.
        as_of: the day the features are as of, None where only the app knows.
        predictions: n numbers, NaN where there is an error.
        deciles: n numbers; meaningless where there is an error.
        contacts: whether a contact pays; None without a threshold.
        errors: why an entity has no prediction, by its number among these.
        matrix: the features that the request brought; None where they were looked up.
        rows: where looked-up features are; None where the request brought them.
    """

    way: str
    places: Sequence[int]
    ids: Sequence[str | None]
    groups: Sequence[str | None] | None
    as_of: Sequence[date | None]
    predictions: Floats
    deciles: Sequence[Any]
    contacts: Sequence[bool | None] | None
    errors: dict[int, dict[str, Any]]
    matrix: Floats | None = None
    rows: np.ndarray | None = None


def score(champion: CustomerChampion, entities: Sequence[Any]) -> list[Scored]:
    """Predict each entity of a request, way by way.

    Raises:
        ApiError: a history lies in the future, or can't be.
    """
    ways = [way_of(entity) for entity in entities]
    done = []
    for way in WAYS:
        places = [place for place, one in enumerate(ways) if one == way]
        if places:
            asked = [entities[place] for place in places]
            done.append(_BY[way](champion, places, asked))
    return done


def by_id(champion: CustomerChampion, places: list[int], asked: list[Any]) -> Scored:
    """Scores that were worked out when the champion was bundled."""
    scores = champion.scores
    errors: dict[int, dict[str, Any]] = {}
    rows = np.full(len(asked), -1)
    for number, entity in enumerate(asked):
        first = scores.first.get(entity["customer_id"])
        if first is None:
            errors[number] = _unknown(champion, places[number])
        elif scores.item_groups is None:
            rows[number] = first
        else:
            rows[number] = _pair(champion, entity)
    predictions = np.full(len(asked), np.nan)
    predictions[rows >= 0] = scores.predictions[rows[rows >= 0]]
    found = rows.tolist()
    for number in np.flatnonzero(np.isnan(predictions) & (rows >= 0)).tolist():
        errors[number] = _not_scored(str(scores.not_scored[found[number]]), places[number])
    groups = None
    if scores.item_groups is not None:
        groups = [None if row < 0 else scores.item_groups[row] for row in found]
    return Scored(
        "customer_id", places, [entity["customer_id"] for entity in asked], groups,
        [champion.as_of] * len(asked), predictions,
        [None if row < 0 else scores.deciles[row] for row in found],
        None if champion.threshold is None else
        [None if row < 0 else scores.contacts[row] for row in found],
        errors, rows=rows,
    )  # fmt: skip


def by_features(champion: CustomerChampion, places: list[int], asked: list[Any]) -> Scored:
    """Scores of features that the app worked out."""
    matrix = champion.compiled.matrix([entity["features"] for entity in asked])
    return _scored(champion, Asked("features", places, asked, [None] * len(asked)), matrix)


def by_history(champion: CustomerChampion, places: list[int], asked: list[Any]) -> Scored:
    """Scores of features that are worked out here, by training's own expressions."""
    assert champion.histories is not None  # noqa: S101 - the request's type has seen to it
    tomorrow = _today() + timedelta(days=1)
    days = [entity.get("as_of", tomorrow) for entity in asked]
    for place, entity, day in zip(places, asked, days, strict=True):
        _check_history(entity["history"], day, tomorrow, place)
    found = champion.histories.features([entity["history"] for entity in asked], days)
    matrix = champion.compiled.matrix(found)
    return _scored(champion, Asked("history", places, asked, days), matrix)


_BY = {"customer_id": by_id, "features": by_features, "history": by_history}


@dataclass(frozen=True)
class Asked:
    """Entities that bring what they are scored by; see `Scored`."""

    way: str
    places: Sequence[int]
    entities: Sequence[Any]
    as_of: Sequence[date | None]


def _scored(champion: CustomerChampion, asked: Asked, matrix: Floats) -> Scored:
    predictions = champion.compiled.predict(matrix)
    contacts = champion.contacts(matrix, predictions)
    silent = np.flatnonzero(champion.silent(matrix)).tolist()
    predictions[silent] = np.nan
    return Scored(
        asked.way,
        asked.places,
        ids=[entity.get("customer_id") for entity in asked.entities],
        groups=champion.groups_of(matrix),
        as_of=asked.as_of,
        predictions=predictions,
        deciles=champion.deciles(predictions).tolist(),
        contacts=None if contacts is None else contacts.tolist(),
        errors={
            number: _not_scored(champion.too_silent, asked.places[number]) for number in silent
        },
        matrix=matrix,
    )


def _pair(champion: CustomerChampion, entity: Any) -> int:
    """The place of a customer with a product group: the one asked for, or the likeliest."""
    pairs = champion.scores.pairs(entity["customer_id"])
    if "item_group" in entity:
        return pairs.start + champion.scores.groups.index(entity["item_group"])
    return pairs.start + int(np.argmax(champion.scores.predictions[pairs.start : pairs.stop]))


def results(champion: CustomerChampion, scored: Sequence[Scored], count: int) -> list[Any]:
    """One result an entity, in the order of the request."""
    found: list[Any] = [None] * count
    for part in scored:
        values = part.predictions.tolist()
        contacts = part.contacts or [None] * len(values)
        groups = part.groups or [None] * len(values)
        days = [None if day is None else day.isoformat() for day in part.as_of]
        columns = zip(
            part.places, part.ids, groups, values, part.deciles, contacts, days, strict=True
        )
        for number, (place, id_, group, value, decile, contact, day) in enumerate(columns):
            told: dict[str, Any] = {"customer_id": id_}
            if part.groups is not None:
                told["item_group"] = group
            if number in part.errors:
                told["error"] = part.errors[number]
            else:
                told |= {champion.output: value, "decile": decile, "contact": contact}
                told["as_of"] = day
            found[place] = told
    return found


def _check_history(history: Any, as_of: date, latest: date, place: int) -> None:
    where = f"entities[{place}]"
    if not EARLIEST <= as_of <= latest:
        told = f"as_of has to lie between {EARLIEST} and {latest} (tomorrow)."
        raise ApiError(422, "impossible", told, f"{where}.as_of")
    for number, line in enumerate(history["orders"]):
        if line["quantity"] == 0:
            field = f"{where}.history.orders[{number}].quantity"
            raise ApiError(422, "impossible", "A line has a quantity, or is no line.", field)
    for table, column in (("orders", "ordered_at"), ("events", "occurred_at")):
        for number, row in enumerate(history.get(table, ())):
            when = row[column]
            day = (when.astimezone(UTC) if when.tzinfo else when).date()
            if not EARLIEST <= day < as_of:
                told = f"A history is of the days before as_of, {as_of}, and after {EARLIEST}."
                field = f"{where}.history.{table}[{number}].{column}"
                raise ApiError(422, "impossible", told, field)


def _today() -> date:
    return datetime.now(UTC).date()


def _unknown(champion: CustomerChampion, place: int) -> dict[str, Any]:
    if not champion.scores.known:
        told = "This server was packaged without customers: ask by features or by history."
    else:
        told = f"No such customer as of {champion.facts['as_of'] or 'the latest data'}."
    return problem("unknown_customer", told, f"entities[{place}].customer_id")


def _not_scored(why: str, place: int) -> dict[str, Any]:
    return problem("not_scored", why[0].upper() + why[1:] + ".", f"entities[{place}]")


def problem(code: str, message: str, field: str) -> dict[str, Any]:
    """Why one entity, or series, has no answer."""
    return {"code": code, "message": message, "field": field}
