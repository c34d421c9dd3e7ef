"""The reference protocols of the design as model inputs, made by the code that production runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Literal

import ibis.expr.types as ir
import numpy as np
import pandas as pd
import yaml

from salespipe.datasets.sources import SourceTables
from salespipe.features import customer_features
from salespipe.modelling.frame import entity_folds
from salespipe.modelling.pairs import groups_for, pair_frame
from salespipe.modelling.snapshots import (
    Cutoffs,
    assign_splits,
    cutoff_table,
    label_orders,
    population,
)
from salespipe.params import BaselineParams, ModelParams, SourceParams, SplitParams
from salespipe.pipelines.ingest.nodes import map_sources

CONF = Path(__file__).resolve().parents[1] / "conf"
FIRST_CUTOFF = date(2011, 3, 7)
STEP_DAYS = 7
ACTIVE_DAYS = 180


@dataclass(frozen=True)
class RetailTask:
    """One protocol on Online Retail: who is looked at, as of when, and what is to be reached."""

    outcome: Literal["no_order", "order"]
    active_days: int | None
    horizon_days: int
    test: date
    target: float


RETAIL_TASKS = {
    "churn_90d": RetailTask("no_order", ACTIVE_DAYS, 90, date(2011, 9, 10), 0.742),
    "churn_60d": RetailTask("no_order", ACTIVE_DAYS, 60, date(2011, 10, 10), 0.735),
    "churn_30d": RetailTask("no_order", ACTIVE_DAYS, 30, date(2011, 11, 9), 0.734),
    "propensity_30d": RetailTask("order", None, 30, date(2011, 11, 9), 0.746),
}


@cache
def read_retail(datasets: Path) -> dict[str, ir.Table]:
    """Online Retail as `conf/online_retail` maps it: canonical tables."""
    source = yaml.safe_load((CONF / "online_retail/source.yml").read_text("utf-8"))
    source["orders"]["read"] = {"file": "online_retail.parquet"}
    raw = SourceTables(folder=str(datasets), source=source).load()
    return map_sources(raw, SourceParams.model_validate(source))[0]


def weekly_cutoffs(test: date, horizon_days: int) -> Cutoffs:
    """Weekly from `FIRST_CUTOFF`, every label window ending by the test cutoff."""
    days = (test - timedelta(horizon_days) - FIRST_CUTOFF).days
    train = tuple(FIRST_CUTOFF + timedelta(d) for d in range(0, days + 1, STEP_DAYS))
    return Cutoffs(train=train, test=test)


def retail_frame(tables: dict[str, ir.Table], task: RetailTask) -> pd.DataFrame:
    """The model input of one protocol."""
    orders = tables["orders"]
    cutoffs = weekly_cutoffs(task.test, task.horizon_days)
    splits = cutoff_table(assign_splits(cutoffs, SplitParams().validation_share))
    snapshots = population(orders, splits, task.active_days).cache()
    outcome = label_orders(orders, snapshots, task.horizon_days)
    features = customer_features(tables, snapshots)
    keys = ["customer_id", "as_of"]
    frame = snapshots.inner_join(outcome, keys).inner_join(features, keys).to_pandas()
    ordered = frame.pop("ordered")
    frame["label"] = (ordered if task.outcome == "order" else ~ordered).astype(int)
    return frame.rename(columns={"customer_id": "entity_id"})


def offers_conf() -> ModelParams:
    """The offers model's own conf; what it shares with the others are the typed defaults."""
    conf = yaml.safe_load((CONF / "base/parameters_offers.yml").read_text("utf-8"))["offers"]
    own = {name: value for name, value in conf.items() if not str(value).startswith("${")}
    return ModelParams.model_validate(own)


def offers_frame(tables: dict[str, ir.Table]) -> pd.DataFrame:
    """Customers active by 2011-11-09 with 20 product groups, which is where conf's test is."""
    model = offers_conf()
    return pair_frame(tables, groups_for(tables["orders"], model), model).to_pandas()


TELCO = BaselineParams(rule_column="tenure", logistic_columns=())
TELCO_OUT = ["gender", "SeniorCitizen"]
TELCO_FAMILY = ["Partner", "Dependents"]
BANK = BaselineParams(rule_column="euribor3m", logistic_columns=())


def read_telco(path: Path, left_out: list[str]) -> pd.DataFrame:
    """IBM Telco churn as a model input without times."""
    table = pd.read_csv(path, dtype={"Partner": str, "Dependents": str, "PhoneService": str})
    table["TotalCharges"] = pd.to_numeric(table["TotalCharges"], errors="coerce")
    table["label"] = table.pop("Churn").astype(str).isin(["Yes", "True", "true"]).astype(int)
    table = table.rename(columns={"customerID": "entity_id"}).drop(columns=left_out)
    return _text(table.assign(as_of=None))


def read_bank(path: Path) -> pd.DataFrame:
    """UCI bank marketing in its own (chronological) order, less the leaking `duration`."""
    table = pd.read_csv(path, sep=";").drop(columns="duration")
    table["label"] = table.pop("y").astype(str).isin(["yes", "True", "true"]).astype(int)
    table["entity_id"] = pd.RangeIndex(len(table)).astype(str).str.zfill(6)
    return _text(table.assign(as_of=None))


def _text(table: pd.DataFrame) -> pd.DataFrame:
    truths = {name: str for name in table.columns if table[name].dtype == bool}
    return table.astype(truths)


def cross_validation(table: pd.DataFrame, repeats: int, folds: int) -> Iterator[pd.DataFrame]:
    """Model inputs of a stratified cross-validation: each fold once as the test rows."""
    from sklearn.model_selection import RepeatedStratifiedKFold

    splitter = RepeatedStratifiedKFold(n_splits=folds, n_repeats=repeats, random_state=0)
    hundredths = entity_folds(table, 100)
    valid = hundredths < 100 * SplitParams().validation_share
    before = np.where(valid, "valid", "train")
    for _, test in splitter.split(table, table["label"]):
        held = np.isin(np.arange(len(table)), test)
        yield table.assign(split=np.where(held, "test", before))


def chronological(table: pd.DataFrame) -> pd.DataFrame:
    """First 80% of the rows before the last 20%, the same share of them to validate."""
    place = np.arange(len(table)) / len(table)
    share = 0.8 * (1 - SplitParams().validation_share)
    return table.assign(split=np.select([place < share, place < 0.8], ["train", "valid"], "test"))
