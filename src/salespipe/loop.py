"""`make run`: the whole loop for one business, from its file to a table of champions."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import yaml

from salespipe.champions import champion_rows, print_champions
from salespipe.datasets.formats import FORMATS, is_source_file
from salespipe.environment import QUIET
from salespipe.errors import SalespipeError
from salespipe.files import replacing

SIMULATED = "demo"

# What DVC says to people who drive it by hand, or repeats of what the stage has said already.
_CHATTER = (
    "To track the changes with git",
    "git add",
    "To enable auto staging",
    "dvc config core.autostage",
    "Use `dvc push`",
    "Generating lock file",
    "Updating lock file",
    "> kedro run",
    "Data and pipelines are up to date",
)
_SAID = ("didn't change, skipping", ", exited with 1")


@click.command()
@click.option("--env", default=SIMULATED, show_default=True, help="The business: conf/<env>/.")
@click.option("--data", type=click.Path(path_type=Path), help="Its export: a file, or a folder.")
def main(env: str, data: Path | None) -> None:
    """Run the whole loop for one business and print its champions."""
    root = Path.cwd()
    try:
        models = check_business(root, env)
        if data is not None:
            place_data(root, env, data)
        check_data(root, env)
        changed = reproduce(root, env)
    except SalespipeError as error:
        click.echo(f"salespipe: {error}", err=True)
        raise SystemExit(1) from error
    if not changed:
        click.echo(f"Nothing changed for {env} since its last run; this is what stands:")
    print_champions(champion_rows(root, env, models))


def check_business(root: Path, env: str) -> list[str]:
    """The models of a business, by its `params.yaml`.

    Raises:
        SalespipeError: there is no such business, or its `params.yaml` is another's.
    """
    if not (root / "conf").is_dir():
        raise SalespipeError(f"{root} is no salespipe project (it has no conf/): change into one.")
    known = sorted(
        p.name for p in (root / "conf").iterdir() if p.is_dir() and p.name not in ("base", "local")
    )
    if env not in known:
        raise SalespipeError(
            f"There is no business {env!r}: conf/ has {', '.join(known)}. "
            "See docs/bring-your-own-data.md for a new one."
        )
    file = pipeline_folder(root, env) / "params.yaml"
    if not file.is_file():
        raise SalespipeError(
            f"{file.relative_to(root)} is missing; copy another business's and put your env in it."
        )
    params = yaml.safe_load(file.read_text("utf-8"))
    if params.get("env") != env:
        raise SalespipeError(
            f"{file.relative_to(root)} says env: {params.get('env')}; it must say {env}, "
            "or two businesses would write over each other."
        )
    return list(params["models"])


def pipeline_folder(root: Path, env: str) -> Path:
    """Where a business's dvc.yaml and params.yaml are: the demo's are the root's."""
    return root if env == SIMULATED else root / "conf" / env


def place_data(root: Path, env: str, data: Path) -> None:
    """Copy a business's export to `data/01_raw/<env>`, unless it is there already.

    Raises:
        SalespipeError: there is nothing to copy, or it is of no kind we read.
    """
    if env == SIMULATED:
        raise SalespipeError("The demo makes its own data: leave DATA out, or name another ENV.")
    files = _source_files(data)
    raw = root / "data" / "01_raw" / env
    if {_identity(f) for f in files} == {_identity(f) for f in raw.glob("*") if f.is_file()}:
        return
    with replacing(raw) as beside:
        beside.mkdir()
        for file in files:
            shutil.copy2(file, beside / file.name)


def _source_files(data: Path) -> list[Path]:
    if not data.exists():
        raise SalespipeError(f"DATA={data} does not exist.")
    files = [data] if data.is_file() else sorted(data.iterdir())
    readable = [f for f in files if is_source_file(f)]
    if not readable:
        kinds = ", ".join(FORMATS)
        raise SalespipeError(f"DATA={data} holds nothing to read; salespipe reads {kinds}.")
    if denied := [f for f in readable if not os.access(f, os.R_OK)]:
        raise SalespipeError(f"{denied[0]} may not be read by this user.")
    return readable


def _identity(file: Path) -> tuple[str, int, int]:
    stat = file.stat()
    return file.name, stat.st_size, stat.st_mtime_ns


def check_data(root: Path, env: str) -> None:
    """Stop early where a business that reads files has none.

    Raises:
        SalespipeError: no file was ever given.
    """
    if env == SIMULATED:
        return
    source = yaml.safe_load((root / "conf" / env / "source.yml").read_text("utf-8")) or {}
    raw = root / "data" / "01_raw" / env
    reads = [table.get("read") or {} for table in source.values()]
    if all(read.get("query") or read.get("path") for read in reads):
        raw.mkdir(parents=True, exist_ok=True)
    elif not any(is_source_file(f) for f in raw.glob("*")):
        raise SalespipeError(f"{env} needs data: run `make run ENV={env} DATA=<file or folder>`.")


def reproduce(root: Path, env: str) -> bool:
    """Run `dvc repro` for one business and show its progress.

    Returns:
        Whether any stage ran.

    Raises:
        SystemExit: a stage failed and has said why.
    """
    clear_stale_lock(root / ".dvc" / "tmp" / "rwlock")
    dvc_yaml = (pipeline_folder(root, env) / "dvc.yaml").relative_to(root)
    command = [sys.executable, "-m", "dvc", "repro", str(dvc_yaml)]
    binaries = Path(sys.executable).parent.as_posix()
    environment = os.environ | QUIET | {"PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}"}
    changed = False
    with subprocess.Popen(
        command,
        cwd=root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        bufsize=1,
    ) as process:
        for line in _told(process.stdout or iter(())):
            changed |= line.startswith("Running stage")
            click.echo(line)
    if process.returncode:
        raise SystemExit(1)
    return changed


def clear_stale_lock(lock: Path) -> None:
    """Remove DVC's list of files in use if every process in it is gone, as after a kill."""
    owners = lock_owners(lock)
    if owners is not None and not any(running(pid) for pid in owners):
        lock.unlink()


def lock_owners(lock: Path) -> list[int] | None:
    """Processes that DVC's list of files in use names; None where there is no list."""
    try:
        owners = json.loads(lock.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    entries = [one for owner in owners.values() for one in (owner.get("write"), owner.get("read"))]
    holders = [one if isinstance(one, list) else [one] for one in entries if one]
    return [holder["pid"] for several in holders for holder in several]


def running(pid: int) -> bool:
    """Whether a process is there, whoever's it is."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _told(lines: Any) -> Iterator[str]:
    """What of DVC's words is news to a person."""
    for line in lines:
        text = line.rstrip()
        chatter = text.lstrip().startswith(_CHATTER) or text.endswith(_SAID)
        if text and not chatter:
            yield text


if __name__ == "__main__":
    main()
