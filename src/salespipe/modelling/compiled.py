"""A fitted model for requests: the same predictions from a bare matrix, in a fraction of the time.

Frames are made for many rows; one row costs milliseconds in them. Here categories are codes and
every linear term is a column of one matrix product, so that a row costs what its trees cost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from salespipe.modelling.blend import Blend
from salespipe.modelling.frame import FeatureSchema, Floats, design_matrix
from salespipe.modelling.links import signed_log
from salespipe.modelling.logistic import LogisticModel
from salespipe.modelling.predict import Model
from salespipe.modelling.rule import RuleModel
from salespipe.modelling.xgb import SHIFT, BoostedTrees

Score = Callable[[Floats], Floats]


class CompiledModel:
    """A model over matrices: one column a feature, NaN where it is unknown, categories as codes.

    Args:
        model: What is compiled; `model.predict` gives the same to 1e-9.
    """

    def __init__(self, model: Model) -> None:
        self.schema = model.schema
        self._calibrator = model.calibrator
        self._score = _compiled(model.scorer, model.schema)
        self._codes = {
            place: {level: float(code) for code, level in enumerate(feature.categories)}
            for place, feature in enumerate(model.schema.features)
            if feature.kind == "category"
        }

    def matrix(self, rows: Sequence[Mapping[str, Any]]) -> Floats:
        """Rows of a request as a matrix; a level that training did not know counts as missing.

        Args:
            rows: n rows that have every feature: a number, a level or None.
        """
        names = self.schema.names
        if not self._codes:
            return np.array([[row[name] for name in names] for row in rows], dtype=np.float64)
        coded = [[row[name] for name in names] for row in rows]
        for place, codes in self._codes.items():
            for values in coded:
                values[place] = codes.get(values[place], np.nan)
        return np.array(coded, dtype=np.float64)

    def matrix_of(self, frame: pd.DataFrame) -> Floats:
        """Rows of a frame as a matrix, as `design_matrix` reads them."""
        design = design_matrix(frame, self.schema)
        columns = [
            np.where(design[name].cat.codes < 0, np.nan, design[name].cat.codes)
            if place in self._codes
            else design[name].to_numpy()
            for place, name in enumerate(self.schema.names)
        ]
        return np.column_stack(columns).astype(np.float64)

    def frame(self, matrix: Floats) -> pd.DataFrame:
        """A matrix as rows again, levels in words."""
        columns = {
            feature.name: _levels(feature.categories, matrix[:, place])
            if place in self._codes
            else matrix[:, place]
            for place, feature in enumerate(self.schema.features)
        }
        return pd.DataFrame(columns)

    def predict(self, matrix: Floats) -> Floats:
        """Probability of label 1, or the amount, of each row."""
        return self._calibrator.predict(self._score(matrix))


def _levels(categories: tuple[str, ...], codes: Floats) -> pd.Series:
    names = dict(enumerate(categories))
    return pd.Series(codes).map(names).astype(object)


def _compiled(scorer: Any, schema: FeatureSchema) -> Score:
    match scorer:
        case BoostedTrees(booster=booster):
            return _trees(booster)
        case LogisticModel():
            return _linear(scorer, schema)
        case RuleModel():
            return _rule(scorer, schema)
        case Blend(trees=trees, logistics=logistics):
            members = [_trees(trees.booster), *(_linear(one, schema) for one in logistics)]
            return lambda matrix: np.asarray(np.mean([one(matrix) for one in members], axis=0))
        case _:
            raise TypeError(f"no compiled form of {type(scorer).__name__}")


def _trees(booster: Any) -> Score:
    shift = float(booster.attr(SHIFT) or 0.0)

    def score(matrix: Floats) -> Floats:
        margin = booster.inplace_predict(matrix, predict_type="margin", validate_features=False)
        return np.asarray(margin, dtype=np.float64) + shift

    return score


def _rule(rule: RuleModel, schema: FeatureSchema) -> Score:
    place = schema.names.index(rule.column)

    def score(matrix: Floats) -> Floats:
        return rule.log_odds(pd.DataFrame({rule.column: matrix[:, place]}))

    return score


def _linear(model: LogisticModel, schema: FeatureSchema) -> Score:
    places = [schema.names.index(term.name) for term in model.numbers]
    low, high, median, mean, scale, weight, absent = np.array(
        [
            (t.low, t.high, t.median, t.mean, t.scale, t.weight, t.missing_weight)
            for t in model.numbers
        ]
    ).T.reshape(7, len(places))
    logged = np.array([term.log for term in model.numbers], dtype=bool)
    levels = [_level_weights(term, schema) for term in model.categories]

    def score(matrix: Floats) -> Floats:
        raw = matrix[:, places]
        missing = np.isnan(raw)
        value = np.clip(np.where(missing, median, raw), low, high)
        value[:, logged] = signed_log(value[:, logged])
        total = model.intercept + ((value - mean) / scale) @ weight + missing @ absent
        for place, weights in levels:
            codes = np.nan_to_num(matrix[:, place], nan=-1.0).astype(np.int64)
            total = total + weights[codes]
        return np.asarray(total, dtype=np.float64)

    return score


def _level_weights(term: Any, schema: FeatureSchema) -> tuple[int, Floats]:
    """The place of a category, and the weight of each of its codes; the last is of no level."""
    place = schema.names.index(term.name)
    known = dict(zip(term.levels, term.weights, strict=True))
    weights = [known.get(level, 0.0) for level in schema.features[place].categories]
    return place, np.array([*weights, 0.0])
