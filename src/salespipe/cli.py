"""`salespipe`: what none of the tools' own commands does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from salespipe.champions import (
    champion_rows,
    print_champions,
    print_history,
    write_champion,
)
from salespipe.cli_doctor import doctor
from salespipe.cli_init import init
from salespipe.cli_monitor import drill, monitor
from salespipe.cli_options import (
    check_models,
    complete_model,
    env_option,
    json_option,
    models_option,
    tell,
)
from salespipe.environment import set_environment
from salespipe.errors import SalespipeError
from salespipe.loop import check_business

if TYPE_CHECKING:
    from salespipe.ledger import Record
    from salespipe.registry import Registry


class Commands(click.Group):
    """A group whose user errors are one line and exit code 1."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; say what can be mended without a traceback."""
        set_environment()
        try:
            return super().invoke(ctx)
        except SalespipeError as error:
            click.echo(f"salespipe: {error}", err=True)
            raise SystemExit(1) from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="salespipe")
def cli() -> None:
    """Models of a business's customers that can be trusted, served and watched."""


cli.add_command(doctor)
cli.add_command(init)
cli.add_command(monitor)
cli.add_command(drill)


@cli.command()
@env_option
@json_option
@click.option("--history", is_flag=True, help="Every decision ever made, with who, when and why.")
def champions(env: str, as_json: bool, history: bool) -> None:
    """Show a business's champions: version, figures with intervals, verdict, reports."""
    root = Path.cwd()
    models = check_business(root, env)
    opened = {model: _registry(root, env, model) for model in models}
    if history:
        records = {model: one.history() if one else [] for model, one in opened.items()}
        listed = {model: [asdict(record) for record in some] for model, some in records.items()}
        tell(listed, as_json, print_history)
        return
    for model, registry in opened.items():
        if registry is not None:
            _leave_word(root, env, model, registry)
    tell(champion_rows(root, env, models), as_json, print_champions)


def _decision(command: Callable[..., Any]) -> Callable[..., Any]:
    """What every decision of a person takes."""
    who = click.option("--by", required=True, help="Who decides: a name that others know.")
    why = click.option("--reason", required=True, help="Why; kept in MLflow for good.")
    model = click.argument("model", shell_complete=complete_model)
    for add in (json_option, why, who, env_option, model):
        command = add(command)
    return command


@cli.command()
@_decision
@click.option("--version", type=int, required=True, help="The version that waits.")
def approve(model: str, env: str, version: int, by: str, reason: str, as_json: bool) -> None:
    """Make a waiting or held version of MODEL the champion."""
    _decide(env, model, lambda registry: registry.approve(version, by, reason), as_json)


@cli.command()
@_decision
@click.option("--version", type=int, required=True, help="The version to turn down.")
def reject(model: str, env: str, version: int, by: str, reason: str, as_json: bool) -> None:
    """Turn a version of MODEL down; the champion stays."""
    _decide(env, model, lambda registry: registry.reject(version, by, reason), as_json)


@cli.command()
@_decision
@click.option("--to", "version", type=int, help="Any earlier version; the one before by default.")
def rollback(
    model: str, env: str, version: int | None, by: str, reason: str, as_json: bool
) -> None:
    """Put an earlier champion of MODEL back in office."""
    _decide(env, model, lambda registry: registry.rollback(version, by, reason), as_json)


@cli.command()
@env_option
@json_option
@models_option
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Score as of an earlier day.")
@click.option("--capacity", type=click.IntRange(min=0), help="How many can be contacted.")
@click.option("--budget", type=click.FloatRange(min=0), help="What contacts may cost in all.")
def score(
    env: str,
    as_json: bool,
    models: tuple[str, ...],
    as_of: datetime | None,
    capacity: int | None,
    budget: float | None,
) -> None:
    """Score every customer as of now with the champions; mark whom to contact.

    The lists, best prospects first, go to data/07_model_output/<env>/ as Parquet and CSV. Without
    --capacity or --budget everyone is marked whose contact pays, by the costs in conf.
    """
    from salespipe.scoring import print_scores, run_scoring

    root = Path.cwd()
    check_models(root, env, models)
    wanted = {
        "as_of": str(as_of.date()) if as_of else None,
        "models": list(models) or None,
        "capacity": capacity,
        "budget": budget,
    }
    given = {name: value for name, value in wanted.items() if value is not None}
    tell(run_scoring(root, env, given), as_json, print_scores)


@cli.command()
@env_option
@json_option
@models_option
@click.option(
    "--without-customers", is_flag=True, help="Leave everyone's scores out: no lookups by id."
)
def package(env: str, as_json: bool, models: tuple[str, ...], without_customers: bool) -> None:
    """Build Bentos of the champions: one each, and one with all of them.

    Each is exported, started away from this repository and asked a golden set; one that answers
    otherwise than its registered model is deleted.
    """
    from salespipe.package import package as build_all
    from salespipe.package import print_packaged

    root = Path.cwd()
    check_models(root, env, models)
    tell(build_all(root, env, list(models), customers=not without_customers), as_json,
          print_packaged)  # fmt: skip


@cli.command()
@json_option
@click.argument("receipt")
def trace(receipt: str, as_json: bool) -> None:
    """Walk RECEIPT back to its run, data and code.

    RECEIPT is the `id` of an answer's receipt, a file that holds an answer, or - for a pipe.
    """
    from salespipe.trace import print_trace, read_receipt
    from salespipe.trace import trace as walk_back

    tell(walk_back(Path.cwd(), read_receipt(receipt)), as_json, print_trace)


def _decide(env: str, model: str, decide: Callable[[Registry], Record], as_json: bool) -> None:
    from salespipe.datasets.reviews import refresh_reviews

    root = Path.cwd()
    check_models(root, env, [model])
    registry = _registry(root, env, model)
    if registry is None:
        raise SalespipeError(f"{env} has no registered models yet: `make run ENV={env}` first.")
    record = decide(registry)
    facts = _leave_word(root, env, model, registry)
    tell(asdict(record), as_json, lambda _: _print_decision(record, facts))
    refresh_reviews(env, _configured(root, env), model)


def _print_decision(record: Record, facts: dict[str, Any]) -> None:
    champion = "no champion" if facts["version"] is None else f"v{facts['version']}"
    click.echo(f"{record.action}: {facts['model']} v{record.version}, by {record.by}")
    click.echo(f"champion now: {champion}")


def _registry(root: Path, env: str, model: str) -> Registry | None:
    """The registry of a model; None where nothing was ever registered."""
    from salespipe.registry import open_registry
    from salespipe.store import store_exists, tracking_uri

    configured = _configured(root, env)
    if not store_exists(tracking_uri(configured, root)):
        return None
    return open_registry(root, configured, f"{env}-{model}")


def _configured(root: Path, env: str) -> str:
    """Where conf says that MLflow keeps its records."""
    from salespipe.config import BusinessConfigLoader

    uri: str = BusinessConfigLoader(root / "conf", env)["mlflow"]["tracking_uri"]
    return uri


def _leave_word(root: Path, env: str, model: str, registry: Registry) -> dict[str, Any]:
    return write_champion(registry, root / "data" / "08_reporting" / env / model)
