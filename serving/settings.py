"""What a server is told by its environment; every name begins with SALESPIPE_."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

PREFIX = "SALESPIPE_"


class Settings(BaseModel):
    """How a server runs; read once by each worker."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bundle: Path = Path(__file__).resolve().parents[1] / "bundle"
    """The folder with the champions; a Bento brings its own."""
    tokens: Path | None = None
    """File of tokens; without one and without `token_list` only this machine may ask."""
    token_list: str | None = None
    """Tokens as the file has them, as one JSON text."""
    log: Path | None = None
    """Folder of the prediction log; none is kept without it."""
    log_key: str | None = None
    """Key of the hash that ids are replaced by; made and kept beside the log if not given."""
    log_plain_ids: bool = False
    """Log ids as they are."""
    log_max_mb: int = Field(2048, gt=0)
    """The oldest days of the log are deleted beyond this."""
    max_body_mb: float = Field(16, gt=0)
    max_in_flight: int = Field(64, gt=0)
    """Requests that one worker takes on; more are answered by 503 at once."""
    body_seconds: float = Field(10, gt=0)
    """Time a client has to send its request."""
    answer_seconds: float = Field(30, gt=0)
    """Time an answer may take; it is 503 beyond."""
    follow_seconds: float = Field(1, gt=0)
    """How often the pointer and the tokens are looked at."""

    @staticmethod
    def read(environment: dict[str, str] | None = None) -> Settings:
        """Read the environment.

        Raises:
            ValueError: a value is out of range; names that are not known are left alone.
        """
        given = os.environ if environment is None else environment
        known: dict[str, Any] = {
            field: given[name]
            for field in Settings.model_fields
            if (name := PREFIX + field.upper()) in given and given[name] != ""
        }
        return Settings.model_validate(known)
