"""The schema and the design matrix."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from salespipe.errors import SalespipeError
from salespipe.modelling.frame import (
    Feature,
    FeatureSchema,
    design_matrix,
    entity_folds,
    infer_schema,
)
from tests.modelling.synthetic import model_input, schema_of


def test_schema_leaves_out_keys_and_sensitive_attributes() -> None:
    schema = schema_of(model_input(50))
    assert schema.names == ("country", "mood", "orders_total", "recency_days")
    assert schema.sensitive == ("age",)
    assert schema.features[0].categories == ("DE", "FR", "UK")


def test_schema_reads_levels_from_rows_before_the_test_period_only() -> None:
    frame = model_input(50)
    frame.loc[frame["split"] == "test", "country"] = "XX"
    assert schema_of(frame) == schema_of(model_input(50))


def test_schema_survives_json_and_column_order_with_the_same_hash() -> None:
    frame = model_input(50)
    schema = schema_of(frame)
    again = FeatureSchema.model_validate_json(schema.model_dump_json())
    assert again == schema
    assert again.hash() == schema_of(frame[frame.columns[::-1]]).hash()
    assert again.hash() != schema.only(["mood"]).hash()


def test_rare_levels_are_left_out() -> None:
    frame = pd.DataFrame({"c": ["a"] * 3 + ["b"] * 2 + ["z"]})
    assert infer_schema(frame, max_categories=2).features[0].categories == ("a", "b")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2], [1.0, 2.0]),
        ([True, False], [1.0, 0.0]),
        ([Decimal("1.5"), None], [1.5, np.nan]),
        ([1.0, np.inf], [1.0, np.nan]),
        (pd.array([1, None], dtype="Int64"), [1.0, np.nan]),
        (pd.array([True, None], dtype="boolean"), [1.0, np.nan]),
    ],
)
def test_numbers_of_any_type_become_floats(values: object, expected: list[float]) -> None:
    frame = pd.DataFrame({"x": values})
    design = design_matrix(frame, infer_schema(frame))
    np.testing.assert_array_equal(design["x"].to_numpy(), expected)


def test_unknown_level_becomes_missing_and_levels_stay_fixed() -> None:
    schema = FeatureSchema(features=(Feature(name="c", kind="category", categories=("a", "b")),))
    design = design_matrix(pd.DataFrame({"c": ["b", "new", None]}), schema)
    assert list(design["c"].cat.categories) == ["a", "b"]
    assert list(design["c"].cat.codes) == [1, -1, -1]


def test_missing_feature_is_named() -> None:
    frame = model_input(50)
    with pytest.raises(SalespipeError, match="mood"):
        design_matrix(frame.drop(columns="mood"), schema_of(frame))


def test_text_in_a_number_is_named() -> None:
    schema = FeatureSchema(features=(Feature(name="x", kind="number"),))
    with pytest.raises(SalespipeError, match="x: a value is not a number"):
        design_matrix(pd.DataFrame({"x": ["abc"]}), schema)


def test_a_date_is_refused_as_a_feature() -> None:
    with pytest.raises(SalespipeError, match="a date is no feature"):
        infer_schema(pd.DataFrame({"d": pd.to_datetime(["2024-01-01"])}))


def test_two_features_of_one_name_are_refused() -> None:
    feature = Feature(name="x", kind="number")
    with pytest.raises(ValueError, match="share a name"):
        FeatureSchema(features=(feature, feature))


def test_baseline_column_that_is_no_feature_is_named() -> None:
    with pytest.raises(SalespipeError, match="nonsense"):
        schema_of(model_input(50)).only(["nonsense"])


def test_rows_of_a_customer_share_a_fold() -> None:
    frame = model_input(50)
    folds = pd.Series(entity_folds(frame, 4)).groupby(frame["entity_id"]).nunique()
    assert folds.eq(1).all()
