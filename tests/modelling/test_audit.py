"""The leak audit finds planted leaks and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pytest

from salespipe.features import FEATURE_GROUPS, FeatureGroup, Inputs, customer_features
from salespipe.modelling.audit import audit_leaks
from salespipe.params import ModelParams, SensitiveParams
from tests.features.shop import at, sale, snapshots, table

CUTOFFS = {
    "2023-02-01": "train",
    "2023-03-01": "train",
    "2023-04-01": "valid",
    "2023-06-01": "test",
}
CHURN = ModelParams(outcome="no_order")


@pytest.fixture(scope="module")
def tables() -> dict[str, ir.Table]:
    """Forty customers who buy every so many days, one of whom opts out midway."""
    days = pd.date_range("2022-10-01", "2023-08-31", freq="D")
    lines = [
        sale(f"{c}-{d}", str(days[d].date()), customer_id=f"C{c:02}", unit_price=c + 1)
        for c in range(40)
        for d in range(c, len(days), 11 + c)
    ]
    customers = [
        {"customer_id": f"C{c:02}", "signed_up_at": at("2023-03-10"), "age": 30.0, "plan": "x"}
        for c in range(40)
    ]
    customers[3]["opted_out_at"] = at("2023-05-10")
    visits = [
        {"customer_id": f"C{c:02}", "occurred_at": at("2023-05-20"), "kind": "visit"}
        for c in range(40)
    ]
    rows = {"orders": lines, "customers": customers, "events": visits}
    return {name: table(name, values) for name, values in rows.items()}


def trained(tables: Mapping[str, ir.Table], groups: Mapping[str, FeatureGroup]) -> pd.DataFrame:
    """A model-input frame with a label that nothing tells."""
    pairs = [(f"C{c:02}", day) for day in CUTOFFS for c in range(40)]
    frame = customer_features(tables, snapshots(*pairs), groups).to_pandas()
    frame = frame.rename(columns={"customer_id": "entity_id"}).sort_values(["as_of", "entity_id"])
    frame["split"] = pd.to_datetime(frame.as_of).dt.strftime("%Y-%m-%d").map(CUTOFFS)
    return frame.assign(label=np.random.default_rng(1).integers(0, 2, len(frame)))


def leaky(audit: dict[str, Any]) -> set[str]:
    return {name for check in audit["checks"] for name in check["features"]}


def test_honest_features_pass(tables: dict[str, ir.Table]) -> None:
    audit = audit_leaks(tables, trained(tables, FEATURE_GROUPS), CHURN)
    assert audit["passed"], leaky(audit)
    names = [check["name"] for check in audit["checks"]]
    assert names[1:] == ["truncated_2023-02-01", "truncated_2023-04-01", "truncated_2023-06-01"]
    assert json.loads(json.dumps(audit, allow_nan=False)) == audit


def orders_ever(inputs: Inputs) -> tuple[ir.Table, dict[str, ir.Value]]:
    """Counts all of a customer's lines, the coming ones too."""
    every = inputs.tables["orders"].select("customer_id", "line_id")
    seen = inputs.snapshots.left_join(every, "customer_id")
    return seen, {"lines_ever": seen.line_id.count().cast("float64")}


def next_gap(inputs: Inputs) -> tuple[ir.Table, dict[str, ir.Value]]:
    """Looks one order ahead of the last one: wrong on old cutoffs only."""
    lines = inputs.tables["orders"]
    ahead = lines.ordered_at.lead().over(group_by=lines.customer_id, order_by=lines.ordered_at)
    lines = lines.select("customer_id", at=lines.ordered_at, ahead=ahead)
    seen = inputs.snapshots.left_join(lines, "customer_id")
    past = seen["at"].date() < seen.as_of
    return seen, {"ahead": seen.ahead.max(where=past).epoch_seconds().cast("float64")}


@pytest.mark.parametrize(("group", "feature"), [(orders_ever, "lines_ever"), (next_gap, "ahead")])
def test_a_planted_leak_is_found_by_name(
    tables: dict[str, ir.Table], group: FeatureGroup, feature: str
) -> None:
    groups = {**FEATURE_GROUPS, "leak": group}
    build = partial(customer_features, groups=groups)
    audit = audit_leaks(tables, trained(tables, groups), CHURN, build)
    assert not audit["passed"]
    assert leaky(audit) == {feature}


def test_an_opt_out_known_too_early_is_found(tables: dict[str, ir.Table]) -> None:
    frame = trained(tables, FEATURE_GROUPS)
    frame.loc[frame.entity_id == "C03", "opted_out"] = 1.0
    assert leaky(audit_leaks(tables, frame, CHURN)) == {"opted_out"}


def source_table(**columns: Any) -> pd.DataFrame:
    """A table source of 400 rows with a label and a feature or two."""
    label = np.arange(400) // 3 % 2
    frame = pd.DataFrame({"entity_id": np.arange(400).astype(str), "as_of": None, "label": label})
    split = np.where(np.arange(400) < 300, "train", "test")
    return frame.assign(split=split, noise=np.sin(np.arange(400)), **columns)


LABEL = np.arange(400) // 3 % 2


@pytest.mark.parametrize(
    "values",
    [
        LABEL * 2.0 + np.cos(np.arange(400)) / 10,
        -LABEL.astype(float),
        np.where(LABEL == 1, np.nan, np.arange(400.0)),
        np.where(LABEL == 1, "left", "stayed"),
    ],
    ids=["higher", "lower", "missing", "category"],
)
def test_a_feature_that_tells_the_label_is_too_good(values: Any) -> None:
    audit = audit_leaks({"snapshots": None}, source_table(told=values), CHURN)
    assert leaky(audit) == {"told"}
    assert [check["name"] for check in audit["checks"]] == ["single_feature_auc"]


def test_an_identifier_is_not_too_good() -> None:
    names = np.char.add("id", np.arange(400).astype(str))
    assert audit_leaks({"snapshots": None}, source_table(name=names), CHURN)["passed"]


def test_a_sensitive_column_kept_out_is_not_judged() -> None:
    model = ModelParams(outcome="no_order", sensitive=SensitiveParams(columns=("told",)))
    assert audit_leaks({"snapshots": None}, source_table(told=LABEL), model)["passed"]


def test_too_few_outcomes_are_not_judged() -> None:
    few = source_table(told=LABEL).iloc[:40]
    assert audit_leaks({"snapshots": None}, few, CHURN)["passed"]
