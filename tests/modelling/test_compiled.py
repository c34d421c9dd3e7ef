"""A compiled model says what the model says."""

from __future__ import annotations

import numpy as np
import pytest

from salespipe.modelling.blend import Blend
from salespipe.modelling.compiled import CompiledModel
from salespipe.modelling.predict import Model
from salespipe.modelling.served import feature_records


def test_it_predicts_what_the_model_predicts(frame, trained):
    for name, model in trained.models.items():
        compiled = CompiledModel(model)
        got = compiled.predict(compiled.matrix_of(frame))
        assert np.allclose(got, model.predict(frame), rtol=0, atol=1e-12), name


def test_a_blend_is_compiled_whole(frame, trained):
    trees = trained.models["xgboost"]
    blend = Model("blend", trees.schema, Blend(trees.scorer, (logistic(frame, trees.schema),)))
    compiled = CompiledModel(blend)
    got = compiled.predict(compiled.matrix_of(frame))
    assert np.allclose(got, blend.predict(frame), rtol=0, atol=1e-12)


def logistic(frame, schema):
    from salespipe.modelling.frame import design_matrix, labels
    from salespipe.modelling.logistic import fit_logistic

    return fit_logistic(design_matrix(frame, schema), labels(frame))


def test_rows_of_a_request_are_read_as_rows_of_a_frame(frame, trained):
    compiled = CompiledModel(trained.champion)
    rows = feature_records(frame.head(50), trained.champion)
    assert np.array_equal(compiled.matrix(rows), compiled.matrix_of(frame.head(50)), equal_nan=True)


def test_unknown_levels_and_values_count_as_missing(frame, trained):
    model = trained.models["xgboost"]
    compiled = CompiledModel(model)
    (row,) = feature_records(frame.head(1), model)
    empty = dict.fromkeys(row)
    assert np.isnan(compiled.matrix([empty])).all()
    for feature in model.schema.features:
        if feature.kind == "category":
            strange = compiled.matrix([row | {feature.name: "from the moon"}])
            missing = compiled.matrix([row | {feature.name: None}])
            assert np.array_equal(strange, missing, equal_nan=True)


def test_a_matrix_becomes_the_rows_it_came_from(frame, trained):
    model = trained.models["xgboost"]
    compiled = CompiledModel(model)
    matrix = compiled.matrix_of(frame)
    assert np.array_equal(compiled.matrix_of(compiled.frame(matrix)), matrix, equal_nan=True)


def test_what_has_no_compiled_form_is_a_mistake_of_ours(trained):
    model = trained.models["xgboost"]
    with pytest.raises(TypeError, match="no compiled form"):
        CompiledModel(Model("odd", model.schema, object()))
