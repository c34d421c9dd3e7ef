"""`make ui`: MLflow's pages and Evidently's, side by side until they are stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import click

from salespipe.environment import QUIET
from salespipe.errors import SalespipeError
from salespipe.loop import check_business
from salespipe.store import store_exists, tracking_uri

HOST = "127.0.0.1"
# one process less: MLflow's own jobs are not used
ENVIRONMENT = QUIET | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


def commands_for(root: Path, env: str, mlflow_port: int, evidently_port: int) -> list[list[str]]:
    """The two servers.

    Raises:
        SalespipeError: nothing was ever trained.
    """
    from salespipe.config import BusinessConfigLoader

    uri = tracking_uri(BusinessConfigLoader(root / "conf", env)["mlflow"]["tracking_uri"], root)
    if not store_exists(uri):
        raise SalespipeError(f"Nothing to show yet: `make run ENV={env}` first.")
    workspace = root / "data" / "08_reporting" / env / "evidently"
    workspace.mkdir(parents=True, exist_ok=True)
    return [
        [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", uri, "--host", HOST,
         "--port", str(mlflow_port)],
        [sys.executable, "-m", "evidently.cli", "ui", "--workspace", workspace.as_posix(),
         "--host", HOST, "--port", str(evidently_port)],
    ]  # fmt: skip


@click.command()
@click.option("--env", default="demo", show_default=True, help="The business: conf/<env>/.")
@click.option("--mlflow-port", default=5000, show_default=True)
@click.option("--evidently-port", default=8000, show_default=True)
def main(env: str, mlflow_port: int, evidently_port: int) -> None:
    """Show runs, models and versions, and the reports of monitoring over time."""
    root = Path.cwd()
    try:
        check_business(root, env)
        commands = commands_for(root, env, mlflow_port, evidently_port)
    except SalespipeError as error:
        click.echo(f"salespipe: {error}", err=True)
        raise SystemExit(1) from error
    click.echo(f"MLflow:    http://{HOST}:{mlflow_port}")
    click.echo(f"Evidently: http://{HOST}:{evidently_port}")
    click.echo("Ctrl-C stops both.")
    raise SystemExit(serve(commands))


def serve(commands: list[list[str]]) -> int:
    """Run servers until one ends or they are told to stop; then end the others too.

    Returns:
        0 where they were told to stop; else the exit code of the one that ended.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    servers = [subprocess.Popen(one, env=os.environ | ENVIRONMENT) for one in commands]
    try:
        while all(server.poll() is None for server in servers):
            time.sleep(0.2)
        return next(code for server in servers if (code := server.poll()) is not None)
    except KeyboardInterrupt:
        return 0
    finally:
        for server in servers:
            server.terminate()
        for server in servers:
            server.wait()


if __name__ == "__main__":
    main()
