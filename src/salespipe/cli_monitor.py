"""`salespipe monitor` and `salespipe drill`: the champions looked at, and the alarms tried."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from salespipe.cli_options import check_models, env_option, json_option, models_option, tell
from salespipe.loop import reproduce


@click.command()
@env_option
@json_option
@models_option
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Look as of an earlier day.")
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), help="To see that all orders stopped.")
@click.option(
    "--fail-on",
    type=click.Choice(["watch", "retrain"]),
    help="Exit with 1 where a decision is that or graver: for schedulers.",
)
@click.option("--retrain", is_flag=True, help="Run the loop where a decision is retrain.")
def monitor(
    env: str,
    as_json: bool,
    models: tuple[str, ...],
    as_of: datetime | None,
    today: datetime | None,
    fail_on: str | None,
    retrain: bool,
) -> None:
    """Look at the champions: drift, quality, bias; decide ok, watch or retrain.

    Reports go to data/08_reporting/<env>/<model>/ as drift.html, quality.html, bias.html and
    monitor.json; figures go to the champions' runs in MLflow.
    """
    from salespipe.watching import gravest, print_monitor, reaches, run_monitoring
    from salespipe.webhook import send

    root = Path.cwd()
    check_models(root, env, models)
    days = {"as_of": as_of, "today": today}
    given: dict[str, Any] = {name: str(day.date()) for name, day in days.items() if day}
    given |= {"models": list(models)} if models else {}
    report, webhook = run_monitoring(root, env, given)
    tell(report, as_json, print_monitor)
    level = gravest(report)
    if webhook.url and (webhook.at == "always" or reaches(level, webhook.at)):
        send(webhook, {"business": env, "decision": level, "models": report})
    if retrain and level == "retrain" and not reproduce(root, env):
        click.echo("Nothing to learn from has changed since the last training.", err=True)
    if reaches(level, fail_on):
        raise SystemExit(1)


@click.command()
@env_option
@json_option
@models_option
def drill(env: str, as_json: bool, models: tuple[str, ...]) -> None:
    """Put known faults into a copy of the latest data; table which alarms fire, and how fast."""
    from salespipe.watching import print_drill, run_drill

    root = Path.cwd()
    check_models(root, env, models)
    tell(run_drill(root, env, {"models": list(models)} if models else {}), as_json, print_drill)
