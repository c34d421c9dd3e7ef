"""A synthetic model input whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salespipe.modelling.frame import FeatureSchema, infer_schema
from salespipe.params import BaselineParams, TrainParams

TRUTH = "true_probability"
BASELINE = BaselineParams(
    rule_column="recency_days", logistic_columns=("recency_days", "orders_total")
)
FAST = TrainParams(max_trees=60, early_stopping_rounds=20, learning_rate=0.1, min_outcomes=50)
CUTOFFS = pd.to_datetime(["2024-01-01", "2024-02-01", "2024-03-01", "2024-06-01"])
SPLITS = np.array(["train", "train", "valid", "test"])


def model_input(customers: int = 600, seed: int = 0) -> pd.DataFrame:
    """Customers at four cutoffs; churn rises with recency, falls with orders, bends in `mood`."""
    rng = np.random.default_rng(seed)
    rows = 4 * customers
    cutoff = np.repeat(np.arange(4), customers)
    recency = np.round(rng.exponential(40, rows))
    orders = rng.poisson(3, rows).astype(float)
    mood = rng.normal(size=rows)
    country = rng.choice(["DE", "FR", "UK"], rows)
    log_odds = 0.04 * (recency - 40) - 0.3 * (orders - 3) + np.where(np.abs(mood) > 1, 1.5, -0.7)
    truth = 1 / (1 + np.exp(-log_odds - 0.8 * (country == "DE")))
    return pd.DataFrame({
        "entity_id": np.tile([f"c{i:05d}" for i in range(customers)], 4),
        "as_of": CUTOFFS[cutoff],
        "split": SPLITS[cutoff],
        "label": (rng.random(rows) < truth).astype(int),
        "recency_days": recency,
        "orders_total": orders,
        "mood": np.where(rng.random(rows) < 0.1, np.nan, mood),
        "country": country,
        "age": rng.integers(18, 90, rows),
        TRUTH: truth,
    })  # fmt: skip


def schema_of(frame: pd.DataFrame) -> FeatureSchema:
    """The schema without the truth and without the sensitive attribute."""
    return infer_schema(frame.drop(columns=TRUTH, errors="ignore"), sensitive=("age",))
