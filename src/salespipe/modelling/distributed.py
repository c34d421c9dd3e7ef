"""Trees grown by Spark's workers, through `xgboost.spark`; the booster is like any other."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd

from salespipe.modelling.frame import Floats
from salespipe.modelling.growing import Growing, matrix

if TYPE_CHECKING:
    import xgboost
    from pyspark.sql import DataFrame, SparkSession

logger = logging.getLogger(__name__)
# it says all its settings at each start
logging.getLogger("XGBoost-PySpark").setLevel(logging.WARNING)

LABEL = "label"
OF_SPARK = ("nthread",)
"""Settings that Spark's are taken for."""
Grown = TypeVar("Grown")
TRIES = 3
LOST = "failed barrier ResultStage"
"""What Spark says when it gives up on tasks that run together."""
UNTIL_NOTICED = 5.0
"""Seconds in which Spark counts a dead worker's cores out."""


def slots(session: SparkSession) -> int:
    """How many tasks can run at once, which all of a training's must: fewer where workers died.

    Spark's `defaultParallelism` says 2 of a cluster with one core left, and training would wait.
    """
    from xgboost.spark.utils import _get_max_num_concurrent_tasks

    return max(int(_get_max_num_concurrent_tasks(session.sparkContext)), 1)


def on_all_slots(session: SparkSession, grow: Callable[[int], Grown], tries: int = TRIES) -> Grown:
    """What `grow` makes of all tasks that can run at once; of those left, where a worker dies.

    Any other task Spark tries again by itself. Those of a training have to run together, and it
    gives up on all of them when it loses one.

    Args:
        session: the Spark that runs.
        grow: takes the number of tasks.
        tries: how often in all.

    Raises:
        Py4JJavaError: something else is wrong, or every try lost a task.
    """
    from py4j.protocol import Py4JJavaError

    try:
        return grow(slots(session))
    except Py4JJavaError as error:
        if LOST not in str(error) or tries == 1:
            raise
    time.sleep(UNTIL_NOTICED)
    logger.warning("  Spark lost a task that grew trees: all of them are grown again.")
    return on_all_slots(session, grow, tries - 1)


class OnSpark:
    """Grows trees on the Spark that runs, one worker for each task that it runs at once.

    The design matrix goes from here to the workers: it has to fit into this process once.
    """

    def __init__(self) -> None:
        from pyspark.sql import SparkSession

        self._session = SparkSession.builder.getOrCreate()

    def train(
        self, design: pd.DataFrame, label: Floats, settings: dict[str, Any], trees: int
    ) -> xgboost.Booster:
        """See `Grower`."""
        from xgboost.spark import SparkXGBRegressor

        names = [f"f{place}" for place in range(design.shape[1])]
        rows = self._rows(design, label, names)
        learner = SparkXGBRegressor(
            features_col=names,
            label_col=LABEL,
            n_estimators=trees,
            missing=float("nan"),
            verbose=False,
            feature_names=[str(name) for name in design.columns],
            feature_types=["c" if _is_category(design[name]) else "q" for name in design],
            **{key: value for key, value in settings.items() if key not in OF_SPARK},
        )

        def grow(workers: int) -> xgboost.Booster:
            booster: xgboost.Booster = learner.fit(
                rows, {learner.num_workers: workers}
            ).get_booster()
            return booster

        return on_all_slots(self._session, grow)

    def _rows(self, design: pd.DataFrame, label: Floats, names: list[str]) -> DataFrame:
        """Numbers alone: a category is the place of its level, as XGBoost counts them too."""
        columns = {
            name: _numbers(design[column]) for name, column in zip(names, design, strict=True)
        }
        return self._session.createDataFrame(pd.DataFrame(columns | {LABEL: label}))

    def growing(
        self, design: pd.DataFrame, label: Floats, held: pd.DataFrame, settings: dict[str, Any],
        most: int,
    ) -> Growing:  # fmt: skip
        """See `Grower`. All trees are grown at once, for each start on Spark takes seconds."""
        return _Grown(self.train(design, label, settings, most), matrix(held))


class _Grown:
    """A booster whose trees are looked at as if they grew."""

    def __init__(self, booster: xgboost.Booster, held: xgboost.DMatrix) -> None:
        self._booster, self._held, self._seen = booster, held, 0

    def grow(self, trees: int) -> Floats:
        self._seen = min(self._seen + trees, self._booster.num_boosted_rounds())
        margin = self._booster.predict(
            self._held, output_margin=True, iteration_range=(0, self._seen)
        )
        return np.asarray(margin, dtype=np.float64)


def _is_category(column: pd.Series) -> bool:
    return isinstance(column.dtype, pd.CategoricalDtype)


def _numbers(column: pd.Series) -> Floats:
    if not _is_category(column):
        return column.to_numpy(dtype=np.float64)
    codes = column.cat.codes.to_numpy(dtype=np.float64)
    return np.where(codes < 0, np.nan, codes)
