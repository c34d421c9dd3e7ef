"""`salespipe init`: from one file to a business's conf."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import available_timezones

import click

from salespipe.cli_options import json_option, tell
from salespipe.errors import SalespipeError

if TYPE_CHECKING:
    from salespipe.init.asking import Proposal, Question, Said
    from salespipe.init.content import ColumnFacts
    from salespipe.init.look import Trial


@click.command()
@click.argument("name")
@click.option("--data", "file", required=True, help="Its export.",
              type=click.Path(exists=True, dir_okay=False, path_type=Path))  # fmt: skip
@click.option("--models", help="Only these, with commas; by default all that the data allows.")
@click.option("--timezone", default="UTC", show_default=True, help="Of times without an offset.")
@click.option("--map", "maps", multiple=True, metavar="COLUMN=YOURS",
              help="One of our columns from yours (==1 sets a constant); repeatable.")  # fmt: skip
@click.option("--label", help="The column of the outcome: one row a customer, no orders.")
@click.option("--dates", type=click.Choice(["day-first", "month-first"]), help="Of 1/2/2026.")
@click.option("--decimal", type=click.Choice([".", ","]), help="The decimal mark of 1,234.")
@click.option("--yes", is_flag=True, help="Ask nothing.")
@json_option
def init(
    name: str, file: Path, models: str | None, timezone: str, maps: tuple[str, ...],
    label: str | None, dates: str | None, decimal: str | None, yes: bool, as_json: bool,
) -> None:  # fmt: skip
    """Propose how the columns of a file are mapped, try it, and write conf/NAME/.

    On a terminal what is unsure is asked. Nothing is written before the mapping was tried.
    """
    from salespipe.init.asking import Said
    from salespipe.init.look import look, read, try_mapping
    from salespipe.init.write import check_name, files_of, write_conf

    root = Path.cwd()
    if not (root / "conf/base").is_dir():
        raise SalespipeError(
            f"{root} is no salespipe project (it has no conf/base): change into one."
        )
    check_name(root, name)
    if timezone not in available_timezones():
        raise click.BadParameter(f"{timezone!r} is no time zone, such as Europe/Berlin")
    table = read(file)
    facts = look(table)
    said = Said(_maps(maps), label, cast("Any", dates), cast("Any", decimal), timezone)
    _check_columns(facts, said)
    asking = on_terminal() and not (yes or as_json)
    proposal = _settle(table, facts, said, asking)
    trial = try_mapping(table, proposal.source())
    if not trial.kept:
        raise SalespipeError(
            f"Not one of {trial.rows} rows could be kept: {_reasons(trial)}. "
            "Choose other columns with --map."
        )
    chosen, left_out = _choose(root, proposal, trial, models)
    files = files_of(name, proposal, chosen)
    facts_told = _facts(name, file, proposal, trial, chosen, left_out)
    if not as_json:
        print_proposal(proposal, facts, trial, chosen, left_out)
    if asking and not click.confirm(f"Write conf/{name}/?", default=True):
        raise SystemExit(1)
    write_conf(root, name, files)
    tell(
        facts_told,
        as_json,
        lambda told: click.echo(f"conf/{name}/ is written. Next:\n  {told['next']}"),
    )


def on_terminal() -> bool:
    """Whether somebody is there to be asked."""
    return sys.stdin.isatty()


def _maps(maps: tuple[str, ...]) -> dict[str, str]:
    from salespipe.schemas import CONTRACTS

    known = {*CONTRACTS["orders"].fields, *CONTRACTS["snapshots"].fields}
    found = {}
    for one in maps:
        target, mark, yours = one.partition("=")
        if not mark or not yours or target not in known:
            raise click.BadParameter(
                f"--map {one}: it takes COLUMN=YOURS, COLUMN one of {', '.join(sorted(known))}"
            )
        found[target] = yours
    return found


def _check_columns(facts: list[ColumnFacts], said: Said) -> None:
    present = [one.name for one in facts]
    named = [yours for yours in said.maps.values() if not yours.startswith("=")]
    for column in [*named, *([said.label] if said.label else [])]:
        if column not in present:
            raise SalespipeError(f"The file has no column {column!r}; it has {', '.join(present)}.")
    if said.label:
        _check_label(facts, said.label)


def _check_label(facts: list[ColumnFacts], label: str) -> None:
    """Ingest reads `f` as false: two values that are no yes and no would be half an outcome."""
    (one,) = (one for one in facts if one.name == label)
    if one.outcome is None:
        raise SalespipeError(
            f"The outcome must be two values such as 0 and 1, or yes and no; {label!r} has "
            f"{', '.join(one.values[:5])}. Write it so in the file, or choose another --label."
        )


def _settle(table: Any, facts: list[ColumnFacts], said: Said, asking: bool) -> Proposal:
    """A proposal with nothing open: each answer may answer other questions too."""
    from salespipe.init.look import filled_once
    from salespipe.init.propose import propose

    while True:
        proposal = propose(facts, said)
        if (order := proposal.columns.get("order_id")) and order.column and not said.once:
            gaps = [one.name for one in facts if 0 < one.filled < 1]
            said = replace(said, once=filled_once(table, order.column, gaps))
            proposal = propose(facts, said)
        if not proposal.questions:
            return proposal
        if not asking:
            raise _unanswered(proposal.questions, facts)
        said = _answered(proposal.questions[0], said, [one.name for one in facts])


def _unanswered(questions: tuple[Question, ...], facts: list[ColumnFacts]) -> SalespipeError:
    told = " ".join(f"{one.text} ({one.flag})" for one in questions)
    return SalespipeError(
        f"What the file leaves open has to be said: {told} "
        f"Its columns: {', '.join(one.name for one in facts)}."
    )


def _answered(question: Question, said: Said, columns: list[str]) -> Said:
    kinds = {"dates": ["day-first", "month-first"], "decimal": [".", ","]}
    if choices := kinds.get(question.about):
        answer = click.prompt(question.text, type=click.Choice(choices), err=True)
        return replace(said, **cast("Any", {question.about: answer}))
    if question.about != "label":
        columns = [*columns, "=1"] if question.about == "quantity" else columns
    answer = click.prompt(
        f"{question.text} ({', '.join(columns)})",
        default=question.suggested or None,
        value_proc=lambda text: _known(text, columns),
        err=True,
    )
    if question.about == "label":
        return replace(said, label=answer)
    return replace(said, maps={**said.maps, question.about: answer})


def _known(text: str, columns: list[str]) -> str:
    if text not in columns and not text.startswith("="):
        raise click.UsageError(f"{text!r} is none of the columns; = before a text sets a constant.")
    return text


def _choose(
    root: Path, proposal: Proposal, trial: Trial, models: str | None
) -> tuple[list[str], dict[str, str]]:
    from salespipe.config import BusinessConfigLoader
    from salespipe.init.models import choose_models, possible_models

    conf = BusinessConfigLoader(root / "conf", "base")["parameters"]
    wanted = [one.strip() for one in models.split(",") if one.strip()] if models else []
    possible, left_out = possible_models(proposal, trial.first, trial.last, conf, wanted)
    return choose_models(wanted, possible, left_out), left_out


def _facts(
    name: str, file: Path, proposal: Proposal, trial: Trial, models: list[str],
    left_out: Mapping[str, str],
) -> dict[str, Any]:  # fmt: skip
    import shlex

    return {
        "business": name,
        "source": proposal.source(),
        "unused": list(proposal.unused),
        "rows_tried": trial.rows,
        "rows_kept": trial.kept,
        "rows_quarantined": trial.rows - trial.kept,
        "reasons": trial.reasons,
        "models": models,
        "left_out": dict(left_out),
        "next": f"make run ENV={name} DATA={shlex.quote(str(file))}",
    }


def _reasons(trial: Trial) -> str:
    return ", ".join(f"{why} {count:,}" for why, count in list(trial.reasons.items())[:5])


def print_proposal(
    proposal: Proposal, facts: list[ColumnFacts], trial: Trial, models: list[str],
    left_out: Mapping[str, str],
) -> None:  # fmt: skip
    """Print the mapping with example values, what became of the rows, and the models."""
    from rich.markup import escape
    from rich.table import Table

    from salespipe.terminal import console

    out, known = console(), {one.name: one for one in facts}
    table = Table(proposal.table, "from", "found", "examples")
    for target, choice in proposal.columns.items():
        mapping = choice.mapping
        if isinstance(mapping, dict):
            mapping = ", ".join(f"{key}: {value}" for key, value in mapping.items())
        examples = known[choice.column].examples if choice.column else ()
        table.add_row(target, escape(mapping), choice.how, escape(" · ".join(examples)))
    out.print(table)
    for title in ("numbers", "categories", "sensitive", "unused"):
        if listed := getattr(proposal, title):
            out.print(f"{title}: {escape(', '.join(listed))}", soft_wrap=True)
    out.print(f"Of {trial.rows:,} rows tried {trial.kept:,} would be kept.", soft_wrap=True)
    if trial.reasons:
        out.print(f"Quarantined: {escape(_reasons(trial))}", soft_wrap=True)
    out.print(f"Models: {', '.join(models)}", soft_wrap=True)
    for model, why in left_out.items():
        out.print(f"  without {model}: {why}", soft_wrap=True)
