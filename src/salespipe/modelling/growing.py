"""Who grows boosted trees: this process, or Spark's workers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd

from salespipe.modelling.batches import train_matrix
from salespipe.modelling.frame import Floats

if TYPE_CHECKING:
    import xgboost


class Growing(Protocol):
    """Trees that grow a few at a time and are looked at in between."""

    def grow(self, trees: int) -> Floats:
        """Grows so many trees more; what all of them say of the held-out rows, as margins."""
        ...


class Grower(Protocol):
    """Grows trees on a design matrix by xgboost's settings."""

    def train(
        self, design: pd.DataFrame, label: Floats, settings: dict[str, Any], trees: int
    ) -> xgboost.Booster:
        """A booster of so many trees."""
        ...

    def growing(
        self, design: pd.DataFrame, label: Floats, held: pd.DataFrame, settings: dict[str, Any],
        most: int,
    ) -> Growing:  # fmt: skip
        """Trees that are looked at as they grow, `most` of them at most."""
        ...


class Here:
    """Grows them in this process.

    Args:
        whole_rows: rows above which the matrix is made batch by batch; None never.
        batch_rows: rows of a batch.
    """

    def __init__(self, whole_rows: int | None = None, batch_rows: int = 500_000) -> None:
        self._whole_rows = whole_rows
        self._batch_rows = batch_rows

    def _matrix(self, design: pd.DataFrame, label: Floats) -> xgboost.DMatrix:
        if self._whole_rows is None or len(design) <= self._whole_rows:
            return matrix(design, label)
        return train_matrix(design, label, self._batch_rows)

    def train(
        self, design: pd.DataFrame, label: Floats, settings: dict[str, Any], trees: int
    ) -> xgboost.Booster:
        """See `Grower`."""
        import xgboost

        return xgboost.train(settings, self._matrix(design, label), trees)

    def growing(
        self, design: pd.DataFrame, label: Floats, held: pd.DataFrame, settings: dict[str, Any],
        most: int,
    ) -> Growing:  # fmt: skip
        """See `Grower`."""
        del most
        return _GrowingHere(self._matrix(design, label), matrix(held), settings)


class _GrowingHere:
    def __init__(
        self, train: xgboost.DMatrix, held: xgboost.DMatrix, settings: dict[str, Any]
    ) -> None:
        import xgboost

        self._train, self._held = train, held
        # Both matrices in the booster's cache: each look then adds the new trees only.
        self._booster = xgboost.Booster(settings, cache=[train, held])
        self._rounds = 0

    def grow(self, trees: int) -> Floats:
        for _ in range(trees):
            self._booster.update(self._train, self._rounds)
            self._rounds += 1
        margin = self._booster.predict(self._held, output_margin=True)
        return np.asarray(margin, dtype=np.float64)


def cores() -> int:
    """Processors that this process may use."""
    known = hasattr(os, "sched_getaffinity")  # not on macOS
    return len(os.sched_getaffinity(0)) if known else os.cpu_count() or 1


def matrix(design: pd.DataFrame, label: Floats | None = None) -> xgboost.DMatrix:
    """A design matrix as xgboost has it."""
    import xgboost

    return xgboost.DMatrix(design, label, enable_categorical=True, nthread=1)
