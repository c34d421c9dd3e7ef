"""The leak audit of every training: features that see their future, or know too much.

Two checks. *Truncation*: the features of a cutoff, rebuilt from tables that end the day before it,
must equal those that the model learns from. *Too good*: no feature alone may rank the outcome as
well as only the outcome itself does. Out of sight is what no date tells: attributes without one,
and a status that the source changes afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from salespipe.features import customer_features
from salespipe.modelling.frame import row_keys
from salespipe.params import ModelParams

KEYS = ("entity_id", "as_of", "split", "label")
Build = Callable[[Mapping[str, ir.Table], ir.Table], ir.Table]
"""Features of snapshots (`customer_id, as_of`) from canonical tables."""
TIMES = {"orders": "ordered_at", "events": "occurred_at", "customers": "signed_up_at"}
SAMPLE_ROWS_A_CUTOFF = 1000
SAMPLE_ROWS = 50_000
MAX_AUC = 0.98
MIN_OUTCOMES = 30
"""With fewer of either outcome a good feature reaches `MAX_AUC` by chance."""


@dataclass(frozen=True)
class AuditCheck:
    """One check: passed where `value` keeps to `bound`; `features` are those that do not."""

    name: str
    value: float
    bound: float
    passed: bool
    features: tuple[str, ...]


def audit_leaks(
    tables: Mapping[str, ir.Table],
    frame: pd.DataFrame,
    model: ModelParams,
    build: Build = customer_features,
) -> dict[str, Any]:
    """Looks for features that a model could not have on the day it is used.

    Args:
        tables: The canonical tables that the features were built from, future rows included.
        frame: What the model learns from: `entity_id, as_of, split, label`, features. It is not
            rebuilt here, for built alone a cutoff's features may hide what they saw.
        model: Names the sensitive columns that are no features.
        build: What built the features of `frame`.

    Returns:
        `{passed, checks: [{name, value, bound, passed, features}]}`, ready for JSON.
    """
    kept_out = [column for column in model.sensitive.kept_out if column in frame.columns]
    frame = frame.drop(columns=kept_out)
    checks = [check_too_good(frame[frame.split != "test"])]
    if "snapshots" not in tables:
        checks += [check_cutoff(tables, frame, day, build) for day in audited_days(frame)]
    listed = [asdict(check) | {"features": list(check.features)} for check in checks]
    return {"passed": all(check.passed for check in checks), "checks": listed}


def audited_days(frame: pd.DataFrame) -> list[date]:
    """The first and the last cutoff before the test, and the test's."""
    days = dates(frame.as_of)
    test = frame.split == "test"
    chosen = {days[~test].min(), days[~test].max(), days[test].max()}
    return sorted(day for day in chosen if isinstance(day, date))


def dates(column: pd.Series[Any]) -> pd.Series[Any]:
    """Dates, whether a column came as dates, times or text."""
    return pd.to_datetime(column).dt.date


def check_cutoff(
    tables: Mapping[str, ir.Table],
    frame: pd.DataFrame,
    day: date,
    build: Build,
) -> AuditCheck:
    """How many features of a cutoff change once everything from that day on is cut away."""
    keys = [key for key in row_keys(frame) if key != "as_of"]
    rows = every_nth(frame[dates(frame.as_of) == day].sort_values(keys), SAMPLE_ROWS_A_CUTOFF)
    rows = rows.astype(dict.fromkeys(keys, str)).set_index(keys, drop=False)
    customers = sorted(set(rows.entity_id))
    snapshots = ibis.memtable(
        {"customer_id": customers, "as_of": [day] * len(customers)},
        schema={"customer_id": "string", "as_of": "date"},
    )
    known = {name: truncate(table, name, day) for name, table in tables.items()}
    built = build(known, snapshots).execute().rename(columns={"customer_id": "entity_id"})
    rebuilt = built.set_index(keys).loc[rows.index]
    changed = differing(rows.drop(columns=[*keys, "as_of", "split", "label"]), rebuilt)
    return AuditCheck(f"truncated_{day}", float(len(changed)), 0.0, not changed, changed)


def truncate(table: ir.Table, name: str, day: date) -> ir.Table:
    """The rows of a canonical table that were there before a day, and as they were then."""
    if name in TIMES and TIMES[name] in table.columns:
        time = table[TIMES[name]]
        table = table.filter(time.isnull() | (time.date() < ibis.literal(day)))
    if "opted_out_at" in table.columns:
        past = table.opted_out_at.date() < ibis.literal(day)
        table = table.mutate(opted_out_at=past.ifelse(table.opted_out_at, None))
    return table


def differing(trained: pd.DataFrame, rebuilt: pd.DataFrame) -> tuple[str, ...]:
    """Columns with a value that is not exactly the same; a missing value equals another."""
    names = [name for name in trained.columns if name in rebuilt.columns]
    return tuple(n for n in names if not comparable(trained[n]).equals(comparable(rebuilt[n])))


def comparable(column: pd.Series[Any]) -> pd.Series[Any]:
    """Numbers as float64 and all else as text, so that the way through a file does not count."""
    if pd.api.types.is_numeric_dtype(column):
        return pd.Series(column.to_numpy(np.float64, na_value=np.nan))
    return column.astype("string").reset_index(drop=True)


def check_too_good(rows: pd.DataFrame) -> AuditCheck:
    """The best AUC of any one feature, either way round, on rows that are not the test's."""
    rows = every_nth(rows, SAMPLE_ROWS)
    label = (rows.label.to_numpy(np.float64) > 0).astype(np.float64)
    if min(label.sum(), (1 - label).sum()) < MIN_OUTCOMES:
        return AuditCheck("single_feature_auc", 0.5, MAX_AUC, True, ())
    scores = {name: auc_alone(rows[name], label) for name in feature_names(rows)}
    leaky = tuple(name for name, auc in scores.items() if auc >= MAX_AUC)
    best = max(scores.values(), default=0.5)
    return AuditCheck("single_feature_auc", round(best, 6), MAX_AUC, not leaky, leaky)


def feature_names(rows: pd.DataFrame) -> Iterable[str]:
    """Every column that is no key."""
    return (str(name) for name in rows.columns if name not in KEYS)


def auc_alone(column: pd.Series[Any], label: NDArray[np.float64]) -> float:
    """How well a feature alone ranks the outcome, 0.5 to 1; missing values rank lowest."""
    numeric = pd.api.types.is_numeric_dtype(column)
    score = comparable(column) if numeric else encode(comparable(column), label)
    ranks = score.rank(na_option="top").to_numpy(np.float64)
    ones, zeros = label.sum(), (1 - label).sum()
    auc = (ranks[label == 1].sum() - ones * (ones + 1) / 2) / (ones * zeros)
    return float(max(auc, 1 - auc))


def encode(category: pd.Series[Any], label: NDArray[np.float64]) -> pd.Series[float]:
    """Each category's mean outcome, learned on the other half: rare ones cannot give it away."""
    halves = np.arange(len(category)) % 2 == 0
    outcomes = pd.Series(label).groupby([category.fillna(""), halves])
    means = outcomes.mean().unstack().reindex(columns=[False, True])
    own = means.reindex(category.fillna(""))
    return pd.Series(np.where(halves, own[False], own[True])).fillna(label.mean())


def every_nth(rows: pd.DataFrame, most: int) -> pd.DataFrame:
    """At most so many rows, evenly spaced: the same in every run."""
    return rows.iloc[:: max(-(-len(rows) // most), 1)]
