"""`make serve`: the champions of one business over HTTP, kept up to date while they run."""

from __future__ import annotations

import ipaddress
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click

from salespipe.environment import QUIET, set_environment
from salespipe.errors import SalespipeError
from salespipe.loop import check_business

LOOK_SECONDS = 1.0
"""How often the registry is asked who is champion."""
STOP_SECONDS = 15
SERVICE = "serving.service:Salespipe"


@click.command()
@click.option("--env", default="demo", show_default=True, help="The business: conf/<env>/.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=3000, show_default=True, help="Port to listen on.")
@click.option("--workers", default=1, show_default=True, help="Processes that answer.")
@click.option(
    "--tokens",
    type=click.Path(path_type=Path),
    help="File of tokens (see `python -m serving.tokens`); conf/local/tokens.json if it is there.",
)
@click.option("--follow-only", is_flag=True, help="Keep the bundle up to date for other servers.")
@click.option("--bundle", type=click.Path(path_type=Path), help="Where the bundle is kept.")
def main(
    env: str, host: str, port: int, workers: int, tokens: Path | None, follow_only: bool,
    bundle: Path | None,
) -> None:  # fmt: skip
    """Serve the champions of a business; take up a new one within seconds of its promotion."""
    root = Path.cwd()
    set_environment()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        follower = Follower(root, env, bundle)
        follower.update()
        if follow_only:
            follower.run(lambda: None)
            return
        given = tokens or _usual_tokens(root)
        check_reach(host, given)
        serve(follower, host, port, workers, given)
    except SalespipeError as error:
        click.echo(f"salespipe: {error}", err=True)
        raise SystemExit(1) from error
    except KeyboardInterrupt:
        raise SystemExit(0) from None


class Follower:
    """Keeps the bundle of a business up to its registry and its tables.

    Args:
        root: the project's folder.
        env: the business.
        bundle: where to; the business's own place by default.
    """

    def __init__(self, root: Path, env: str, bundle: Path | None = None) -> None:
        from salespipe.bundle import Business

        self.models = check_business(root, env)
        self.business = Business.open(root, env)
        self.bundle = bundle or self.business.bundle
        self._known: tuple[dict[str, int], str, dict[str, str]] | None = None

    def update(self) -> bool:
        """Bring the bundle up to date.

        Returns:
            Whether anything had changed.

        Raises:
            SalespipeError: there is no champion, or one can't be read.
        """
        from salespipe.bundle import update_bundle
        from salespipe.parts import read_pointer

        wanted, stamp = self.business.champions(self.models), self.business.data_stamp()
        if self._known == (wanted, stamp, read_pointer(self.bundle).get("parts")):
            return False
        parts = update_bundle(self.business, wanted, self.bundle)
        self._known = (wanted, stamp, parts)
        for model in sorted(parts):
            click.echo(f"{model}: v{wanted[model]} in office", err=True)
        return True

    def run(self, check: Callable[[], None]) -> None:
        """Follow until `check` raises, or for good."""
        failed = ""
        while True:
            time.sleep(LOOK_SECONDS)
            check()
            try:
                self.update()
                failed = ""
            except Exception as error:
                if str(error) != failed:
                    click.echo(f"salespipe: the champions could not be followed: {error}", err=True)
                failed = str(error)


def serve(follower: Follower, host: str, port: int, workers: int, tokens: Path | None) -> None:
    """Run BentoML's server beside the follower, until either ends.

    Raises:
        SalespipeError: the server did not start, or stopped by itself.
    """
    log = follower.business.root / "data/07_model_output" / follower.business.env / "predictions"
    environment = {
        **os.environ,
        **QUIET,
        "SALESPIPE_BUNDLE": follower.bundle.as_posix(),
        "SALESPIPE_LOG": os.environ.get("SALESPIPE_LOG", log.as_posix()),
        "SALESPIPE_WORKERS": str(workers),
        **({"SALESPIPE_TOKENS": tokens.resolve().as_posix()} if tokens else {}),
    }
    bentoml = Path(sys.executable).with_name("bentoml")
    command = [bentoml.as_posix(), "serve", SERVICE, "--host", host, "--port", str(port)]
    click.echo(
        f"Serving {follower.business.env} on http://{host}:{port} (see /docs.json)", err=True
    )
    # a home of its own: BentoML clears the workers' shared metrics in it as a server starts
    home = tempfile.TemporaryDirectory(prefix="salespipe-")
    environment["BENTOML_HOME"] = home.name
    server = subprocess.Popen(command, env=environment, cwd=follower.business.root)

    def check() -> None:
        if (code := server.poll()) is not None:
            raise SalespipeError(f"The server stopped (exit code {code}); what it said is above.")

    try:
        follower.run(check)
    finally:
        server.terminate()
        try:
            server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
        home.cleanup()


def check_reach(host: str, tokens: Path | None) -> None:
    """Other machines may only ask where tokens are set.

    Raises:
        SalespipeError: they could ask without.
    """
    if tokens is not None and not tokens.is_file():
        raise SalespipeError(f"There is no file of tokens at {tokens}: `python -m serving.tokens`.")
    open_to_all = tokens is None and "SALESPIPE_TOKEN_LIST" not in os.environ
    if open_to_all and not is_loopback(host):
        raise SalespipeError(
            f"Nobody needs a token yet, so only this machine may ask: leave HOST={host} out, or "
            "make tokens with `python -m serving.tokens NAME`."
        )


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _usual_tokens(root: Path) -> Path | None:
    if "SALESPIPE_TOKENS" in os.environ:
        return Path(os.environ["SALESPIPE_TOKENS"])
    usual = root / "conf/local/tokens.json"
    return usual if usual.is_file() else None


if __name__ == "__main__":
    main()
