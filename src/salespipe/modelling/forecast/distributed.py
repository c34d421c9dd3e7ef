"""mlforecast on Spark: lags and trees on its workers, the steps ahead here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd


def fit_on_spark(train: pd.DataFrame, trees: Mapping[str, Any], features: Mapping[str, Any]) -> Any:
    """A fitted forecaster, brought back to this process: a few dozen series are few to forecast.

    Args:
        train: series under one another, as mlforecast has them.
        trees: xgboost's settings.
        features: mlforecast's settings.
    """
    from mlforecast.distributed import DistributedMLForecast
    from mlforecast.distributed.models.spark.xgb import SparkXGBForecast
    from pyspark.sql import SparkSession

    from salespipe.modelling.distributed import on_all_slots

    session = SparkSession.builder.getOrCreate()
    rows = session.createDataFrame(train)

    def fit(workers: int) -> Any:
        learner = DistributedMLForecast(
            {"xgb": SparkXGBForecast(num_workers=workers, verbose=False, **trees)},
            engine=session,
            num_partitions=workers,
            **features,
        )
        learner.fit(rows, static_features=["level"])
        return learner.to_local()

    return on_all_slots(session, fit)
