"""Building what a server serves from: the champions of a business as one folder (see `parts`)."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from salespipe.config import BusinessConfigLoader
from salespipe.datasets.tables import ParquetTables
from salespipe.errors import SalespipeError
from salespipe.features import feature_help
from salespipe.features.compiled import READ, compile_features
from salespipe.files import remove, replacing, write_json
from salespipe.modelling.forecast.saved import ForecastModel
from salespipe.modelling.lists import rows_as_of, silent_too_long
from salespipe.modelling.predict import Model, load_model
from salespipe.modelling.score import as_of_now
from salespipe.modelling.served import golden_questions, golden_rows, meaning_of, served_scores
from salespipe.params import ModelParams
from salespipe.parts import FORMAT, FRAMES, POINTER, read_frame, read_pointer, save_frame
from salespipe.registry import Registry, open_registry
from salespipe.store import store_exists, tracking_uri

KEPT_PARTS = 3
"""Of each model: a worker may still be reading the one before."""


@dataclass(frozen=True)
class Business:
    """One business of a project, to bundle from.

    Attributes:
        root: the project's folder.
        env: the business.
        parameters: its conf.
        tracking: `tracking_uri` of its `mlflow.yml`.
    """

    root: Path
    env: str
    parameters: Mapping[str, Any]
    tracking: str

    @staticmethod
    def open(root: Path, env: str) -> Business:
        """Read the conf of a business."""
        loader = BusinessConfigLoader(root / "conf", env)
        return Business(root, env, loader["parameters"], loader["mlflow"]["tracking_uri"])

    @property
    def data(self) -> Path:
        """The canonical tables."""
        return self.root / "data/03_primary" / self.env

    @property
    def bundle(self) -> Path:
        """Where its server serves from."""
        return self.root / "data/07_model_output" / self.env / "served"

    def registry(self, model: str) -> Registry:
        """The registry of one of its models.

        Raises:
            SalespipeError: nothing was ever registered.
        """
        if not store_exists(tracking_uri(self.tracking, self.root)):
            raise SalespipeError(
                f"{self.env} has no registered models yet: `make run ENV={self.env}` first."
            )
        return open_registry(self.root, self.tracking, f"{self.env}-{model}")

    def champions(self, models: list[str]) -> dict[str, int]:
        """The version in office of each model that has one."""
        found = {model: self.registry(model).champion() for model in models}
        return {model: version for model, version in found.items() if version is not None}

    def tables(self) -> dict[str, Any]:
        """The canonical tables.

        Raises:
            SalespipeError: there are none.
        """
        tables = ParquetTables(folder=self.data.as_posix()).load()
        if not tables:
            raise SalespipeError(
                f"data/03_primary/{self.env} holds no tables: `make run ENV={self.env}` makes them"
            )
        return tables

    def data_stamp(self) -> str:
        """Changes when the canonical tables do."""
        files = [(f.name, f.stat().st_size, f.stat().st_mtime_ns) for f in self._tables()]
        return hashlib.sha256(repr(files).encode()).hexdigest()[:8]

    def _tables(self) -> list[Path]:
        return sorted(self.data.glob("*.parquet"))


def update_bundle(
    business: Business, wanted: Mapping[str, int], folder: Path | None = None
) -> dict[str, str]:
    """Brings a bundle up to the champions, building only what it lacks, and moves its pointer.

    Args:
        business: whose.
        wanted: version by model.
        folder: the bundle; the business's own by default.

    Returns:
        The parts in office, by model.

    Raises:
        SalespipeError: there is no champion, or one can't be read; the others are in place then.
    """
    if not wanted:
        raise SalespipeError(
            f"{business.env} has no champion to serve: train with `make run ENV={business.env}`, "
            "or approve a version."
        )
    import filelock

    folder = folder or business.bundle
    folder.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(folder / ".lock"):
        parts, problems = _build_parts(business, wanted, folder)
        pointed = {"format": FORMAT, "business": business.env, "parts": parts}
        if parts and read_pointer(folder) != pointed:
            write_json(folder / POINTER, pointed)
        _forget_old(folder, parts)
    if problems:
        raise SalespipeError(" ".join(problems))
    return parts


def _build_parts(
    business: Business, wanted: Mapping[str, int], folder: Path
) -> tuple[dict[str, str], list[str]]:
    """The part of each model; where one can't be built the one before stays, and why is told."""
    parts, problems = {}, []
    before: dict[str, str] = read_pointer(folder).get("parts", {})
    for model, version in sorted(wanted.items()):
        try:
            parts[model] = build_part(business, model, version, folder)
        except SalespipeError as error:
            problems.append(
                f"{model} v{version}: {error}. Train again, or `salespipe rollback {model}`."
            )
            if model in before:
                parts[model] = before[model]
    return parts, problems


