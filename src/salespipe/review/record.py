"""What a page is made from: registered versions, what their runs left, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from salespipe.review.gather.facts import Facts, Figure


@dataclass(frozen=True)
class Made:
    """One registered version.

    Attributes:
        number: its version.
        made: when it was registered, ISO 8601, UTC.
        run_id: of the MLflow run that made it.
        tags: of the version: verdict, approval, approver, reason, commit, data hash, as-of.
        chosen: the candidate that it is.
        headline: name of the figure told first; None where its run is lost.
        figure: that figure.
    """

    number: int
    made: str
    run_id: str
    tags: Mapping[str, str] = field(default_factory=dict)
    chosen: str | None = None
    headline: str | None = None
    figure: Figure | None = None


@dataclass(frozen=True)
class Dossier:
    """A version with what its run left: `gate.json`, `metrics.json` and `review.json`."""

    made: Made
    gate: Mapping[str, Any]
    metrics: Mapping[str, Any]
    facts: Facts


@dataclass(frozen=True)
class Step:
    """One decision on who is champion, as the ledger keeps it."""

    action: str
    version: int | None
    previous: int | None
    by: str
    reason: str
    at: str


@dataclass(frozen=True)
class Code:
    """What lies between two commits.

    Attributes:
        commits: their first lines, newest first.
        files: that changed, of those that make models: code, conf and the lock.
        obstacle: why it can't be told.
    """

    commits: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    obstacle: str | None = None


@dataclass(frozen=True)
class Line:
    """All versions of one model, oldest first.

    Attributes:
        model: its name.
        versions: all of them.
        champion: the one in office now.
        steps: every decision.
        pages: versions whose page lies in the reporting folder.
        reports: file names of monitoring's reports that are there.
        monitor: what `monitor.json` holds; None where nobody looked.
    """

    model: str
    versions: tuple[Made, ...] = ()
    champion: int | None = None
    steps: tuple[Step, ...] = ()
    pages: tuple[int, ...] = ()
    reports: frozenset[str] = frozenset()
    monitor: Mapping[str, Any] | None = None

    @property
    def newest(self) -> Made | None:
        """The latest version."""
        return self.versions[-1] if self.versions else None


@dataclass(frozen=True)
class Candidate:
    """Everything a page of one version is made from.

    Attributes:
        business: the environment.
        line: all versions of its model.
        dossier: the version itself.
        rival: the champion it was compared with; None where there was none, or its files are lost.
        code: what lies between the two.
    """

    business: str
    line: Line
    dossier: Dossier
    rival: Dossier | None = None
    code: Code = Code()

    @property
    def number(self) -> int:
        """Its version."""
        return self.dossier.made.number


@dataclass(frozen=True)
class Business:
    """All models of a business, and the versions whose pages are to be written."""

    name: str
    lines: tuple[Line, ...]
    candidates: tuple[Candidate, ...]
