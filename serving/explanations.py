"""Why: the exact contributions to each score, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from salespipe.modelling.reasons import told
from serving.answers import Scored
from serving.champions import CustomerChampion

TOP = 10
"""Reasons told unless a request says otherwise."""


def explain(champion: CustomerChampion, scored: Sequence[Scored], top: int) -> dict[int, Any]:
    """The exact contributions to each score, strongest first, by the entity's number.

    They and `baseline` add up to `score`: the log-odds, or the log of an amount, before
    calibration.
    """
    reasons: dict[int, Any] = {}
    for part in scored:
        kept = [n for n in range(len(part.places)) if n not in part.errors]
        if kept:
            rows = _frame(champion, part, kept)
            every = _contributions(champion, rows, top)
            reasons |= {part.places[n]: one for n, one in zip(kept, every, strict=True)}
    return reasons


def _contributions(champion: CustomerChampion, rows: Any, top: int) -> list[dict[str, Any]]:
    model, words = champion.model, champion.facts["words"]
    parts = model.contributions(rows)
    values = parts.to_numpy(dtype=np.float64)
    scores = model.scorer.log_odds(champion.model_design(rows))
    names = [str(name) for name in parts.columns]
    shown = np.column_stack([told(rows[name]) for name in names])
    order = np.argsort(-np.abs(values), axis=1, kind="stable")[:, :top]
    explained: list[dict[str, Any]] = []
    for row, score_, places in zip(values, scores.tolist(), order, strict=True):
        number = len(explained)
        moved = [place for place in places.tolist() if row[place] != 0]
        explained.append({
            "score": score_,
            "baseline": score_ - float(row.sum()),
            "rest": float(row.sum() - row[moved].sum()),
            "contributions": [
                {"feature": names[p], "words": words.get(names[p], names[p]),
                 "value": str(shown[number, p]), "contribution": float(row[p]),
                 "direction": "raises" if row[p] > 0 else "lowers"}
                for p in moved
            ],
        })  # fmt: skip
    return explained


def _frame(champion: CustomerChampion, part: Scored, kept: list[int]) -> Any:
    if part.rows is not None:
        return champion.rows(part.rows[kept])
    assert part.matrix is not None  # noqa: S101 - one or the other
    return champion.compiled.frame(part.matrix[kept])
