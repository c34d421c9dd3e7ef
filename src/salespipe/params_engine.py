"""Conf of the engine as types: what computes tables, and within which bounds."""

from __future__ import annotations

from pydantic import Field

from salespipe.params import EngineName, Params


class DuckdbParams(Params):
    """DuckDB, inside the process: how much of this machine it may use."""

    memory_limit: str | None = Field(None, pattern=r"^\d+(\.\d+)? ?([KMGT]i?B|%)$")
    """Such as `8GB`; beyond it DuckDB writes to `spill_folder`. None takes DuckDB's own 80%."""
    spill_folder: str | None = None
    """Each process makes a folder of its own in it; None takes the system's temporary folder."""
    threads: int | None = Field(None, gt=0)


class SparkParams(Params):
    """Spark: where it runs and where its workers find tables."""

    master: str = Field("local[*]", pattern=r"^(local|local-cluster|spark|yarn|k8s)")
    """A master URL, or `local[n]` or `local-cluster[workers,cores,MB]` on this machine."""
    driver_memory: str = Field("2g", pattern=r"^\d+[kmgt]$")
    store: str | None = None
    """A folder or URL (`s3a://…`, `hdfs://…`) that this machine and every worker reach. None where
    they share this machine's disk."""
    partitions: int = Field(8, gt=0)
    """Parts that a join or an aggregate is worked out in: two to four for each core."""
    settings: dict[str, str] = Field(default_factory=dict)
    """Further Spark settings, as its documentation names them."""


class EngineParams(Params):
    """What computes tables; the environment variable `ENGINE` goes before `name`."""

    name: EngineName = "duckdb"
    duckdb: DuckdbParams = DuckdbParams()
    spark: SparkParams = SparkParams()
