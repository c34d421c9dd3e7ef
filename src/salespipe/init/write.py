"""`conf/<env>/` of a new business: all of it, or nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from salespipe.errors import SalespipeError
from salespipe.files import replacing
from salespipe.init.asking import Proposal

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TAKEN = ("base", "local", "demo")
_HEADS = {
    "orders": "# One line for each item of each order; see docs/bring-your-own-data.md.",
    "snapshots": "# One row a customer with a known outcome; see docs/bring-your-own-data.md.\n"
    "# Was a column known only after the outcome? Then take it out of numbers and categories and\n"
    "# name it with the reason under leakage.",
}
_RULES = ("tenure", "recency", "dayssince", "months", "balance", "age")


def check_name(root: Path, name: str) -> None:
    """See that a business may be called so.

    Raises:
        SalespipeError: it is no name, or taken.
    """
    if not _NAME.fullmatch(name):
        raise SalespipeError(
            f"{name!r} can't name a business: small letters, digits and _ only, a letter first."
        )
    if name in _TAKEN or (root / "conf" / name).exists():
        raise SalespipeError(
            f"conf/{name} is there already and is left as it is: take another name, "
            "or delete that folder first."
        )


def files_of(name: str, proposal: Proposal, models: Sequence[str]) -> dict[str, str]:
    """The files of a business's conf and their text."""
    params = f"env: {name}\nroot: ../..\nmodels: [{', '.join(models)}]\n"
    return {
        "source.yml": _source(proposal),
        "params.yaml": f"# What dvc.yaml needs to know of this business.\n{params}",
        "globals.yml": _globals(proposal),
        "parameters.yml": _parameters(proposal, models),
    }


def write_conf(root: Path, name: str, files: dict[str, str]) -> Path:
    """Write `conf/<name>/` beside its place, and rename it."""
    folder = root / "conf" / name
    check_name(root, name)
    with replacing(folder) as beside:
        beside.mkdir()
        for file, text in files.items():
            (beside / file).write_text(text, "utf-8")
        (beside / "dvc.yaml").symlink_to("../../dvc.yaml")
        (beside / "package").mkdir()
        (beside / "package/dvc.yaml").symlink_to("../../../package/dvc.yaml")
    return folder


def _dumped(content: Any) -> str:
    text: str = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1000)
    return text


def _source(proposal: Proposal) -> str:
    text = _dumped(proposal.source())
    lines = text.splitlines()
    for target, choice in proposal.columns.items():
        at = next(i for i, line in enumerate(lines) if line.startswith(f"    {target}:"))
        lines[at] += f"   # {choice.how}"
    text = "\n".join(lines) + "\n"
    unused = f"# Not used: {', '.join(proposal.unused)}.\n" if proposal.unused else ""
    return f"{_HEADS[proposal.table]}\n{text}{unused}"


def _globals(proposal: Proposal) -> str:
    if proposal.table == "orders":
        return "# Overrides of conf/base/globals.yml, such as what a contact costs and wins.\n"
    content: dict[str, Any] = {}
    if "as_of" not in proposal.columns:
        content["split"] = {"order": "random"}
    if proposal.sensitive:
        content["sensitive"] = {"columns": list(proposal.sensitive)}
    # a table of outcomes has no spend that features are made of
    content["costs"] = {"spend_column": None}
    note = "# order: rows if the table is in order of time; sensitive: for the audit only.\n"
    return note + _dumped(content)


def _parameters(proposal: Proposal, models: Sequence[str]) -> str:
    if proposal.table == "orders":
        return "# Overrides of conf/base/parameters_<model>.yml.\n"
    rules = {"rule_column": rule_column(proposal), "logistic_columns": []}
    note = "# What a person would go by alone (rule_column); [] takes every feature.\n"
    return note + _dumped({model: {"baselines": rules} for model in models})


def rule_column(proposal: Proposal) -> str:
    """The number that a rule of thumb goes by: how long or how recently, or the first there is.

    Raises:
        SalespipeError: no column is a number that may be a feature.
    """
    free = [one for one in proposal.numbers if one not in proposal.sensitive]
    plain = {one: re.sub(r"[^a-z]", "", one.lower()) for one in free}
    for word in _RULES:
        for one in free:
            if word in plain[one]:
                return one
    if not free:
        raise SalespipeError(
            "A table of outcomes needs a column of numbers that a rule of thumb could go by."
        )
    return free[0]
