"""What the doctor looks at of one business: conf, data and registry."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import BaseModel, ValidationError

from salespipe import doctor_checks as checks
from salespipe.datasets.formats import is_source_file
from salespipe.doctor_checks import Finding
from salespipe.errors import SalespipeError
from salespipe.loop import SIMULATED
from salespipe.params import ModelParams
from salespipe.params_forecast import ForecastParams
from salespipe.params_monitor import MonitorParams
from salespipe.params_source import SourceParams
from salespipe.store import SQLITE, store_exists, tracking_uri

if TYPE_CHECKING:
    from salespipe.registry import Registry

_KINDS: dict[str, type[BaseModel]] = {
    "source": SourceParams,
    "forecast": ForecastParams,
    "monitor": MonitorParams,
}
ASK_SECONDS = 2.0


def may_write(place: Path) -> bool:
    """Of a place that is not there yet, whether it could be made."""
    while not place.exists():
        place = place.parent
    return os.access(place, os.W_OK)


def read_conf(root: Path, env: str, models: list[str]) -> tuple[dict[str, Any], list[str]]:
    """A business's parameters, and what is wrong with them: file, key and why."""
    from salespipe.config import BusinessConfigLoader

    try:
        loader = BusinessConfigLoader(root / "conf", env)
        conf: dict[str, Any] = dict(loader["parameters"])
    except Exception as error:  # yaml, omegaconf and kedro each have their own
        return {}, [f"conf/{env} can't be read: {' '.join(str(error).split())}"]
    faults = [f"conf has no parameters of the model {m}" for m in models if m not in conf]
    for name in ("source", "monitor", *models):
        faults += _wrong_keys(env, name, conf.get(name))
    return conf, [*faults, *_unknown_keys(root, env, models)]


def _wrong_keys(env: str, name: str, content: Any) -> list[str]:
    if content is None:
        return []
    kind = _KINDS.get(name, ModelParams)
    file = f"conf/{env}/{'source.yml' if name == 'source' else 'parameters.yml or globals.yml'}"
    try:
        kind.model_validate(content)
    except ValidationError as error:
        return [
            f"{file}: {'.'.join(map(str, (name, *one['loc'])))}: {one['msg']}"
            for one in error.errors()
        ]
    return []


def _unknown_keys(root: Path, env: str, models: list[str]) -> list[str]:
    """Keys of a business's conf that nothing reads: conf/base does not have them."""
    faults = []
    for kind in ("parameters", "globals"):
        known = {*models, "simulator"} if kind == "parameters" else set()
        for file in (root / "conf/base").glob(f"{kind}*.yml"):
            known |= set(_yaml(file))
        own = f"conf/{env}/{kind}.yml"
        faults += [f"{own}: {key}: nothing reads it" for key in set(_yaml(root / own)) - known]
    return sorted(faults)


def _yaml(file: Path) -> dict[str, Any]:
    return (yaml.safe_load(file.read_text("utf-8")) if file.is_file() else None) or {}


def look_at_data(
    root: Path, env: str, conf: dict[str, Any], models: list[str], today: date
) -> Iterator[Finding]:
    """Files, canonical tables, age and quarantine of a business."""
    simulated = env == SIMULATED
    source = conf.get("source") or {}
    tables = [table for table in source.values() if isinstance(table, dict)]
    needed = not all((table.get("read") or {}).get("query") for table in tables)
    raw = [f for f in (root / "data/01_raw" / env).glob("*") if is_source_file(f)]
    made = list((root / "data/03_primary" / env).glob("*.parquet"))
    yield checks.check_raw(env, needed, simulated, sorted(f.name for f in raw))
    # the demo's files are an output of the loop itself
    yield checks.check_tables(
        env,
        None if simulated else max(map(_came, raw), default=None),
        min((f.stat().st_mtime for f in made), default=None),
    )
    if made:
        yield checks.check_age(
            env, last_day(root / "data/03_primary" / env), today, _horizon(conf, models), simulated
        )
    report = root / "data/08_reporting" / env / "ingest.json"
    if report.is_file():
        for table, counts in json.loads(report.read_text("utf-8")).items():
            yield checks.check_quarantine(env, table, counts)


