"""Every dataset resolves, every parameter is used and typed, every business is itself."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from salespipe.params import ModelParams
from salespipe.params_forecast import ForecastParams
from salespipe.params_source import SourceParams

ROOT = Path(__file__).resolve().parents[1]
BUSINESSES = ("bank", "demo", "online_retail", "telco")
MODELS = ("churn", "offers", "propensity")


@pytest.fixture(params=BUSINESSES)
def context(request):
    bootstrap_project(ROOT)
    with KedroSession.create(project_path=ROOT, env=request.param) as session:
        yield session.load_context()


def test_every_dataset_of_every_pipeline_is_in_the_catalog(context):
    catalog = context.catalog
    for pipeline in pipelines.values():
        saved = pipeline.all_outputs() | pipeline.inputs()
        passed_on = {"mapped_tables", *(f"{model}.trained" for model in (*MODELS, "forecast"))}
        for name in saved - passed_on:
            assert type(catalog.get(name)).__name__ != "MemoryDataset" or name.startswith("param")


def test_every_file_lies_under_the_businesss_own_name(context):
    env = context.config_loader.business
    for name, entry in context.config_loader["catalog"].items():
        places = [entry.get("filepath"), entry.get("folder"), *entry.get("files", {}).values()]
        for place in filter(None, places):
            assert place.split("/")[2] == env, name


def test_every_parameter_is_used(context):
    used = {name for pipeline in pipelines.values() for name in pipeline.inputs()}
    for name in context.config_loader["parameters"]:
        assert f"params:{name}" in used


def test_conf_is_typed(context):
    parameters = context.params
    for model in MODELS:
        assert isinstance(parameters[model], ModelParams)
    assert isinstance(parameters["forecast"], ForecastParams)
    assert isinstance(parameters["source"], SourceParams)


@pytest.mark.parametrize("env", BUSINESSES)
def test_params_yaml_names_its_own_business(env):
    folder = ROOT if env == "demo" else ROOT / "conf" / env
    params = yaml.safe_load((folder / "params.yaml").read_text())
    assert params["env"] == env
    assert (folder / params["root"]).resolve() == ROOT
    assert set(params["models"]) <= {*MODELS, "forecast"}


@pytest.mark.parametrize("env", [env for env in BUSINESSES if env != "demo"])
def test_all_businesses_share_one_dvc_yaml(env):
    assert (ROOT / "conf" / env / "dvc.yaml").resolve() == ROOT / "dvc.yaml"
    assert (ROOT / "conf" / env / "package/dvc.yaml").resolve() == ROOT / "package/dvc.yaml"


@pytest.mark.parametrize("model", MODELS)
def test_base_conf_spells_out_the_typed_defaults(model):
    """Conf in base and the defaults in code can't drift apart."""
    shared = yaml.safe_load((ROOT / "conf/base/globals.yml").read_text())
    defaults = ModelParams(outcome="order").model_dump(mode="json")
    assert shared.pop("owner") == defaults["card"]["owner"]
    for name, values in shared.items():
        assert values == defaults[name], name
    own = yaml.safe_load((ROOT / f"conf/base/parameters_{model}.yml").read_text())[model]
    assert set(own) == set(defaults)


def test_the_forecasts_base_conf_spells_out_the_typed_defaults():
    own = yaml.safe_load((ROOT / "conf/base/parameters_forecast.yml").read_text())["forecast"]
    assert set(own) == set(ForecastParams.model_fields)
    levels = own.pop("levels")
    del own["gate"], own["card"]
    assert own["train"]["engine"] == "${engine:}"
    own["train"]["engine"] = "duckdb"
    written = ForecastParams.model_validate({**own, "levels": levels}).model_dump()
    assert written == ForecastParams(levels=levels).model_dump()
    for part in ("backtest", "train", "trading", "guard", "coverage"):
        assert set(own[part]) == set(written[part]), part


def test_a_stage_tracks_every_file_of_its_commands_conf():
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    for name in ("features", "train"):
        tracked = {file for entry in stages[name]["params"] for file in entry}
        assert {"conf/${env}/globals.yml", "conf/${env}/parameters.yml"} <= tracked


def test_the_review_is_gathered_before_the_verdict_can_move_the_champion():
    order = [one.name for one in pipelines["churn"].nodes]
    gather, decide, write = (
        order.index(f"churn.{name}")
        for name in ("gather_review", "decide_promotion", "write_review")
    )
    assert gather < decide < write
