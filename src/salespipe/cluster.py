"""`make cluster`: a standalone Spark on this machine, a master and workers, until Ctrl-C.

To try what a cluster does with a run, or to use the cores of one machine by several workers.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from salespipe.errors import SalespipeError

HOST = "127.0.0.1"
MASTER = "org.apache.spark.deploy.master.Master"
WORKER = "org.apache.spark.deploy.worker.Worker"
PATIENCE = 90.0


@click.command()
@click.option("--workers", default=2, show_default=True, type=click.IntRange(min=1))
@click.option("--cores", default=1, show_default=True, help="Of each worker.")
@click.option("--memory", default="1g", show_default=True, help="Of each worker.")
@click.option("--port", default=7077, show_default=True, help="Of the master.")
@click.option("--work", type=click.Path(path_type=Path), default="data/.spark", show_default=True,
              help="Where workers keep what they work on.")  # fmt: skip
def main(workers: int, cores: int, memory: str, port: int, work: Path) -> None:
    """Start a standalone Spark on this machine."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        with standalone(workers, cores, memory, port, work) as processes:
            for number, process in enumerate(processes[1:], start=1):
                click.echo(f"worker {number}: process {process.pid}")
            click.echo(f"master: spark://{HOST}:{port} (engine.yml: spark: master)")
            processes[0].wait()
    except SalespipeError as error:
        click.echo(f"salespipe: {error}", err=True)
        raise SystemExit(1) from error
    except KeyboardInterrupt:
        click.echo("stopped")


@contextmanager
def standalone(
    workers: int, cores: int, memory: str, port: int, work: Path
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """A master and its workers, gone afterwards.

    Args:
        workers: how many.
        cores: of each.
        memory: of each, as Spark writes it.
        port: of the master.
        work: where workers keep what they work on.

    Yields:
        The master's process, then the workers', each the first of a group of its own.

    Raises:
        SalespipeError: the extra is missing, the port is taken, or the master does not start.
    """
    if _answers(port):
        raise SalespipeError(f"Something listens on port {port} already: choose another --port.")
    work.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        master = _start(stack, work, MASTER, "--host", HOST, "--port", port, "--webui-port", 0)
        _wait_for(master, port, work)
        limits = ("--host", HOST, "--webui-port", 0, "-c", cores, "-m", memory)
        url = f"spark://{HOST}:{port}"
        folder = work.resolve()
        yield [
            master,
            *(
                _start(stack, work, WORKER, *limits, "-d", folder / f"worker-{n}", url)
                for n in range(1, workers + 1)
            ),
        ]


def _start(stack: ExitStack, work: Path, name: str, *options: object) -> subprocess.Popen[bytes]:
    home, environment = _spark_home()
    log = stack.enter_context((work / "cluster.log").open("ab"))
    process = subprocess.Popen(  # noqa: S603 - a fixed command
        [home / "bin" / "spark-class", name, *map(str, options)],
        env=environment, stdout=log, stderr=log, start_new_session=True,
    )  # fmt: skip
    stack.callback(end, process)
    return process


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process and what it has started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _spark_home() -> tuple[Path, dict[str, str]]:
    try:
        import pyspark
    except ImportError as error:
        raise SalespipeError(
            "A cluster needs Spark: `make cluster` installs it, and so does "
            "`pip install salespipe[spark]`."
        ) from error
    from salespipe.datasets.java import java_home

    home = Path(pyspark.__file__).parent
    more = {
        "JAVA_HOME": str(java_home()),
        "SPARK_HOME": str(home),
        "PYSPARK_PYTHON": sys.executable,
    }
    return home, os.environ | more


def _wait_for(master: subprocess.Popen[bytes], port: int, work: Path) -> None:
    until = time.monotonic() + PATIENCE
    while not _answers(port):
        if master.poll() is not None or time.monotonic() > until:
            raise SalespipeError(f"The master does not start; {work / 'cluster.log'} says why.")
        time.sleep(0.2)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


if __name__ == "__main__":
    main()
