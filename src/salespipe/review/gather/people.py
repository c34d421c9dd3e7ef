"""Five typical and five odd customers, each explained by its exact contributions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from salespipe.features import feature_help
from salespipe.modelling.frame import Floats, Integers, design_matrix
from salespipe.modelling.predict import Model
from salespipe.modelling.reasons import told
from salespipe.review.gather.facts import Person, Reason

SHOWN = 5
"""Customers of each kind, and reasons of each customer."""
BANDS = ("the highest fifth", "the second fifth", "the middle fifth", "the fourth fifth",
         "the lowest fifth")  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """Rows as they are, as the model reads them, with their contributions and predictions."""

    rows: pd.DataFrame
    design: pd.DataFrame
    parts: pd.DataFrame
    predicted: Floats


def people_of(
    model: Model, rows: pd.DataFrame, parts: pd.DataFrame
) -> tuple[tuple[Person, ...], tuple[Person, ...]]:
    """Typical customers, one of each fifth of the list, and those most unlike the others.

    Args:
        model: the model.
        rows: n rows with keys, features and label.
        parts: n rows of contributions, in the same order; columns as in the model's schema.
    """
    predicted = np.asarray(model.predict(rows), dtype=np.float64)
    usual = typical_rows(predicted, parts)
    odd, driver = odd_rows(oddity(parts))
    seen = Seen(rows, design_matrix(rows, model.schema), parts, predicted)
    why = [
        f"unlike the others by {_with_value(seen.design.iloc[[row]], place)}"
        for row, place in zip(odd, driver, strict=True)
    ]
    places, told_why = [*usual, *odd], [*(f"typical of {band}" for band in usual.values()), *why]
    people = [_person(seen, place, words) for place, words in zip(places, told_why, strict=True)]
    return tuple(people[: len(usual)]), tuple(people[len(usual) :])


def _with_value(row: pd.DataFrame, place: int) -> str:
    name = str(row.columns[place])
    return f"{feature_help(name)}: {told(row[name])[0]}"


def oddity(parts: pd.DataFrame) -> Floats:
    """(n, features) distance of each contribution from the middle one, in spreads of all of them.

    A feature that hardly moves any score makes nobody odd: spreads are at least a tenth of the
    largest feature's.
    """
    values = parts.to_numpy(dtype=np.float64)
    spread = values.std(axis=0)
    floor = max(float(spread.max(initial=0.0)) / 10, 1e-12)
    return np.asarray(np.abs(values - np.median(values, axis=0)) / np.maximum(spread, floor))


def typical_rows(predicted: Floats, parts: pd.DataFrame) -> dict[int, str]:
    """The row nearest to the middle of each fifth of the list, best-ranked first."""
    order = np.argsort(-predicted, kind="stable")
    found: dict[int, str] = {}
    for some, words in zip(np.array_split(order, len(BANDS)), BANDS, strict=True):
        if len(some):
            apart = np.square(oddity(parts.iloc[some])).sum(axis=1)
            found[int(some[np.argmin(apart)])] = words
    return found


def odd_rows(far: Floats) -> tuple[list[int], list[int]]:
    """The rows furthest from all others, each by another feature; and those features' places."""
    if not far.size:
        return [], []
    driver = far.argmax(axis=1)
    order = np.argsort(-np.square(far).sum(axis=1), kind="stable")
    first = pd.Series(order, index=driver[order])
    first = first[~first.index.duplicated()].head(SHOWN)
    return [int(row) for row in first], [int(place) for place in first.index]


def _person(seen: Seen, place: int, words: str) -> Person:
    row, moves = seen.rows.iloc[place], seen.parts.iloc[place].to_numpy(dtype=np.float64)
    order = np.argsort(-np.abs(moves), kind="stable")
    strongest = np.array([i for i in order[:SHOWN] if moves[i] != 0], dtype=np.int64)
    day = row.get("as_of")
    return Person(
        id=shown_id(str(row["entity_id"])),
        as_of=None if day is None or pd.isna(day) else str(pd.Timestamp(day).date()),
        group=str(row["item_group"]) if "item_group" in row else None,
        chosen=words,
        predicted=_settled(seen.predicted[place]),
        outcome=_settled(row["label"]),
        reasons=_reasons(seen.design.iloc[[place]], moves, strongest),
        rest=_settled(moves.sum() - moves[strongest].sum()),
        others=int((moves != 0).sum()) - len(strongest),
    )


def _reasons(row: pd.DataFrame, moves: Floats, places: Integers) -> tuple[Reason, ...]:
    names = [str(row.columns[place]) for place in places]
    return tuple(
        Reason(
            words=feature_help(name), value=str(told(row[name])[0]), moves=_settled(moves[place])
        )
        for name, place in zip(names, places, strict=True)
    )


def shown_id(identity: str) -> str:
    """An id as it is shown: of an e-mail address, enough to find it again and no more."""
    name, at, domain = identity.partition("@")
    return f"{name[:2]}…@{domain}" if at else identity


def _settled(value: Any) -> float:
    return float(f"{float(value):.6g}")
