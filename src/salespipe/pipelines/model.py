"""The one pipeline every model shares; a model's own folder only names it."""

from kedro.pipeline import Pipeline, node, pipeline

from salespipe.pipelines.model_nodes import (
    audit_features,
    build_model_input,
    decide_promotion,
    draw_plots,
    fit_model,
    judge_model,
)


def model_pipeline(name: str) -> Pipeline:
    """Features and training of one model.

    Args:
        name: the model's namespace; its conf is `conf/base/parameters_<name>.yml`.
    """
    features = [
        node(
            build_model_input, ["tables", "params:model"], "model_input", name="build_model_input"
        ),
        node(
            audit_features,
            ["tables", "model_input", "params:model"],
            "audit",
            name="audit_features",
        ),
    ]
    train = [
        node(fit_model, ["model_input", "params:model"], ["trained", "model"], name="fit_model"),
        node(
            judge_model,
            ["model_input", "trained", "truth", "params:model", "params:simulator"],
            ["metrics", "test_predictions"],
            name="judge_model",
        ),
        node(
            draw_plots,
            ["model_input", "trained", "params:model"],
            ["calibration_plot", "gain_plot", "features_plot"],
            name="draw_plots",
        ),
        node(decide_promotion, ["metrics", "audit"], "gate", name="decide_promotion"),
    ]
    return pipeline(
        pipeline(features, tags="features") + pipeline(train, tags="train"),
        namespace=name,
        inputs={"tables", "truth"},
        parameters={"params:model": f"params:{name}", "params:simulator": "params:simulator"},
    )
