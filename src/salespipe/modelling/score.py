"""The list a sales team works from: every customer as of now, ranked, with reasons."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from salespipe.errors import SalespipeError
from salespipe.modelling.costs import contact_gain, spend_of, worth_of
from salespipe.modelling.frame import Floats
from salespipe.modelling.reasons import SHOWN, strongest_reasons
from salespipe.params import CostParams, ScoreParams

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from salespipe.modelling.evidence import InOffice

Flags = NDArray[np.bool_]
DECILES = 10
REASONS = tuple(f"reason_{place + 1}" for place in range(SHOWN))
OPTED_OUT = "opted_out"


def as_of_now(tables: Mapping[str, ir.Table], wanted: date | None) -> date | None:
    """The day that customers are scored as of: the one after the last order, unless one is named.

    Returns:
        None where the source is a table of snapshots, which has its own days.

    Raises:
        SalespipeError: a day was named that the source cannot be looked at as of.
    """
    if "orders" not in tables:
        if wanted is not None:
            raise SalespipeError("A table of snapshots is scored as it is: leave --as-of out.")
        return None
    last = tables["orders"].ordered_at.max().execute().date()
    now: date = last + timedelta(days=1)
    if wanted is not None and wanted > now:
        raise SalespipeError(f"Orders end on {last}: --as-of can't be later than {now}.")
    return wanted or now


def score_rows(rows: pd.DataFrame, office: InOffice, costs: CostParams) -> pd.DataFrame:
    """What the champion says of each row, best prospects first.

    Args:
        rows: n rows with keys and the champion's features.
        office: the champion.
        costs: what a success is worth.

    Returns:
        As `answer_rows` and `rank_rows` have it.
    """
    return rank_rows(answer_rows(rows, office, costs, np.ones(len(rows), dtype=bool), ""))


def answer_rows(
    rows: pd.DataFrame, office: InOffice, costs: CostParams, known: Flags, why: str
) -> pd.DataFrame:
    """What the champion says of each row, looked at by itself: any part of the rows may come alone.

    Args:
        rows: n rows with keys and the champion's features.
        office: the champion.
        costs: what a success is worth.
        known: of each row, whether the champion speaks of such customers.
        why: the reason told of those that it does not speak of, who are listed all the same.

    Returns:
        Keys, `probability` (or `amount`), `recent_spend`, `expected_value` (probability times
        recent spend, or the amount), `reason_1` to `reason_3`, `suppressed` (opted out, never to be
        contacted), `champion_version`, in the rows' order.
    """
    model = office.model
    assert model is not None  # noqa: S101 - `readable` has seen to it
    heard, predicted = rows[known], np.full(len(rows), np.nan)
    reasons = pd.DataFrame(dict.fromkeys(REASONS), index=rows.index, dtype="string")
    reasons.loc[~known, REASONS[0]] = why
    if len(heard):
        predicted[known] = model.predict(heard)
        reasons.loc[known] = strongest_reasons(model, heard)
    return rows[keys_of(rows)].assign(
        **{model.target.output: predicted},
        recent_spend=np.where(known, spend_of(rows, costs), np.nan),
        expected_value=predicted * worth_of(rows, costs, model.target),
        **{str(name): words for name, words in reasons.items()},
        suppressed=opted_out(rows),
        champion_version=office.version,
    )


def rank_rows(answers: pd.DataFrame) -> pd.DataFrame:
    """Answers with the best prospects first and those without one last, and `decile`.

    1 is the highest tenth of those that have an answer.
    """
    output = "amount" if "amount" in answers else "probability"
    scored = answers[output].notna().to_numpy()
    tenths = pd.Series(pd.NA, answers.index, dtype="Int64")
    tenths[scored] = deciles(answers[output].to_numpy(dtype=np.float64)[scored])
    ranked = answers.copy()
    ranked.insert(list(answers.columns).index(output) + 1, "decile", tenths)
    keys = keys_of(answers)[:2]
    by, rising = ["expected_value", output, *keys], [False, False, *(True for _ in keys)]
    return ranked.sort_values(by, ascending=rising, kind="stable").reset_index(drop=True)


def keys_of(rows: pd.DataFrame) -> list[str]:
    """The keys that a list has, in its order."""
    return [name for name in ("entity_id", "item_group", "as_of") if name in rows]


def answer_types(columns: Collection[str], output: str) -> dict[str, str]:
    """Ibis types of what `answer_rows` gives, for an engine that has to know them beforehand."""
    keys = {"entity_id": "string", "item_group": "string", "as_of": "date"}
    return {
        **{name: dtype for name, dtype in keys.items() if name in columns},
        output: "float64",
        "recent_spend": "float64",
        "expected_value": "float64",
        **dict.fromkeys(REASONS, "string"),
        "suppressed": "boolean",
        "champion_version": "int64",
    }


def deciles(score: Floats) -> Any:
    """1 for the highest tenth of rows to 10 for the lowest; equal scores share the better one."""
    rank = pd.Series(-score).rank(method="min").to_numpy()
    above = (rank - 1) * DECILES / max(len(score), 1)
    return pd.array(np.floor(above) + 1, dtype="Int64")


def opted_out(rows: pd.DataFrame) -> Any:
    """Who is never to be contacted."""
    if OPTED_OUT not in rows:
        return False
    return rows[OPTED_OUT].fillna(0).astype(bool)


@dataclass(frozen=True)
class Contacts:
    """Whom to contact.

    Attributes:
        marked: of each row, whether to.
        report: JSON-ready: how many, what they cost, the profit to expect of them, and how much
            more it is than that of as many customers taken at random.
    """

    marked: np.ndarray
    report: dict[str, Any]


def mark_contacts(scores: pd.DataFrame, costs: CostParams, score: ScoreParams) -> Contacts:
    """Marks whom to contact: those of whom most profit is to be expected, within a capacity.

    Without a capacity or a budget everyone is marked whose contact pays; with one, its places are
    filled whether or not the last of them pay, and the report says what they earn.

    Args:
        scores: `expected_value` and `suppressed` of each row.
        costs: what a contact costs and wins.
        score: capacity or budget.
    """
    expected = scores["expected_value"].to_numpy(dtype=np.float64)
    gain = contact_gain(expected, np.ones(len(scores)), costs)
    open_to = ~scores["suppressed"].to_numpy(dtype=bool) & np.isfinite(expected)
    places = places_for(score, costs)
    worth = open_to & (gain > 0) if places is None else open_to
    order = np.argsort(-np.where(worth, gain, -np.inf), kind="stable")
    chosen = order[: min(int(worth.sum()), len(order) if places is None else places)]
    marked = np.zeros(len(scores), dtype=bool)
    marked[chosen] = True
    profit = float(gain[marked].sum())
    at_random = float(gain[open_to].mean() * marked.sum()) if open_to.any() else 0.0
    return Contacts(marked, {
        "contacts": int(marked.sum()),
        "cost": round(costs.contact_cost * int(marked.sum()), 2),
        "expected_profit": round(profit, 2),
        "expected_at_random": round(at_random, 2),
        "expected_gain_over_random": round(profit - at_random, 2),
        "suppressed": int(scores["suppressed"].sum()),
    })  # fmt: skip


def places_for(score: ScoreParams, costs: CostParams) -> int | None:
    """How many can be contacted; None where nothing limits it."""
    limits = [] if score.capacity is None else [score.capacity]
    if score.budget is not None and costs.contact_cost > 0:
        limits.append(int(score.budget / costs.contact_cost))
    return min(limits, default=None)
