"""What the champion sees, and would have seen at earlier days: one frame a look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import pandas as pd

from salespipe.features import ItemGroups, customer_features, pair_features
from salespipe.features.item_groups import group_days
from salespipe.modelling.model_input import from_table, label_rows
from salespipe.modelling.pairs import add_label
from salespipe.modelling.snapshots import population
from salespipe.params import ModelParams
from salespipe.params_monitor import DriftParams

if TYPE_CHECKING:
    import ibis.expr.types as ir

PREDICTION = "prediction"
KEYS = ("as_of", "customer_id", "item_group")


@dataclass(frozen=True)
class Look:
    """Rows as the champion sees them as of one day.

    Attributes:
        name: the day, or the rows of a table without days.
        day: the day; None for a table.
        rows: keys, features, sensitive attributes, `prediction`, and `label` (nan where the
            outcome is not known yet).
        learned: whether the champion learned from outcomes of these rows.
        aside: looked at for its outcomes alone, off the beat of the others.
    """

    name: str
    day: date | None
    rows: pd.DataFrame
    learned: bool = False
    aside: bool = False

    @property
    def known(self) -> bool:
        """Whether the outcomes are known."""
        return bool(len(self.rows)) and bool(self.rows["label"].notna().all())


def look_days(first: date, now: date, params: DriftParams) -> tuple[date, ...]:
    """The days to look as of, oldest first, the last one now."""
    step = timedelta(params.step_days)
    earliest = first + timedelta(params.min_history_days)
    count = max((now - earliest) // step + 1, 1)
    return tuple(now - i * step for i in reversed(range(min(count, params.max_looks))))


def looks_at_orders(
    tables: Mapping[str, ir.Table],
    champion: Any,
    model: ModelParams,
    now: date,
    params: DriftParams,
) -> tuple[Look, ...]:
    """Customers, or their pairs with product groups, as of now and of earlier days.

    Args:
        tables: canonical tables; nothing from a look's day on is seen by its features.
        champion: the model in office.
        model: its conf.
        now: the last look's day.
        params: how far back, and how many rows a look.

    Returns:
        Oldest first; a label is known where the whole horizon lies before the last order's day.
    """
    span = tables["orders"].agg(
        first=tables["orders"].ordered_at.min(), last=tables["orders"].ordered_at.max()
    )
    first, last = (span.execute()[name].iloc[0].date() for name in ("first", "last"))
    beat = look_days(first, now, params)
    until = known_until(last, now, model)
    days = tuple(sorted({*beat, *([until] if until > beat[0] else [])}))
    frame = _predicted(_features_of(tables, champion, model, days, params), champion)
    learned = champion.meta.get("learned_until")
    taught = None if learned is None else date.fromisoformat(learned)
    by_day = dict(list(frame.groupby(pd.to_datetime(frame["as_of"]).dt.date)))
    return tuple(
        Look(
            name=str(day),
            day=day,
            rows=_with_label(by_day.get(day, frame.iloc[:0]), day <= until),
            learned=taught is not None and day < taught,
            aside=day not in beat,
        )
        for day in days
    )


def known_until(last: date, now: date, model: ModelParams) -> date:
    """The last day whose whole horizon lies before the last order's day and before `now`."""
    return min(last, now) - timedelta(model.snapshots.horizon_days)


def _with_label(rows: pd.DataFrame, known: bool) -> pd.DataFrame:
    label = rows["label"].astype("float64") if known else np.nan
    return rows.assign(label=label).reset_index(drop=True)


def _features_of(
    tables: Mapping[str, ir.Table],
    champion: Any,
    model: ModelParams,
    days: Sequence[date],
    params: DriftParams,
) -> pd.DataFrame:
    """Features and labels as of several days in one query, as for training.

    In order of their keys: what is drawn by chance later is drawn by place.
    """
    orders = tables["orders"]
    cutoffs = ibis.memtable({"as_of": list(days)}, schema={"as_of": "date"})
    everyone = population(orders, cutoffs, model.snapshots.active_days).cache()
    groups = champion.meta.get("item_groups")
    known = None if groups is None else ItemGroups.model_validate(groups)
    a_customer = 1 if known is None else len(known.names)
    rows = drawn(everyone, len(days), params.max_rows // a_customer).cache()
    if known is None:
        keys = ["customer_id", "as_of"]
        labels = label_rows(orders, rows, model)
        joined = rows.inner_join(labels, keys).inner_join(customer_features(tables, rows), keys)
    else:
        pairs = pair_features(tables, rows, known)
        joined = add_label(pairs, group_days(orders, known), model.snapshots.horizon_days)
    ordered = joined.order_by([key for key in KEYS if key in joined.columns])
    return pd.DataFrame(ordered.rename(entity_id="customer_id").to_pandas())


def drawn(rows: ir.Table, days: int, most: int) -> ir.Table:
    """Rows of as many customers as make `most` a day on average, by a hash of the customer."""
    share = rows.count().execute() / max(days * most, 1)
    if share <= 1:
        return rows
    digits = rows.customer_id.hexdigest("md5").substr(0, 6)
    return rows.filter(digits < f"{int(0xFFFFFF / share):06x}")


def looks_at_table(
    tables: Mapping[str, ir.Table], champion: Any, model: ModelParams, params: DriftParams
) -> tuple[Look, ...]:
    """Rows of a table in the order that conf splits by, cut into looks of equal size.

    The champion's test rows are the latest.
    """
    frame = pd.DataFrame(from_table(tables["snapshots"], model.split).to_pandas())
    scored = _predicted(frame, champion)
    fresh = scored["split"] == "test"
    late = min(max(round(params.blocks * float(fresh.mean())), 1), params.blocks - 1)
    return tuple(
        Look(f"rows {first + 1}–{first + len(part)}", None, part.reset_index(drop=True), learned)
        for rows, count, before, learned in (
            (scored[~fresh], params.blocks - late, 0, True),
            (scored[fresh], late, int((~fresh).sum()), False),
        )
        for first, part in _blocks(rows, count, before)
    )


def _blocks(rows: pd.DataFrame, count: int, before: int) -> list[tuple[int, pd.DataFrame]]:
    """Rows in so many blocks, each with the place of its first one."""
    parts = [part for part in np.array_split(np.arange(len(rows)), count) if len(part)]
    return [(before + int(part[0]), rows.iloc[part]) for part in parts]


def _predicted(frame: pd.DataFrame, champion: Any) -> pd.DataFrame:
    return frame.assign(**{PREDICTION: np.asarray(champion.predict(frame), dtype=np.float64)})
