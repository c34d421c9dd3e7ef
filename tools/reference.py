"""Write the pages of docs/reference/ that the code itself knows best.

`make docs` does, and a test fails where what is committed is not what the code says.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from salespipe.cli import cli
from salespipe.schemas import CONTRACTS, TableContract
from tools.conf_keys import ROOT, conf_page
from tools.markdown import table

MADE = "<!-- Made by `make docs` from the code: change it there. -->\n"
CLI = """\
# Commands

`salespipe` has what none of the tools' own commands does. It ends with 0 where it is done, with 1
where it failed (one line on standard error says why), and with 2 where it was used wrongly.
`--json` prints JSON and nothing else on standard output.
"""
TABLES = """\
# Canonical tables

Every business's columns are mapped to these ([bring your own data](../bring-your-own-data.md)).
Times are UTC. A row that lacks what must be there, repeats a key or breaks a rule is
[quarantined](../bring-your-own-data.md#what-happens-to-rows-that-dont-fit) with that as its reason.
"""


def write_all(folder: Path) -> None:
    """Write every page that is made from the code."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in (("cli", cli_page), ("conf", conf_page), ("tables", tables_page)):
        (folder / f"{name}.md").write_text(MADE + page(), "utf-8")


def cli_page() -> str:
    """Every command of `salespipe` with its arguments and options."""
    parts = [CLI]
    for name, command in sorted(cli.commands.items()):
        context = click.Context(command, info_name=f"salespipe {name}", terminal_width=100)
        said = inspect.cleandoc(command.help or "")
        parts.append(f"\n## {name}\n\n{said}\n\n```text\n{command.get_usage(context)}\n```\n\n")
        parts.append(table(("option", "what it says"), _options(command, context)))
    return "".join(parts)


def _options(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    for param in command.params:
        record = param.get_help_record(context)
        if record is not None and record[1] and param.name != "help":
            yield f"`{record[0]}`", record[1]


def tables_page() -> str:
    """The canonical tables with their columns, keys and rules."""
    parts = [TABLES]
    for name, contract in CONTRACTS.items():
        parts.append(f"\n## {name}\n\n{_facts(contract)}\n\n")
        rows = (
            (f"`{column}`", f"`{field.dtype}`", "yes" if field.required else "no")
            for column, field in contract.fields.items()
        )
        parts.append(table(("column", "type", "must be there"), rows))
        if contract.rules:
            parts.append("\nRefused where " + "; or ".join(contract.rules) + ".\n")
    return "".join(parts)


def _facts(contract: TableContract) -> str:
    key = ", ".join(f"`{one}`" for one in contract.key)
    more = "Attributes that `source.yml` names follow these columns." if contract.open else ""
    return " ".join(filter(None, [f"A row is named by {key}." if key else "", more])) or (
        "Rows have no key: the same row may come twice."
    )


if __name__ == "__main__":
    write_all(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "docs/reference")
