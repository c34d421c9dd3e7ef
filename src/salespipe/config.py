"""How conf is read: an environment is a business, and its name is known to every file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from kedro.config import MissingConfigException, OmegaConfigLoader
from omegaconf import OmegaConf
from pydantic import ValidationError

from salespipe.errors import SalespipeError
from salespipe.params_engine import EngineParams

MERGED = ("parameters", "globals", "mlflow", "engine")
"""Kinds of conf of which a business overrides single keys, not the whole."""


class BusinessConfigLoader(OmegaConfigLoader):
    """OmegaConf files with four resolvers more.

    `${business:}` is the name of the environment, so that no file has to repeat it and two
    businesses can't share a path by a copied line; `${source:}` is the content of its `source.yml`;
    `${tracking:}` is the `tracking_uri` of its `mlflow.yml`; `${engine:}` is the engine's name.
    """

    def __init__(
        self,
        conf_source: str | Path,
        env: str | None = None,
        runtime_params: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        # three kinds of conf with patterns of their own, which the resolvers read
        patterns = {kind: [f"{kind}*"] for kind in ("source", "mlflow", "engine")}
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
        OmegaConf.register_new_resolver("engine", lambda: self.engine.name, replace=True)
        return super().__getitem__(key)

    @property
    def engine(self) -> EngineParams:
        """The engine and its settings; the environment variable `ENGINE` goes before conf.

        Raises:
            SalespipeError: conf or the variable says what is not known.
        """
        conf = dict(self["engine"])
        if name := os.environ.get("ENGINE"):
            conf["name"] = name
        try:
            return EngineParams.model_validate(conf)
        except ValidationError as error:
            raise SalespipeError(f"engine.yml or ENGINE: {_first_fault(error)}") from error

    def _tracking(self) -> str:
        return str(self["mlflow"]["tracking_uri"])

    def _source(self) -> dict[str, Any]:
        try:
            return dict(self["source"])
        except MissingConfigException:
            return {}


def _first_fault(error: ValidationError) -> str:
    fault = error.errors()[0]
    return f"{'.'.join(map(str, fault['loc']))}: {fault['msg']} (got {fault['input']!r})"
