"""How conf is read."""

from __future__ import annotations

from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from salespipe.config import BusinessConfigLoader
from tests.clone import ROOT


def test_a_business_without_a_source_has_an_empty_one(tmp_path):
    for folder in ("base", "acme"):
        (tmp_path / folder).mkdir()
    (tmp_path / "base/parameters.yml").write_text("source: ${source:}\nname: ${business:}\n")
    loader = BusinessConfigLoader(str(tmp_path), env="acme", base_env="base")
    assert dict(loader["parameters"]) == {"source": {}, "name": "acme"}


def test_the_default_business_is_named_too(tmp_path):
    (tmp_path / "base").mkdir()
    (tmp_path / "shop").mkdir()
    (tmp_path / "base/parameters.yml").write_text("name: ${business:}\n")
    loader = BusinessConfigLoader(str(tmp_path), base_env="base", default_run_env="shop")
    assert loader["parameters"]["name"] == "shop"


def test_without_an_env_kedro_means_the_demo():
    bootstrap_project(ROOT)
    with KedroSession.create(project_path=ROOT) as session:
        loader = session.load_context().config_loader
        assert loader.business == "demo"
        assert loader["catalog"]["tables"]["folder"] == "data/03_primary/demo"
