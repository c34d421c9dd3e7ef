"""The one in-memory DuckDB of a process, which every Ibis dataset shares."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend


@lru_cache(maxsize=1)
def connect() -> Backend:
    """Connect once; no extension is fetched, and every time is UTC."""
    import ibis

    backend = ibis.duckdb.connect(
        autoinstall_known_extensions=False, autoload_known_extensions=False
    )
    backend.raw_sql("set TimeZone = 'UTC'")
    backend.raw_sql("set enable_progress_bar = false")
    return backend
