"""Looks at customers whose columns move as told, and a champion that reads them."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from salespipe.modelling.frame import Feature, infer_schema
from salespipe.monitoring.looks import PREDICTION, Look

FIRST = date(2023, 1, 2)
STEP = 28


class Champion:
    """Scores by spend and country alone."""

    def __init__(self, frame: pd.DataFrame) -> None:
        keys = ["entity_id", "as_of", "label", PREDICTION, "gender", "age"]
        self.schema = infer_schema(frame.drop(columns=keys, errors="ignore"))

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        odds = 0.04 * (frame["spend_90d"].fillna(0) - 50) + 0.5 * (frame["country"] == "DE")
        return np.asarray(1 / (1 + np.exp(-odds)))

    def contributions(self, frame: pd.DataFrame) -> pd.DataFrame:
        spend = 0.04 * (frame["spend_90d"].fillna(0) - 50)
        country = np.where(frame["country"] == "DE", 0.25, -0.25)
        zero = np.zeros(len(frame))
        parts = {"spend_90d": spend, "country": country, "visits_30d": zero, "tenure_days": zero}
        return pd.DataFrame(parts)


def customers(place: int, rows: int = 600, seed: int = 0) -> pd.DataFrame:
    """Customers as of one look; December's are busier."""
    rng = np.random.default_rng([seed, place])
    busy = 1.25 if (FIRST + timedelta(place * STEP)).month == 12 else 1.0
    frame = pd.DataFrame({
        "entity_id": [f"c{i:05d}" for i in range(rows)],
        "as_of": pd.Timestamp(FIRST + timedelta(place * STEP)),
        "spend_90d": rng.gamma(4, 12.5 * busy * rng.normal(1, 0.02), rows),
        "visits_30d": rng.poisson(3 * busy, rows).astype(float),
        "tenure_days": rng.exponential(300, rows) + 10 * place,
        "country": rng.choice(["DE", "FR", "UK"], rows, p=[0.5, 0.3, 0.2]),
        "gender": rng.choice(["f", "m"], rows),
        "age": rng.integers(18, 90, rows),
    })  # fmt: skip
    frame.loc[rng.random(rows) < 0.02, "visits_30d"] = np.nan
    return frame


def looks(count: int = 16, change=None, seed: int = 0, known_until: int | None = None):
    """A history of looks; `change` is what is done to the rows of each, by its place.

    Returns:
        The looks and the champion.
    """
    frames = [customers(i, seed=seed) for i in range(count)]
    changed = [frame if change is None else change(frame.copy(), i) for i, frame in
               enumerate(frames)]  # fmt: skip
    champion = Champion(pd.concat(frames))
    return [
        look_of(frame, i, champion, seed, known_until is None or i < known_until)
        for i, frame in enumerate(changed)
    ], champion


def look_of(frame: pd.DataFrame, place: int, champion: Champion, seed: int, known: bool) -> Look:
    rng = np.random.default_rng([seed, place, 1])
    score = champion.predict(frame)
    label = (rng.random(len(frame)) < score).astype(float) if known else np.nan
    day = FIRST + timedelta(place * STEP)
    rows = frame.assign(label=label, **{PREDICTION: score})
    return Look(str(day), day, rows, learned=place < 8)


def columns(champion: Champion) -> tuple[Feature, ...]:
    return (*champion.schema.features, Feature(name=PREDICTION, kind="number"))
