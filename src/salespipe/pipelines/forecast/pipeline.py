"""The forecast is the shared path over series instead of customers."""

from kedro.pipeline import Pipeline

from salespipe.pipelines.forecast import nodes
from salespipe.pipelines.model import Steps, model_pipeline


def create_pipeline() -> Pipeline:
    """The forecast's pipeline."""
    steps = Steps(
        build_model_input=nodes.build_model_input,
        keeps=False,
        audit_features=nodes.audit_features,
        fit_model=nodes.fit_model,
        judge_model=nodes.judge_model,
        draw_plots=nodes.draw_plots,
        gather_evidence=nodes.gather_evidence,
        decide_promotion=nodes.decide_promotion,
        gather_review=nodes.gather_review,
    )
    return model_pipeline("forecast", steps)
