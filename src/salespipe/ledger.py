"""Every decision on a champion, as tags of the registered model (`decision.0001`, …) in MLflow.

A move is first written down, then made: no record is ever lost, and one whose move was cut short
is found out by the next. Moves that a person made in MLflow's own pages are written down after
the fact.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow import MlflowClient

RECORD = "decision."
APPROVALS = {"promote": "auto", "approve": "approved", "rollback": "rolled back to"}
"""What moves the alias, and the version's `approval` tag after it."""
AUTO, NOBODY = "auto", "none yet"
BY_ALIAS = "someone in MLflow"


@dataclass(frozen=True)
class Record:
    """One decision on who is champion.

    Attributes:
        action: promote, approve, reject, rollback; `moved` where the alias was set in MLflow, and
            `interrupted` where a move was written down but not made.
        version: the version it is about.
        previous: the champion before.
        by: who decided; `auto` is the gate.
        reason: why.
        at: when, UTC.
    """

    action: str
    version: int | None
    previous: int | None
    by: str
    reason: str
    at: str

    def signed(self) -> dict[str, str]:
        """The tags that say on a version who decided, why and when."""
        return {"approver": self.by, "reason": self.reason, "decided_at": self.at}


class Ledger:
    """The decisions on one registered model.

    Args:
        client: MLflow.
        name: the registered model, which exists.
    """

    def __init__(self, client: MlflowClient, name: str) -> None:
        self._client = client
        self._name = name

    def records(self) -> list[Record]:
        """Every decision, oldest first."""
        tags = self._client.get_registered_model(self._name).tags
        return [Record(**json.loads(tags[key])) for key in sorted(tags) if key.startswith(RECORD)]

    def write(
        self, action: str, version: int | None, previous: int | None, by: str, reason: str
    ) -> Record:
        """Add a decision."""
        at = datetime.now(UTC).isoformat(timespec="seconds")
        record = Record(action, version, previous, by, reason, at)
        key = f"{RECORD}{len(self.records()) + 1:04d}"
        self._client.set_registered_model_tag(self._name, key, json.dumps(asdict(record)))
        return record

    def before(self, version: int | None) -> int | None:
        """The champion that this one took over from."""
        earlier = [one.previous for one in self.records() if one.version == version]
        return earlier[-1] if earlier else None

    def catch_up(self, now: int | None) -> None:
        """Write down what happened to the alias since the last record.

        Args:
            now: the version that the alias points to.
        """
        moves = [one for one in self.records() if one.action != "reject"]
        last = moves[-1] if moves else None
        known = last.version if last else None
        if now == known:
            return
        if last is not None and last.action in APPROVALS and now == last.previous:
            told = f"{last.action} of v{last.version} was cut short"
            self.write("interrupted", now, now, last.by, told)
            return
        self.write("moved", now, known, *self._signature(now))

    def _signature(self, version: int | None) -> tuple[str, str]:
        """Who set the alias and why, by tags that a person set on the version and not we."""
        signed = self._signed(version)
        ours = {(one.version, one.by, one.reason) for one in self.records()}
        unsigned = signed[0] in (AUTO, NOBODY) or (version, *signed) in ours
        return (BY_ALIAS, "no reason given") if unsigned else signed

    def _signed(self, version: int | None) -> tuple[str, str]:
        tags: Mapping[str, str] = {}
        if version is not None:
            tags = self._client.get_model_version(self._name, str(version)).tags
        return tags.get("approver", AUTO), tags.get("reason", "")
