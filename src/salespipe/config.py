"""How conf is read: an environment is a business, and its name is known to every file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kedro.config import MissingConfigException, OmegaConfigLoader


class BusinessConfigLoader(OmegaConfigLoader):
    """OmegaConf files with two resolvers more.

    `${business:}` is the name of the environment, so that no file has to repeat it and two
    businesses can't share a path by a copied line; `${source:}` is the content of its `source.yml`.
    """

    def __init__(
        self,
        conf_source: str | Path,
        env: str | None = None,
        runtime_params: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        resolvers = {"business": lambda: self.business, "source": self._source}
        super().__init__(conf_source, env, runtime_params, custom_resolvers=resolvers, **kwargs)

    @property
    def business(self) -> str:
        """The environment's name."""
        return self.env or self.default_run_env

    def _source(self) -> dict[str, Any]:
        try:
            return self["source"]
        except MissingConfigException:
            return {}
