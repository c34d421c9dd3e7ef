"""Every customer as of now with every champion: one list a model, and what contacting costs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import ibis
import pandas as pd

from salespipe.errors import SalespipeError
from salespipe.features import ItemGroups, customer_features, pair_features
from salespipe.modelling.score import (
    answer_rows,
    answer_types,
    as_of_now,
    mark_contacts,
    rank_rows,
)
from salespipe.modelling.snapshots import population
from salespipe.params import ModelParams, ScoreParams

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from salespipe.modelling.evidence import InOffice
    from salespipe.modelling.predict import Model

logger = logging.getLogger(__name__)

ITEM_GROUP = "item_group"


Answer = Callable[[pd.DataFrame], pd.DataFrame]
Spread = Callable[["ir.Table", Answer, Mapping[str, str]], pd.DataFrame]
"""Runs a function of rows over a table, part by part or at once; the last argument has the Ibis
types of what comes back."""


PART_ROWS = 100_000
"""Rows that are answered at a time: explaining them takes many times their own memory."""


def in_memory(table: ir.Table, answer: Answer, types: Mapping[str, str]) -> pd.DataFrame:
    """Part by part, in this process."""
    del types
    return in_parts(pd.DataFrame(table.to_pandas()), answer)


def in_parts(rows: pd.DataFrame, answer: Answer, size: int = PART_ROWS) -> pd.DataFrame:
    """The answer to all rows, put together from the answers to so many at a time."""
    starts = range(0, max(len(rows), 1), size)
    return pd.concat([answer(rows.iloc[start : start + size]) for start in starts])


def score_models(
    tables: Mapping[str, ir.Table],
    champions: Mapping[str, InOffice],
    conf: Mapping[str, ModelParams],
    score: ScoreParams,
    spread: Spread = in_memory,
) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    """Scores everyone with each champion.

    Args:
        tables: canonical tables.
        champions: by model.
        conf: of each model.
        score: as of when, which models, how many contacts.
        spread: how a function of rows is run over a table.

    Returns:
        A list a model, as `rank_rows` gives it, with `contact` and, where one of the models ranks
        product groups, `recommended_group`; and a JSON-ready report of each.

    Raises:
        SalespipeError: nothing can be scored: no champion, or one that can't be read.
    """
    day = as_of_now(tables, score.as_of)
    lists = {
        name: _score(tables, readable(name, champions), conf[name], day, spread)
        for name in wanted_models(champions, conf, score)
    }
    offers = next((rows for rows in lists.values() if ITEM_GROUP in rows), None)
    marked = {name: _mark(rows, conf[name], score) for name, rows in lists.items()}
    report = {name: _facts(rows, day) | told for name, (rows, told) in marked.items()}
    return {name: recommend(rows, offers) for name, (rows, _) in marked.items()}, report


def wanted_models(
    champions: Mapping[str, InOffice], conf: Collection[str], score: ScoreParams
) -> list[str]:
    """The models to score with.

    Raises:
        SalespipeError: none has a champion, or one was asked for that has none.
    """
    known = sorted(set(champions) & set(conf))
    if absent := sorted(set(score.models) - set(known)):
        raise SalespipeError(
            f"{', '.join(absent)}: no champion to score with; there is one for "
            f"{', '.join(known) or 'no model'}. Train with `make run`, or approve a version."
        )
    if not known:
        raise SalespipeError("No model has a champion yet: train with `make run`, or approve one.")
    return list(score.models) or known


def readable(name: str, champions: Mapping[str, InOffice]) -> InOffice:
    """The champion, which can be read.

    Raises:
        SalespipeError: it can't.
    """
    office = champions[name]
    if office.model is None:
        raise SalespipeError(
            f"{name}: {office.problem}. Train again, or `salespipe rollback {name}`."
        )
    return office


def _score(
    tables: Mapping[str, ir.Table],
    office: InOffice,
    model: ModelParams,
    day: date | None,
    spread: Spread,
) -> pd.DataFrame:
    assert office.model is not None  # noqa: S101 - `readable` has seen to it
    table = table_as_of(tables, office.model, model, day)
    why = f"no order in the last {model.snapshots.active_days} days: not scored"

    def answer(rows: pd.DataFrame) -> pd.DataFrame:
        known = ~silent_too_long(rows, model).to_numpy(dtype=bool)
        return answer_rows(rows, office, model.costs, known, why)

    types = answer_types(table.columns, office.model.target.output)
    scores = rank_rows(spread(table, answer, types))
    scored = int(scores["expected_value"].notna().sum())
    logger.info("  %s rows scored by v%d", f"{scored:,}", office.version)
    return scores


def silent_too_long(rows: pd.DataFrame, model: ModelParams) -> pd.Series[bool]:
    """Whom the model does not speak of: customers unlike any it learned from."""
    days = model.snapshots.active_days
    if days is None or "recency_days" not in rows:
        return pd.Series(False, index=rows.index)
    return rows["recency_days"] > days


def rows_as_of(
    tables: Mapping[str, ir.Table], champion: Model, model: ModelParams, day: date | None
) -> pd.DataFrame:
    """The rows of `table_as_of` in this process."""
    return pd.DataFrame(table_as_of(tables, champion, model, day).to_pandas())


def table_as_of(
    tables: Mapping[str, ir.Table], champion: Model, model: ModelParams, day: date | None
) -> ir.Table:
    """The features of every customer, or of active ones with each product group, as for training.

    Args:
        tables: canonical tables.
        champion: it knows its product groups, where it has some.
        model: whom the model speaks of.
        day: None where the source is a table of snapshots: the latest row of each entity.
    """
    if day is None:
        return latest_snapshots(tables["snapshots"])
    now = ibis.memtable({"as_of": [day]}, schema={"as_of": "date"})
    groups = champion.meta.get("item_groups")
    active_days = None if groups is None else model.snapshots.active_days
    rows = population(tables["orders"], now, active_days).cache()
    if groups is None:
        features = customer_features(tables, rows, as_of=day)
    else:
        features = pair_features(tables, rows, ItemGroups.model_validate(groups))
    return features.rename(entity_id="customer_id")


def latest_snapshots(snapshots: ir.Table) -> ir.Table:
    """The last row of each entity."""
    newest = [ibis.desc(snapshots.as_of), ibis.desc(snapshots.position)]
    place = ibis.row_number().over(group_by=snapshots.entity_id, order_by=newest)
    numbered = snapshots.mutate(place=place)
    return numbered.filter(numbered.place == 0).drop("place", "label", "position")


def _mark(
    rows: pd.DataFrame, model: ModelParams, score: ScoreParams
) -> tuple[pd.DataFrame, dict[str, Any]]:
    contacts = mark_contacts(rows, model.costs, score)
    return rows.assign(contact=contacts.marked), contacts.report


def _facts(rows: pd.DataFrame, day: date | None) -> dict[str, Any]:
    return {
        "as_of": None if day is None else str(day),
        "champion_version": int(rows["champion_version"].max()) if len(rows) else None,
        "rows": len(rows),
        "scored": int(rows["expected_value"].notna().sum()),
        "customers": int(rows["entity_id"].nunique()),
    }


def recommend(rows: pd.DataFrame, offers: pd.DataFrame | None) -> pd.DataFrame:
    """Adds the product group that each customer is likeliest to buy of, if that is known."""
    if offers is None or ITEM_GROUP in rows:
        return rows
    best = offers.sort_values(["probability", ITEM_GROUP], ascending=[False, True], kind="stable")
    likeliest = best.drop_duplicates("entity_id").set_index("entity_id")[ITEM_GROUP]
    return rows.assign(recommended_group=rows["entity_id"].map(likeliest.to_dict()))