def _came(file: Path) -> float:
    """When a file came to its place: a copy keeps the time its content was written."""
    stat = file.stat()
    return max(stat.st_mtime, stat.st_ctime)


def last_day(folder: Path) -> date | None:
    """Day of the last order, or snapshot; None where the tables know no time."""
    import duckdb

    for name, column in (("orders", "ordered_at"), ("snapshots", "as_of")):
        file = folder / f"{name}.parquet"
        if file.is_file():
            query = f"select cast(max({column}) as date) from read_parquet(?)"  # noqa: S608
            row = duckdb.connect().execute(query, [file.as_posix()]).fetchone()
            return row[0] if row else None
    return None


def _horizon(conf: dict[str, Any], models: list[str]) -> int | None:
    """Days the shortest-sighted model looks ahead."""
    found = []
    for model in models:
        own = conf.get(model) or {}
        days = own.get("horizon_days") or (own.get("snapshots") or {}).get("horizon_days")
        found += [days] if isinstance(days, int) else []
    return min(found, default=None)


def look_at_registry(root: Path, env: str, models: list[str]) -> Iterator[Finding]:
    """Whether the registry answers, and each model's champion and waiting version."""
    try:
        uri = _store(root, env)
    except Exception as error:  # as above: whatever the readers of conf raise
        yield Finding("registry", "fail", f"mlflow.yml can't be read: {error}", "mend it")
        return
    if uri.startswith(SQLITE):
        file = Path(uri.removeprefix(SQLITE))
        yield checks.check_writable(_short(file, root), may_write(file))
        if not store_exists(uri):
            mend = f"`make run ENV={env}`"
            yield Finding("registry", "warn", "nothing was ever registered", mend)
            return
    elif (fault := unreachable(uri)) is not None:
        mend = "start the server, or mend tracking_uri in mlflow.yml or MLFLOW_TRACKING_URI"
        yield Finding("registry", "fail", fault, mend)
        return
    yield from _champions(root, env, uri, models)


def _store(root: Path, env: str) -> str:
    from salespipe.config import BusinessConfigLoader

    return tracking_uri(BusinessConfigLoader(root / "conf", env)["mlflow"]["tracking_uri"], root)


def _short(file: Path, root: Path) -> str:
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else file.as_posix()


def unreachable(uri: str) -> str | None:
    """Why a server does not answer; None where it does. MLflow itself would try for minutes."""
    import httpx

    if not uri.startswith("http"):
        return None
    try:
        httpx.get(f"{uri.rstrip('/')}/health", timeout=ASK_SECONDS)
    except httpx.HTTPError as error:
        return f"{httpx.URL(uri).host} does not answer: {error}"
    return None


def _champions(root: Path, env: str, uri: str, models: list[str]) -> Iterator[Finding]:
    from salespipe.registry import open_registry

    try:
        found = [_champion(open_registry(root, uri, f"{env}-{m}"), m) for m in models]
    except Exception as error:  # databases and servers fail in their own ways
        told = " ".join(str(error).split())[:300]
        mend = "see that it is MLflow's and of this version: `mlflow db upgrade`"
        yield Finding("registry", "fail", f"can't be read: {told}", mend)
        return
    yield Finding("registry", "ok", "reachable")
    for facts in found:
        yield from checks.check_champion(env, facts)


def _champion(registry: Registry, model: str) -> dict[str, Any]:
    facts = {**registry.summary(), "model": model}
    if facts["version"] is not None:
        try:
            registry.load(facts["version"])
        except SalespipeError as error:
            facts["fault"] = str(error)
    return facts
