"""How conf is read."""

from __future__ import annotations

import pytest
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from salespipe.config import BusinessConfigLoader
from salespipe.errors import SalespipeError
from salespipe.params_engine import EngineParams
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


@pytest.fixture
def loader(tmp_path):
    """Conf of a business that overrides one setting of the engine."""
    (tmp_path / "base").mkdir()
    (tmp_path / "acme").mkdir()
    (tmp_path / "base/engine.yml").write_text("name: duckdb\nspark: {partitions: 8}\n")
    (tmp_path / "acme/engine.yml").write_text("duckdb: {memory_limit: 2GB}\n")
    (tmp_path / "base/parameters.yml").write_text("chosen: ${engine:}\n")
    return BusinessConfigLoader(str(tmp_path), env="acme", base_env="base")


def test_a_business_overrides_single_keys_of_the_engine(loader, monkeypatch):
    monkeypatch.delenv("ENGINE", raising=False)
    engine = loader.engine
    assert (engine.name, engine.duckdb.memory_limit, engine.spark.partitions) == (
        "duckdb",
        "2GB",
        8,
    )


def test_the_variable_goes_before_conf(loader, monkeypatch):
    monkeypatch.setenv("ENGINE", "spark")
    assert loader.engine.name == "spark"
    assert loader["parameters"] == {"chosen": "spark"}
    monkeypatch.setenv("ENGINE", "")
    assert loader.engine.name == "duckdb"


def test_an_unknown_engine_is_told_in_one_sentence(loader, monkeypatch):
    monkeypatch.setenv("ENGINE", "hadoop")
    with pytest.raises(SalespipeError, match=r"ENGINE: name: .*'duckdb' or 'spark'.*'hadoop'"):
        _ = loader.engine


def test_base_conf_spells_out_the_engines_defaults(monkeypatch):
    monkeypatch.delenv("ENGINE", raising=False)
    loader = BusinessConfigLoader(str(ROOT / "conf"), env="demo", base_env="base")
    assert loader["engine"] == EngineParams().model_dump()
