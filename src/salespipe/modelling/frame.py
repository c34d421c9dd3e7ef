"""The model-input frame: its columns, its feature schema and the matrix a model is fitted on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, model_validator

from salespipe.errors import SalespipeError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

KEY_COLUMNS = ("entity_id", "as_of", "split", "label")
"""What a model-input frame carries beside features and sensitive attributes."""


ROW_KEYS = ("entity_id", "as_of", "item_group")
"""What tells the rows of a model apart; only offers have the last."""


def row_keys(frame: pd.DataFrame) -> list[str]:
    """The keys of a frame's rows."""
    return [key for key in ROW_KEYS if key in frame.columns]


class Feature(BaseModel):
    """One column a model may read; a category knows its levels, all others count as missing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    kind: Literal["number", "category"]
    categories: tuple[str, ...] = ()


class FeatureSchema(BaseModel):
    """The features a model was fitted on, in order, and the attributes only the audit may read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    features: tuple[Feature, ...]
    sensitive: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        if len(set(self.names)) != len(self.names):
            raise ValueError("two features share a name")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the features, in the order of the design matrix."""
        return tuple(feature.name for feature in self.features)

    def hash(self) -> str:
        """SHA-256 of the schema as canonical JSON: equal schemas, equal hash, on every machine."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def only(self, names: Sequence[str]) -> FeatureSchema:
        """The schema of some of the features.

        Raises:
            SalespipeError: if a name is not a feature.
        """
        missing = [name for name in names if name not in self.names]
        if missing:
            raise SalespipeError(
                f"{', '.join(missing)}: named in conf as a column of a baseline, but no feature"
            )
        kept = tuple(feature for feature in self.features if feature.name in names)
        return FeatureSchema(features=kept, sensitive=self.sensitive)


def infer_schema(
    frame: pd.DataFrame, sensitive: Sequence[str] = (), max_categories: int = 50
) -> FeatureSchema:
    """Reads the schema off a model-input frame; levels come from the rows before the test period.

    Args:
        frame: Model input: key columns, features and, possibly, sensitive attributes.
        sensitive: Columns that are no features.
        max_categories: Most frequent levels kept of a category; rarer ones count as missing.

    Raises:
        SalespipeError: if a column is neither a number, a truth value nor text.
    """
    development = frame[frame["split"] != "test"] if "split" in frame else frame
    names = sorted(set(frame.columns) - set(KEY_COLUMNS) - set(sensitive))
    features = tuple(_infer_feature(development[name], max_categories) for name in names)
    return FeatureSchema(features=features, sensitive=tuple(sensitive))


def _infer_feature(column: pd.Series, max_categories: int) -> Feature:
    name = str(column.name)
    if pd.api.types.is_datetime64_any_dtype(column):
        raise SalespipeError(f"{name}: a date is no feature; give the days since or until it")
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return Feature(name=name, kind="number")
    seen = column.dropna()
    if len(seen) and pd.api.types.infer_dtype(seen) in {"decimal", "floating", "integer"}:
        return Feature(name=name, kind="number")
    counts = seen.astype(str).value_counts().rename_axis("level").reset_index(name="rows")
    frequent = counts.sort_values(["rows", "level"], ascending=[False, True])["level"]
    levels = tuple(sorted(frequent.head(max_categories)))
    return Feature(name=name, kind="category", categories=levels)


def design_matrix(frame: pd.DataFrame, schema: FeatureSchema) -> pd.DataFrame:
    """Turns a frame into the matrix a model reads: float64 numbers, categories with fixed levels.

    Unknown levels and infinities become missing, so that scoring never fails on a new value.

    Args:
        frame: Has at least the schema's features; other columns and their order do not matter.
        schema: The features, in order.

    Returns:
        One row a row of `frame`, one column a feature, numbered from 0.

    Raises:
        SalespipeError: if a feature is missing or not a number where it must be one.
    """
    missing = [name for name in schema.names if name not in frame]
    if missing:
        raise SalespipeError(f"the model input lacks the feature(s) {', '.join(missing)}")
    columns = {
        feature.name: _design_column(frame[feature.name], feature) for feature in schema.features
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(len(frame)))


def _design_column(column: pd.Series, feature: Feature) -> Floats | pd.Categorical:
    if feature.kind == "category":
        # A category without any level (all missing) still needs a type that xgboost accepts.
        levels = list(feature.categories) or [""]
        text = column.astype("string")
        return pd.Categorical(text.where(text.isin(levels)).astype(object), categories=levels)
    try:
        values = column.to_numpy(dtype="float64", na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise SalespipeError(f"{feature.name}: a value is not a number ({error})") from error
    return np.where(np.isfinite(values), values, np.nan)


def development_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows before the test period in one canonical order, so that input order changes no model."""
    rows = frame[frame["split"].isin(["train", "valid"])]
    order = rows.assign(_as_of=rows["as_of"].astype("string").fillna(""))
    keys = ["_as_of", *(key for key in row_keys(rows) if key != "as_of")]
    order = order.sort_values(keys, kind="stable")
    return order.drop(columns="_as_of").reset_index(drop=True)


def labels(frame: pd.DataFrame) -> Floats:
    """The outcome of each row, 0 or 1, or its amount."""
    return frame["label"].to_numpy(dtype=np.float64)


def entity_codes(frame: pd.DataFrame) -> Integers:
    """Entities numbered from 0; rows of one customer share a number."""
    return pd.factorize(frame["entity_id"].astype("string"), sort=True)[0].astype(np.int64)


def entity_folds(frame: pd.DataFrame, folds: int) -> Integers:
    """Fold of each row by a hash of its entity: stable under row order and under new customers."""
    text = frame["entity_id"].astype("string").to_numpy(dtype=object)
    return (pd.util.hash_array(text, categorize=True) % np.uint64(folds)).astype(np.int64)
