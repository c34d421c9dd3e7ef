"""`salespipe package`: champions as Bentos that run without this repository.

A Bento is built from a folder that holds the code, the champions and everyone's scores; then it is
exported, started from there, and asked the golden set: what it answers must be what the registered
models say, or it is deleted again.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from salespipe.bundle import Business, update_bundle
from salespipe.environment import QUIET
from salespipe.errors import SalespipeError
from salespipe.files import remove, replacing, write_json
from salespipe.golden import bentoml_binary, replay
from salespipe.parts import FRAMES, POINTER, read_pointer

COMBINED = "all"


@dataclass(frozen=True)
class Packaged:
    """One Bento.

    Attributes:
        tag: what `bentoml` knows it by.
        models: version by model.
        golden: answers that were compared with the registered models'.
        size_mb: of the exported Bento.
        exported: where it was exported to.
    """

    tag: str
    models: dict[str, int]
    golden: int
    size_mb: float
    exported: str


def package(root: Path, env: str, models: list[str], *, customers: bool) -> list[dict[str, Any]]:
    """One Bento a champion, and one with all of them.

    Args:
        root: the project's folder.
        env: the business.
        models: which; empty for every one that has a champion.
        customers: whether to put everyone's scores and features in, for lookups by id.

    Returns:
        What was packaged, JSON-ready; `package.json` among the reports says it too.

    Raises:
        SalespipeError: there is no champion, a Bento can't be built, or one answers otherwise than
            the registered model.
    """
    business = Business.open(root, env)
    champions = business.champions(models or list(_models(root, env)))
    if absent := sorted(set(models) - set(champions)):
        raise SalespipeError(f"{', '.join(absent)}: no champion to package; train, or approve one.")
    groups = {model: [model] for model in champions}
    if len(groups) > 1 and not models:
        groups[COMBINED] = list(champions)
    done = []
    with tempfile.TemporaryDirectory() as scratch:
        bundle = Path(scratch)  # not the one that a server may be following
        update_bundle(business, champions, bundle)
        for name, some in groups.items():
            wanted = {model: champions[model] for model in some}
            one = asdict(_one(Job(business, bundle, name, wanted, customers)))
            folder = root / "data/08_reporting" / env / ("" if name == COMBINED else name)
            write_json(folder / "package.json", one)
            done.append(one)
    return done


def print_packaged(packaged: list[dict[str, Any]]) -> None:
    """Say what there is now, and what to do with it."""
    from rich.table import Table

    from salespipe.terminal import console

    table = Table("Bento", "champions", "golden answers", "size", "exported to")
    for one in packaged:
        champions = ", ".join(f"{model} v{version}" for model, version in one["models"].items())
        size = f"{one['size_mb']:.1f} MB"
        table.add_row(one["tag"], champions, f"{one['golden']} equal", size, one["exported"])
    out = console()
    out.print(table)
    out.print("An image: bentoml containerize TAG · here: bentoml serve TAG", soft_wrap=True)


def _models(root: Path, env: str) -> list[str]:
    from salespipe.loop import check_business

    return check_business(root, env)


@dataclass(frozen=True)
class Job:
    """A Bento to be made.

    Attributes:
        business: whose.
        bundle: an up-to-date bundle with its champions.
        name: what it is called, after the business.
        champions: version by model.
        customers: whether everyone's scores and features go with it.
    """

    business: Business
    bundle: Path
    name: str
    champions: Mapping[str, int]
    customers: bool


def _one(job: Job) -> Packaged:
    business, champions = job.business, job.champions
    with tempfile.TemporaryDirectory() as scratch:
        staged = stage(job, Path(scratch) / "staged")
        tag = build(staged, f"{business.env}-{job.name}".replace("_", "-"), champions)
        bentos = business.root / "data/06_models" / business.env / "bentos"
        archive = bentos / f"{job.name}.bento"
        try:
            unpacked = export(tag, archive, Path(scratch) / "exported")
            registered = {m: business.registry(m).load(v) for m, v in champions.items()}
            golden = replay(registered, unpacked)
        except BaseException:
            remove(archive)
            _bentoml("delete", "--yes", tag)
            raise
    size = archive.stat().st_size / 2**20
    shown = archive.relative_to(business.root).as_posix()
    return Packaged(tag, dict(champions), golden, round(size, 2), shown)


def stage(job: Job, folder: Path) -> Path:
    """Lay out what a Bento is built from: code, champions, build file.

    Args:
        job: what it is to hold.
        folder: where to; it is made.
    """
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(__file__).parent, folder / "salespipe", ignore=ignored)
    shutil.copytree(job.business.root / "serving", folder / "serving", ignore=ignored)
    pointer = read_pointer(job.bundle)
    parts = {model: part for model, part in pointer["parts"].items() if model in job.champions}
    left_out = shutil.ignore_patterns(*(() if job.customers else ("scores.arrow",)))
    for part in parts.values():
        shutil.copytree(job.bundle / part, folder / "bundle" / part, ignore=left_out)
        if job.customers:
            _copy_frame(job.bundle, part, folder / "bundle")
    write_json(folder / "bundle" / POINTER, {**pointer, "parts": parts})
    build_file = yaml.safe_load((folder / "serving/bentofile.yaml").read_text("utf-8"))
    build_file["python"]["packages"] = pinned(build_file["python"]["packages"])
    build_file["labels"] = {model: f"v{version}" for model, version in job.champions.items()}
    (folder / "bentofile.yaml").write_text(yaml.safe_dump(build_file, sort_keys=False), "utf-8")
    return folder


def _copy_frame(bundle: Path, part: str, target: Path) -> None:
    facts = json.loads((bundle / part / "facts.json").read_text("utf-8"))
    if frame := facts.get("frame"):
        (target / FRAMES).mkdir(parents=True, exist_ok=True)
        shutil.copy2(bundle / FRAMES / frame, target / FRAMES / frame)


def pinned(packages: list[str]) -> list[str]:
    """Packages with the versions that are installed here."""
    return [f"{name}=={importlib.metadata.version(name)}" for name in packages]


def build(staged: Path, name: str, champions: Mapping[str, int]) -> str:
    """Build a Bento.

    Returns:
        Its tag.

    Raises:
        SalespipeError: BentoML could not; what it said is in the message.
    """
    version = "-".join(f"{model}{number}" for model, number in champions.items())
    stamp = time.strftime("%Y%m%d%H%M%S", time.gmtime())
    said = _bentoml(
        "build", "--name", name, "--version", f"{version}-{stamp}", "--output", "tag",
        staged.as_posix(), cwd=staged,
    )  # fmt: skip
    return said.strip().splitlines()[-1].removeprefix("__tag__:")


def export(tag: str, archive: Path, folder: Path) -> Path:
    """Export a Bento as one file, and unpack it where nothing else is.

    Returns:
        The unpacked folder.
    """
    with replacing(archive) as beside:
        made = beside.with_name(f"{beside.name}.bento")
        remove(made)
        _bentoml("export", tag, made.as_posix())
        made.replace(beside)
    shutil.unpack_archive(archive, folder, "tar")
    return folder


def _bentoml(*arguments: str, cwd: Path | None = None) -> str:
    """Run one of BentoML's own commands.

    Raises:
        SalespipeError: it failed.
    """
    done = subprocess.run(
        [bentoml_binary(), *arguments],
        cwd=cwd,
        env=os.environ | QUIET,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        told = (done.stderr or done.stdout).strip()[-2000:]
        raise SalespipeError(f"`bentoml {arguments[0]}` failed:\n{told}")
    return done.stdout
