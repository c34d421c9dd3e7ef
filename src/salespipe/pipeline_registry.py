"""Every folder under `pipelines` is a pipeline; there is no list to keep."""

from kedro.framework.project import find_pipelines
from kedro.pipeline import Pipeline


def register_pipelines() -> dict[str, Pipeline]:
    """The pipelines by name; `__default__` is all of them but the simulator."""
    pipelines: dict[str, Pipeline] = find_pipelines(raise_errors=True)
    loop = [pipeline for name, pipeline in pipelines.items() if name != "simulate"]
    pipelines["__default__"] = sum(loop, Pipeline([]))
    return pipelines
