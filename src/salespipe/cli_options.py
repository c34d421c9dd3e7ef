"""What the commands share: options, checks and how results are told."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from salespipe.errors import SalespipeError
from salespipe.loop import check_business


def complete_env(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Businesses whose names begin so, for a shell's completion."""
    del ctx, param
    folders = sorted(Path.cwd().glob("conf/*/params.yaml"))
    names = {"demo", *(file.parent.name for file in folders)} if Path("conf").is_dir() else set()
    return [CompletionItem(name) for name in sorted(names) if name.startswith(incomplete)]


def complete_model(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Models of the business that was named, or of the demo, for a shell's completion."""
    del param
    try:
        known = check_business(Path.cwd(), ctx.params.get("env") or "demo")
    except SalespipeError:
        return []
    return [CompletionItem(name) for name in known if name.startswith(incomplete)]


env_option = click.option(
    "--env",
    default="demo",
    show_default=True,
    help="The business: conf/<env>/.",
    shell_complete=complete_env,
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
models_option = click.option(
    "--model",
    "models",
    multiple=True,
    help="Only this model; may be repeated.",
    shell_complete=complete_model,
)


def check_models(root: Path, env: str, models: Sequence[str]) -> None:
    """See that a business has the models that were named.

    Raises:
        SalespipeError: it lacks one.
    """
    known = check_business(root, env)
    if unknown := sorted(set(models) - set(known)):
        raise SalespipeError(f"{env} has no model {unknown[0]!r}; it has {', '.join(known)}.")


def tell(facts: Any, as_json: bool, in_words: Callable[[Any], None]) -> None:
    """Print a result as JSON or in words."""
    if as_json:
        click.echo(json.dumps(facts, indent=2))
    else:
        in_words(facts)
