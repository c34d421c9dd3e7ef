"""The leak audit of every training: features that know their future, or know too much.

Two checks. *Truncation*: the features of a cutoff, rebuilt from tables that end the day before it,
must equal those that the model is trained on. *Too good*: no feature alone may rank the label as
well as only the label itself does. What cannot be told from dates is out of its sight: attributes
without one, and a status that the source changes afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

BuildFeatures = Callable[[Mapping[str, ir.Table], ir.Table], ir.Table]
"""Canonical tables and snapshots to features by `customer_id, as_of`."""

KEYS = ["customer_id", "as_of"]
SAMPLE_CUSTOMERS = 1000
MAX_AUC = 0.98
EVENT_TIMES = {"orders": "ordered_at", "events": "occurred_at"}


@dataclass(frozen=True)
class AuditCheck:
    """One check: passed where `value` keeps to `bound`; `features` are those that do not."""

    name: str
    value: float
    bound: float
    passed: bool
    features: tuple[str, ...]


@dataclass(frozen=True)
class LeakAudit:
    """All checks of one training."""

    checks: tuple[AuditCheck, ...]

    @property
    def passed(self) -> bool:
        """Whether no check found a leak."""
        return all(check.passed for check in self.checks)

    @property
    def features(self) -> tuple[str, ...]:
        """Every feature that a check objects to, sorted."""
        return tuple(sorted({name for check in self.checks for name in check.features}))

    def to_dict(self) -> dict[str, Any]:
        """As JSON takes it: `{passed, checks: [{name, value, bound, passed, features}]}`."""
        checks = [asdict(check) | {"features": list(check.features)} for check in self.checks]
        return {"passed": self.passed, "checks": checks}


def audit_cutoffs(
    build: BuildFeatures,
    tables: Mapping[str, ir.Table],
    features: ir.Table,
    cutoffs: Sequence[date],
    sample: int = SAMPLE_CUSTOMERS,
) -> LeakAudit:
    """Rebuilds the features of some cutoffs from tables that end there.

    Args:
        build: The function that built `features`.
        tables: The whole canonical tables it was given.
        features: What the model is trained on; every cutoff must be in its `as_of`. Not rebuilt
            here, since built for one cutoff alone a leak may not show.
        cutoffs: Days to check: the test cutoff and one or two of the training ones.
        sample: Customers per cutoff, every so-manieth by id.
    """
    checks = [compare_cutoff(build, tables, features, day, sample) for day in cutoffs]
    return LeakAudit(tuple(checks))


def compare_cutoff(
    build: BuildFeatures, tables: Mapping[str, ir.Table], features: ir.Table, day: date, sample: int
) -> AuditCheck:
    """One cutoff: the number of features that change once the future is cut away."""
    trained = sample_rows(features, day, sample)
    snapshots = ibis.memtable(trained[KEYS], schema={"customer_id": "string", "as_of": "date"})
    backend = features.get_backend()
    known = {name: truncate(table, name, day) for name, table in tables.items()}
    rebuilt = sort_rows(backend.to_pandas(build(known, snapshots)))
    changed = tuple(differing_columns(trained, rebuilt))
    return AuditCheck(f"truncated_{day}", float(len(changed)), 0.0, not changed, changed)


def sample_rows(features: ir.Table, day: date, sample: int) -> pd.DataFrame:
    """Feature rows of one cutoff, at most `sample`, the same in every run."""
    rows = features.filter(features.as_of == ibis.literal(day))
    number = ibis.row_number().over(order_by=rows.customer_id)
    step = -(-rows.count() // sample).as_scalar() if False else None
    del step
    rows = rows.mutate(_number=number)
    total = int(features.get_backend().to_pandas(rows.count()))
    step_size = max(-(-total // sample), 1)
    kept = rows.filter(rows._number % step_size == 0).drop("_number")
    return sort_rows(features.get_backend().to_pandas(kept))
