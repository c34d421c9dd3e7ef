"""What can be watched of a server: Prometheus metrics, and a JSON line for each request."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from serving.answers import Scored
    from serving.champions import CustomerChampion

logger = logging.getLogger("salespipe.serving")

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
TENTHS = 10


class Metrics:
    """The figures of one worker; BentoML adds up those of all.

    prometheus_client reads where workers share their figures as it is imported, which BentoML
    sets after this module is: hence the late import.
    """

    def __init__(self) -> None:
        from prometheus_client import Counter, Gauge, Histogram

        route, version = ("model", "operation"), ("model", "version")
        self._metrics = {
            "requests": Counter("salespipe_requests", "Requests", [*route, "status"]),
            "seconds": Histogram(
                "salespipe_request_seconds", "Time to answer", route, buckets=SECONDS
            ),
            "entities": Counter("salespipe_entities", "Entities asked for", [*version, "way"]),
            "refused": Counter("salespipe_entity_errors", "Not scored", ("model", "code")),
            "predictions": Counter("salespipe_predictions", "Scores", [*version, "tenth"]),
            "version": Gauge(
                "salespipe_champion_version", "In office", ("model",),
                multiprocess_mode="mostrecent",
            ),
            "swaps": Counter("salespipe_champion_swaps", "Champions taken up", ("model",)),
        }  # fmt: skip
        self.failures = Counter("salespipe_champion_failures", "Champions not taken up")
        self.dropped = Counter("salespipe_log_dropped", "Predictions that were not logged")
        self._children: dict[tuple[str, ...], Any] = {}

    def request(self, model: str, operation: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._child("requests", model, operation, str(status)).inc()
        self._child("seconds", model, operation).observe(seconds)

    def taken_up(self, model: str, version: int) -> None:
        """A champion came into office."""
        self._child("version", model).set(version)
        self._child("swaps", model).inc()

    def forecast(self, model: str, version: int, series: int) -> None:
        """Count the series that were asked for."""
        self._child("entities", model, str(version), "series").inc(series)

    def scored(self, champion: CustomerChampion, parts: Sequence[Scored]) -> None:
        """Count what was predicted."""
        version = str(champion.version)
        for part in parts:
            self._child("entities", champion.name, version, part.way).inc(len(part.places))
            for error in part.errors.values():
                self._child("refused", champion.name, error["code"]).inc()
            if champion.output == "probability":
                for tenth, count in tenths_of(part.predictions).items():
                    self._child("predictions", champion.name, version, tenth).inc(count)

    def _child(self, metric: str, *labels: str) -> Any:
        key = (metric, *labels)
        if key not in self._children:
            self._children[key] = self._metrics[metric].labels(*labels)
        return self._children[key]


def tenths_of(probabilities: np.ndarray) -> dict[str, float]:
    """How many lie in each tenth, by its lower edge; unknown ones are left out."""
    known = probabilities[~np.isnan(probabilities)]
    counts = np.bincount(np.minimum((known * TENTHS).astype(int), TENTHS - 1))
    return {f"{tenth / TENTHS:.1f}": float(counts[tenth]) for tenth in np.flatnonzero(counts)}


@cache
def metrics() -> Metrics:
    """The one set of metrics of this process."""
    return Metrics()


class JsonLines(logging.Formatter):
    """Log records as JSON, one a line; what is given as `extra={"facts": …}` becomes fields."""

    def format(self, record: logging.LogRecord) -> str:
        """One line; a traceback is one of its fields."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def log_as_json() -> None:
    """Send this server's own log to standard error as JSON, and nothing of it to BentoML's."""
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonLines())
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
