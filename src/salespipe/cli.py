"""`salespipe`: what none of the tools' own commands does."""

from __future__ import annotations

import json
from pathlib import Path

import click

from salespipe.champions import champion_rows, print_champions
from salespipe.errors import SalespipeError
from salespipe.loop import check_business


class Commands(click.Group):
    """A group whose user errors are one line and exit code 1."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; say what can be mended without a traceback."""
        try:
            return super().invoke(ctx)
        except SalespipeError as error:
            click.echo(f"salespipe: {error}", err=True)
            raise SystemExit(1) from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="salespipe")
def cli() -> None:
    """Models of a business's customers that can be trusted, served and watched."""


@cli.command()
@click.option("--env", default="demo", show_default=True, help="The business: conf/<env>/.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def champions(env: str, as_json: bool) -> None:
    """Show a business's champions: version, figures with intervals, verdict, reports."""
    root = Path.cwd()
    rows = champion_rows(root, env, check_business(root, env))
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    else:
        print_champions(rows)
