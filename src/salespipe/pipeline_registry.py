"""Every folder under `pipelines` is a pipeline; there is no list to keep."""

from kedro.framework.project import find_pipelines
from kedro.pipeline import Pipeline

APART = ("simulate", "monitor")


def register_pipelines() -> dict[str, Pipeline]:
    """The pipelines by name; `__default__` is all but the simulator and what looks at champions."""
    pipelines: dict[str, Pipeline] = find_pipelines(raise_errors=True)
    loop = [pipeline for name, pipeline in pipelines.items() if name not in APART]
    pipelines["__default__"] = sum(loop, Pipeline([]))
    return pipelines
