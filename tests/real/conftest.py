"""Real data and real servers; what is absent is an error that says so, never a skip."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/real" in item.path.as_posix():
            item.add_marker(pytest.mark.real)


@pytest.fixture(scope="session")
def datasets() -> Path:
    """The folder with the real data sets."""
    folder = Path(os.environ.get("DATASETS", "../shared/datasets")).resolve()
    if not (folder / "online_retail.parquet").is_file():
        pytest.fail(f"No data sets in {folder}: run `make test-real DATASETS=<folder>`.")
    return folder


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes], seconds: float = 30) -> None:
    """Until something listens there."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            pytest.fail(f"The server on port {port} ended with {process.returncode}.")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail(f"Nothing listens on port {port} after {seconds} s.")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL of our own, gone when the tests are."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.fail("PostgreSQL is not installed; `make test-real` does that.")
    binaries, port = found[-1].parent, free_port()
    # not under pytest's own folder, which another user may not enter
    folder = Path(tempfile.mkdtemp(prefix="salespipe-postgres-"))
    user = getpass.getuser()
    prefix: list[str] = []
    if user == "root":  # PostgreSQL refuses to run as root
        user, prefix = "postgres", ["runuser", "-u", "postgres", "--"]
        shutil.chown(folder, user)
    data = folder / "data"
    initdb = [*prefix, binaries / "initdb", "-D", data, "-U", user, "--auth=trust", "-E", "UTF8"]
    subprocess.run(initdb, check=True, capture_output=True, cwd=folder)
    options = ["-p", str(port), "-k", folder, "-c", "listen_addresses=127.0.0.1"]
    with subprocess.Popen(
        [*prefix, binaries / "postgres", "-D", data, *options],
        cwd=folder,
        stderr=subprocess.DEVNULL,
    ) as server:
        wait_for(port, server)
        yield f"postgresql://{user}@127.0.0.1:{port}/postgres"
        server.terminate()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def s3_url() -> Iterator[str]:
    """A moto server: S3 as far as a client can tell."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        wait_for(port, server)
        yield f"http://127.0.0.1:{port}"
        server.terminate()
