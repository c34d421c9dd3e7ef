"""Registered versions with what their runs left, as review pages are made from them."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from salespipe.registry import Registry, open_registry
from salespipe.review.gather.facts import Facts, Figure
from salespipe.review.record import Business, Candidate, Code, Dossier, Line, Made, Step
from salespipe.store import store_exists, tracking_uri

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

HEADLINES = ("roc_auc", "gini", "wape")
MAKES_MODELS = ("src", "conf", "requirements.lock", ":(exclude)conf/*/dvc.lock")
MOST_VERSIONS = 50
"""Of a model that the index lists, the latest."""
REPORTS = ("drift.html", "quality.html", "bias.html")


def read_business(root: Path, configured: str, business: str, only: str | None = None) -> Business:
    """All models of a business, and the versions whose pages are due.

    Due are the newest version, the champion, whom the newest was compared with, and whom the last
    decision was about; older pages stay as they were written.

    Args:
        root: the project's folder.
        configured: `tracking_uri` of `mlflow.yml`.
        business: the environment.
        only: pages of this model alone; the index lists all of them.
    """
    uri = tracking_uri(configured, root)
    if not store_exists(uri):
        return Business(business, (), ())
    import mlflow

    client, prefix = mlflow.MlflowClient(uri), f"{business}-"
    known = client.search_registered_models(f"name LIKE '{prefix}%'")
    lines, candidates = [], []
    for name in sorted(one.name for one in known):
        model = name.removeprefix(prefix)
        registry = open_registry(root, configured, name)
        line = read_line(client, registry, root / "data/08_reporting" / business / model)
        lines.append(line)
        if only in (None, model):
            candidates += read_candidates(root, business, registry, line)
    return Business(business, tuple(lines), tuple(candidates))


def read_line(client: MlflowClient, registry: Registry, folder: Path) -> Line:
    """One model's versions, decisions, pages and the record of monitoring."""
    found = sorted(client.search_model_versions(f"name = '{registry.name}'"),
                   key=lambda one: int(one.version))  # fmt: skip
    record = folder / "monitor.json"
    return Line(
        model=folder.name,
        versions=tuple(_made(client, one) for one in found[-MOST_VERSIONS:]),
        champion=registry.champion(),
        steps=tuple(Step(**asdict(one)) for one in registry.history()),
        pages=tuple(sorted(_number(file) for file in folder.glob("review_v*.html"))),
        reports=frozenset(name for name in REPORTS if (folder / name).is_file()),
        monitor=json.loads(record.read_text("utf-8")) if record.is_file() else None,
    )


def _number(file: Path) -> int:
    return int(file.stem.removeprefix("review_v"))


def _made(client: MlflowClient, version: Any) -> Made:
    run = _run(client, str(version.run_id))
    chosen = None if run is None else run.data.tags.get("chosen")
    headline, figure = _headline({} if run is None else run.data.metrics, chosen)
    moment = datetime.fromtimestamp(version.creation_timestamp / 1000, UTC)
    return Made(
        number=int(version.version),
        made=moment.isoformat(timespec="seconds"),
        run_id=str(version.run_id),
        tags=dict(version.tags),
        chosen=chosen,
        headline=headline,
        figure=figure,
    )


def _run(client: MlflowClient, run_id: str) -> Run | None:
    from mlflow.exceptions import MlflowException

    try:
        return client.get_run(run_id)
    except MlflowException:
        return None


def _headline(metrics: dict[str, float], chosen: str | None) -> tuple[str | None, Figure | None]:
    name = next((one for one in HEADLINES if f"{chosen}.{one}" in metrics), None)
    if name is None:
        return None, None
    found = {key: metrics.get(f"{chosen}.{name}{end}")
             for key, end in (("value", ""), ("low", ".low"), ("high", ".high"))}  # fmt: skip
    return name, Figure(**found)


def read_candidates(root: Path, business: str, registry: Registry, line: Line) -> list[Candidate]:
    """The versions of a model whose pages are due, with the champion each was compared with."""

    @cache
    def dossier(number: int | None) -> Dossier | None:
        return read_dossier(registry, line, number)

    found = []
    for number in due(line):
        if (own := dossier(number)) is not None:
            rival = dossier(own.gate["compared_with"])
            code = Code() if rival is None else code_between(root, rival.made, own.made)
            found.append(Candidate(business, line, own, rival, code))
    return found


def due(line: Line) -> list[int]:
    """The versions whose pages are to be written again."""
    last = line.steps[-1:]
    named = {line.champion, *(one.version for one in last), *(one.previous for one in last)}
    if line.newest is not None:
        against = line.newest.tags.get("compared_with", "none")
        named |= {line.newest.number, None if against == "none" else int(against)}
    return sorted(one for one in named if one is not None)


def read_dossier(registry: Registry, line: Line, number: int | None) -> Dossier | None:
    """A version with its reports; None where its run left none that this page can be made from."""
    from pydantic import ValidationError

    made = next((one for one in line.versions if one.number == number), None)
    if made is None:
        return None
    gate, metrics, facts = (registry.report(made.number, f"{name}.json")
                            for name in ("gate", "metrics", "review"))  # fmt: skip
    if not gate or not metrics:
        return None
    try:
        return Dossier(made, gate, metrics, Facts.model_validate(facts))
    except ValidationError:
        return None


def code_between(root: Path, old: Made, new: Made) -> Code:
    """What git knows of the commits between two versions, of the files that make models."""
    ends = [one.tags.get("git_commit", "unknown").removesuffix("-dirty") for one in (old, new)]
    if ends[0] == ends[1]:
        return Code()
    if "unknown" in ends:
        return Code(obstacle="a version was made outside of git")
    between = f"{ends[0]}..{ends[1]}"
    commits = _git(root, "log", "--format=%s", between, "--", *MAKES_MODELS)
    files = _git(root, "diff", "--name-only", *ends, "--", *MAKES_MODELS)
    if commits is None or files is None:
        return Code(obstacle="this copy of the repository does not have both commits")
    return Code(tuple(commits), tuple(files))


def _git(root: Path, *arguments: str) -> list[str] | None:
    command = ["git", "-C", root.as_posix(), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.splitlines()
