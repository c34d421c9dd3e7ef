"""How conf is read: an environment is a business, and its name is known to every file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kedro.config import MissingConfigException, OmegaConfigLoader
from omegaconf import OmegaConf

MERGED = ("parameters", "globals", "mlflow")
"""Kinds of conf of which a business overrides single keys, not the whole."""


class BusinessConfigLoader(OmegaConfigLoader):
    """OmegaConf files with three resolvers more.

    `${business:}` is the name of the environment, so that no file has to repeat it and two
    businesses can't share a path by a copied line; `${source:}` is the content of its `source.yml`;
    `${tracking:}` is the `tracking_uri` of its `mlflow.yml`.
    """

    def __init__(
        self,
        conf_source: str | Path,
        env: str | None = None,
        runtime_params: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        # two kinds of conf with patterns of their own, which the resolvers read
        patterns = {"source": ["source*"], "mlflow": ["mlflow*"]}
        settings = {
            "base_env": "base",
            "default_run_env": "demo",
            "merge_strategy": dict.fromkeys(MERGED, "soft"),
            **kwargs,
        }
        settings["config_patterns"] = patterns | settings.get("config_patterns", {})
        super().__init__(conf_source, env, runtime_params, **settings)

    @property
    def business(self) -> str:
        """The environment's name."""
        return self.env or self.default_run_env

    def __getitem__(self, key: str) -> Any:
        """Read one kind of conf; resolvers are the process's, so they are set for each reading."""
        OmegaConf.register_new_resolver("business", lambda: self.business, replace=True)
        OmegaConf.register_new_resolver("source", self._source, replace=True)
        OmegaConf.register_new_resolver("tracking", self._tracking, replace=True)
        return super().__getitem__(key)

    def _tracking(self) -> str:
        return str(self["mlflow"]["tracking_uri"])

    def _source(self) -> dict[str, Any]:
        try:
            return dict(self["source"])
        except MissingConfigException:
            return {}