def build_part(business: Business, model: str, version: int, folder: Path) -> str:
    """Builds one champion's part, unless it is there.

    Returns:
        Its path in the bundle.

    Raises:
        SalespipeError: the champion can't be read.
    """
    name = f"{model}/v{version}-{business.data_stamp()}"
    part = folder / name
    if not _is_current(part):
        registry = business.registry(model)
        with replacing(part) as beside:
            shutil.copytree(registry.folder(version), beside / "model")
            fitted, facts = load_model(beside / "model"), _origin(business, model, version)
            if isinstance(fitted, ForecastModel):
                facts |= _fill_forecast(beside, fitted)
            else:
                facts |= _Customers(business, model, fitted, facts["threshold"]).fill(
                    beside, folder
                )
            write_json(beside / "facts.json", facts)
    return name


def _is_current(part: Path) -> bool:
    facts = part / "facts.json"
    return facts.is_file() and json.loads(facts.read_text("utf-8"))["format"] == FORMAT


def _origin(business: Business, model: str, version: int) -> dict[str, Any]:
    registry = business.registry(model)
    costs = registry.report(version, "metrics.json").get("costs") or {}
    return {
        "format": FORMAT,
        "business": business.env,
        "model": model,
        "version": version,
        **registry.origin(version),
        "threshold": (costs.get("threshold") or {}).get("value"),
    }


def _fill_forecast(part: Path, model: ForecastModel) -> dict[str, Any]:
    write_json(part / "golden.json", golden_questions(model))
    return {"kind": "forecast", "as_of": model.meta["as_of"], "schema_hash": model.hash()}


@dataclass(frozen=True)
class _Customers:
    """A champion that speaks of customers, and all it says of them now."""

    business: Business
    name: str
    model: Model
    threshold: float | None

    def fill(self, part: Path, folder: Path) -> dict[str, Any]:
        """Write everyone's scores, the golden set and the SQL, and say what a server must know."""
        conf = ModelParams.model_validate(self.business.parameters[self.name])
        tables = self.business.tables()
        day, has_orders = as_of_now(tables, None), "orders" in tables
        groups = self.model.meta.get("item_groups")
        frame = folder / FRAMES / f"{self.business.data_stamp()}-{_digest(groups)}.arrow"
        if not frame.is_file():
            save_frame(rows_as_of(tables, self.model, conf, day), frame)
        rows = read_frame(frame).to_pandas()
        save_frame(served_scores(rows, self.model, conf, self.threshold), part / "scores.arrow")
        known = rows[~silent_too_long(rows, conf)]
        write_json(part / "golden.json", golden_rows(known, self.model))
        if has_orders and groups is None:
            write_json(part / "history.json", _history(tables))
        return {
            "kind": self.model.target.kind,
            "as_of": None if day is None else str(day),
            "schema_hash": self.model.schema.hash(),
            "meaning": meaning_of(conf, has_orders),
            "active_days": conf.snapshots.active_days if has_orders else None,
            "of_buyers": has_orders,
            "item_groups": groups is not None,
            "frame": frame.name,
            "words": {name: feature_help(name) for name in self.model.schema.names},
        }


def _history(tables: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of the tables a history may bring, and the SQL of its features."""
    schemas = {
        table: {name: str(kind) for name, kind in tables[table].schema().items()}
        for table in READ
        if table in tables
    }
    return {"schemas": schemas, "statements": compile_features(schemas)}


def _digest(groups: Any) -> str:
    if groups is None:
        return "customers"
    return "groups-" + hashlib.sha256(json.dumps(groups, sort_keys=True).encode()).hexdigest()[:8]


def _forget_old(folder: Path, current: Mapping[str, str]) -> None:
    """Delete parts that no worker reads any more, and frames that no part names."""
    for model in current:
        parts = sorted((folder / model).glob("v*"), key=lambda p: p.stat().st_mtime, reverse=True)
        named = folder / current[model]
        for part in [part for part in parts if part != named][KEPT_PARTS:]:
            remove(part)
    told = [json.loads(file.read_text("utf-8")) for file in folder.glob("*/v*/facts.json")]
    kept = {facts.get("frame") for facts in told}
    for frame in (folder / FRAMES).glob("*.arrow"):
        if frame.name not in kept:
            remove(frame)
