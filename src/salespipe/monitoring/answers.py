"""How good the services' answers were, once the outcomes of those they were about are known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import ibis
import pandas as pd

from salespipe.features import ItemGroups
from salespipe.features.item_groups import group_days
from salespipe.modelling.model_input import label_rows
from salespipe.modelling.pairs import add_label
from salespipe.monitoring.looks import PREDICTION, Look, known_until
from salespipe.monitoring.quality import Quality, judge_quality, promises_of
from salespipe.params import ModelParams
from salespipe.params_monitor import MonitorParams

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from salespipe.monitoring.watch import Subject
    from salespipe.predictions import Answers

KEYS = ["customer_id", "as_of"]
NOTHING_KNOWN = "no outcome is known yet of a customer that a service was asked for"


def judge_answers(
    log: Answers,
    tables: Mapping[str, ir.Table],
    subject: Subject,
    params: MonitorParams,
    now: date,
) -> Quality:
    """Judges what services said of customers against what came, beside what the test promised.

    Args:
        log: the answers of the model.
        tables: canonical tables.
        subject: the champion; what earlier ones answered is left out.
        params: window and bounds.
        now: nothing from this day on counts.
    """
    assert isinstance(subject.conf, ModelParams)  # noqa: S101 - a forecast is of no customer
    rows = said_of(log, tables["orders"], subject.office.version)
    last = tables["orders"].ordered_at.max().execute().date()
    until = known_until(last, now, subject.conf)
    rows = rows[rows["as_of"] <= until]
    if rows.empty:
        return Quality(obstacle=NOTHING_KNOWN)
    judged = with_outcomes(rows, tables["orders"], subject.champion, subject.conf)
    looks = _windows(judged, until, params.drift.step_days)
    evaluate, promised = subject.conf.evaluate, promises_of(subject.promised)
    return judge_quality(looks, subject.champion.target, promised, params.quality, evaluate)


def said_of(log: Answers, orders: ir.Table, version: int) -> pd.DataFrame:
    """The last answer of each customer as of each day.

    The day is the features', or of an answer to features that an app brought, its own.

    Returns:
        `customer_id, as_of` (date), `item_group, prediction`; who is not known is left out.
    """
    told = log.table.select(["at", "version", "entity", "item_group", "as_of", "prediction"])
    frame = told.to_pandas()
    names = log.names(orders.select("customer_id").distinct().to_pandas()["customer_id"])
    asked = pd.to_datetime(frame["at"].dt.date)
    frame = frame.assign(
        customer_id=frame["entity"].map(names),
        as_of=pd.to_datetime(frame["as_of"]).fillna(asked).dt.date,
    )
    known = frame[frame["customer_id"].notna() & (frame["version"] == version)]
    kept = known.drop_duplicates([*KEYS, "item_group"], keep="last")
    return pd.DataFrame(kept[[*KEYS, "item_group", "prediction"]]).reset_index(drop=True)


def with_outcomes(
    rows: pd.DataFrame, orders: ir.Table, champion: Any, model: ModelParams
) -> pd.DataFrame:
    """Adds `label`: what came within the horizon."""
    keys = rows[[*KEYS, "item_group"]].drop_duplicates()
    schema = {"customer_id": "string", "as_of": "date", "item_group": "string"}
    pairs = ibis.memtable(keys, schema=schema)
    groups = champion.meta.get("item_groups")
    if groups is None:
        labels = label_rows(orders, pairs.select(*KEYS).distinct(), model)
        on = KEYS
    else:
        days = group_days(orders, ItemGroups.model_validate(groups))
        labels = add_label(pairs, days, model.snapshots.horizon_days)
        on = [*KEYS, "item_group"]
    found = labels.to_pandas()
    found["as_of"] = pd.to_datetime(found["as_of"]).dt.date
    return rows.merge(found[[*on, "label"]], on=on)


def _windows(rows: pd.DataFrame, until: date, days: int) -> tuple[Look, ...]:
    """Looks of as many days each, counted back from the last day that is known, oldest first."""
    back = (pd.Timestamp(until) - pd.to_datetime(rows["as_of"])).dt.days // days
    named = rows.rename(columns={"customer_id": "entity_id"})
    kept = ["entity_id", PREDICTION, "label"]
    return tuple(
        Look(
            f"answers until {until - timedelta(int(place) * days)}",
            None,
            part[kept].astype({"label": "float64"}).reset_index(drop=True),
        )
        for place, part in sorted(named.groupby(back), key=lambda one: -one[0])
    )
