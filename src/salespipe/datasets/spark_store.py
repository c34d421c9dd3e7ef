"""Files between this machine and the store that Spark's workers reach, by Spark's own Hadoop."""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from salespipe.errors import SalespipeError
from salespipe.params_engine import SparkParams

logger = logging.getLogger(__name__)


def within_reach(file: Path, params: SparkParams) -> str:
    """Where every worker finds a file of this machine: as it is, or as a copy in the store.

    A copy is named by its content, so the same file is never sent twice.

    Raises:
        SalespipeError: the store can't be reached, or takes no file.
    """
    if params.store is None:
        return file.resolve().as_uri()
    with file.open("rb") as content:
        name = hashlib.file_digest(content, "sha256").hexdigest()[:32]
    target = f"{params.store.rstrip('/')}/{name}.parquet"
    with told(f"{file.name} can't be sent to the store {params.store}"):
        system, path = _hadoop(target)
        if not system.exists(path):
            logger.info("  sent %s to %s", file.name, target)
            beside = _path(f"{target}.{uuid.uuid4().hex}")
            system.copyFromLocalFile(False, True, _path(file.resolve().as_uri()), beside)
            system.rename(beside, path)
    return target


def fetch(url: str, folder: Path) -> None:
    """Moves a folder of the store to this machine.

    Raises:
        SalespipeError: it can't be reached.
    """
    with told(f"{url} can't be fetched"):
        system, path = _hadoop(url)
        system.copyToLocalFile(True, path, _path(folder.as_uri()), True)


@contextmanager
def told(what: str) -> Iterator[None]:
    """What Spark or Java say at length, in a sentence.

    Raises:
        SalespipeError: the sentence.
    """
    from py4j.protocol import Py4JError, Py4JJavaError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, OSError, Py4JError) as error:
        java = error.java_exception.toString() if isinstance(error, Py4JJavaError) else str(error)
        raise SalespipeError(f"{what}: {java.splitlines()[0]}") from error


def _hadoop(url: str) -> tuple[Any, Any]:
    """The file system of a URL, as Spark's own Hadoop knows it, and the path in it."""
    from pyspark.sql import SparkSession

    context: Any = SparkSession.builder.getOrCreate().sparkContext
    path = _path(url)
    return path.getFileSystem(context._jsc.hadoopConfiguration()), path


def _path(url: str) -> Any:
    from pyspark import SparkContext

    jvm: Any = SparkContext._jvm
    return jvm.org.apache.hadoop.fs.Path(url)
