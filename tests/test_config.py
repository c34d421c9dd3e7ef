"""How conf is read."""

from __future__ import annotations

from salespipe.config import BusinessConfigLoader


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
