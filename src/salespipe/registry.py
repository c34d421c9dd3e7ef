"""Who is champion and who decided it: aliases and tags of a registered model in MLflow.

The alias `champion` is what counts, whoever moves it; the ledger keeps who did and why.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from salespipe.errors import SalespipeError
from salespipe.ledger import APPROVALS, AUTO, NOBODY, Ledger, Record
from salespipe.store import SQLITE, tracking_uri

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

CHAMPION = "champion"
CHALLENGER = "challenger"
LOCK_SECONDS = 30


class Registry:
    """The versions of one registered model.

    Args:
        uri: the MLflow server, or an absolute sqlite path.
        name: `<env>-<model>`.
        lock: file that keeps two decisions apart.
    """

    def __init__(self, uri: str, name: str, lock: Path) -> None:
        import mlflow

        self.name = name
        self._client: MlflowClient = mlflow.MlflowClient(uri)
        self._ledger = Ledger(self._client, name)
        self._uri = uri
        self._lock = lock

    def champion(self) -> int | None:
        """The version that the alias points to."""
        return self._aliased(CHAMPION)

    def challenger(self) -> int | None:
        """The newest registered version."""
        return self._aliased(CHALLENGER)

    def register(self, model_uri: str, run_id: str, model_id: str) -> int:
        """A logged model as the next version, and as the challenger."""
        if not self._known():
            self._client.create_registered_model(self.name)
        made = self._client.create_model_version(
            self.name, model_uri, run_id=run_id, model_id=model_id
        )
        self._client.set_registered_model_alias(self.name, CHALLENGER, made.version)
        return int(made.version)

    def settle(self, version: int, decision: Mapping[str, Any], facts: Mapping[str, str]) -> None:
        """Tags a version with the gate's decision; moves the alias if that is up to the gate.

        A promoted version is held after all if the champion is not the one it was compared with.

        Args:
            version: the new version.
            decision: what `gate.json` holds.
            facts: further tags, such as commit and data hash.
        """
        with self._alone():
            current, against = self.champion(), decision["compared_with"]
            promoted = decision["verdict"] == "promote"
            approval = "held" if decision["verdict"] == "hold" else decision["verdict"]
            if promoted:
                approval = "pending" if decision["approval"] == "manual" else "auto"
            reason = decision["reason"]
            if approval == "auto" and current != against:
                approval, reason = "held", _overtaken(version, against, current)
            told = {"verdict": decision["verdict"], "gate_reason": decision["reason"]}
            told |= {"approval": approval, "compared_with": str(against or "none")}
            told |= {"approver": NOBODY if approval == "pending" else AUTO, "reason": reason}
            self._tag(version, {**facts, **told})
            if approval == "auto":
                self._move("promote", version, current, AUTO, reason)

    def approve(self, version: int, by: str, reason: str) -> Record:
        """Makes a waiting or held version champion.

        Raises:
            SalespipeError: there is no such version, the gate rejected it, it can't be read, or
                the champion is not the one it was compared with.
        """
        with self._alone():
            tags, current = self._version(version).tags, self.champion()
            if current == version:
                raise SalespipeError(f"{self.name} v{version} is champion already.")
            if tags.get("verdict") not in ("promote", "hold"):
                raise SalespipeError(
                    f"{self.name} v{version} was not passed by the gate "
                    f"({tags.get('gate_reason', 'no decision was made')}): train another."
                )
            against = tags["compared_with"]
            if against != str(current or "none"):
                known = None if against == "none" else int(against)
                raise SalespipeError(f"{self.name}: {_overtaken(version, known, current)}.")
            self.load(version)
            return self._move("approve", version, current, by, reason)

    def reject(self, version: int, by: str, reason: str) -> Record:
        """Turns a version down for good; it is no challenger any more.

        Raises:
            SalespipeError: there is no such version, or it is champion.
        """
        with self._alone():
            self._version(version)
            if version == (current := self.champion()):
                raise SalespipeError(
                    f"{self.name} v{version} is champion: `salespipe rollback` puts another in."
                )
            record = self._ledger.write("reject", version, current, by, reason)
            self._tag(version, {"verdict": "reject", "approval": "rejected", **record.signed()})
            if self.challenger() == version:
                self._client.delete_registered_model_alias(self.name, CHALLENGER)
            return record

    def rollback(self, to: int | None, by: str, reason: str) -> Record:
        """Makes an earlier version champion again; by default the one before.

        Raises:
            SalespipeError: there is nothing to go back to, or it can't be read.
        """
        with self._alone():
            current = self.champion()
            target = self._ledger.before(current) if to is None else to
            if target is None:
                raise SalespipeError(f"{self.name} has had no champion before v{current}.")
            self._version(target)
            if target == current:
                raise SalespipeError(f"{self.name} v{target} is champion already.")
            self.load(target)
            return self._move("rollback", target, current, by, reason)

    def history(self) -> list[Record]:
        """Every decision, oldest first."""
        return self._ledger.records() if self._known() else []

    def load(self, version: int) -> Any:
        """The model of a version, read from its files as today's code reads them.

        Raises:
            SalespipeError: they are not there, or no model that this version of salespipe knows.
        """
        from salespipe.modelling.predict import load_model

        try:
            return load_model(self.folder(version))
        except (SalespipeError, OSError, ValueError, KeyError) as error:
            raise SalespipeError(f"{self.name} v{version} can't be read: {error}") from error

    def folder(self, version: int) -> Path:
        """The files of a version's model on this machine.

        Raises:
            SalespipeError: they are not there.
        """
        import mlflow
        from mlflow.exceptions import MlflowException

        source = f"models:/{self.name}/{version}"
        try:
            found = mlflow.artifacts.download_artifacts(source, tracking_uri=self._uri)
        except (MlflowException, OSError) as error:
            raise SalespipeError(f"its files can't be had: {error}") from error
        if saved := sorted(Path(found).glob("artifacts/*/meta.json")):
            return saved[0].parent
        raise SalespipeError("its files are gone")

    def origin(self, version: int) -> dict[str, Any]:
        """Where a version comes from; JSON-ready.

        Returns:
            `run_id`, `git_commit`, `data_hash` (MD5 of the model input, which DVC knows it by),
            and `trained_as_of`, null where they were not recorded.
        """
        found = self._version(version)
        recorded = {key: found.tags.get(key) for key in ("git_commit", "data_hash")}
        return {"run_id": found.run_id, **recorded, "trained_as_of": found.tags.get("as_of")}

    def decision(self, version: int) -> dict[str, str | None]:
        """What was decided on a version: `verdict`, `approver`, `reason`, `decided_at`."""
        tags = self._version(version).tags
        return {key: tags.get(key) for key in ("verdict", "approver", "reason", "decided_at")}

    def report(self, version: int, name: str) -> dict[str, Any]:
        """A JSON report of a version's run, such as `metrics.json`; empty where it left none."""
        import mlflow
        from mlflow.exceptions import MlflowException

        run_id = self._version(version).run_id
        try:
            file = mlflow.artifacts.download_artifacts(
                run_id=run_id, artifact_path=name, tracking_uri=self._uri
            )
        except (MlflowException, OSError):
            return {}
        content: dict[str, Any] = json.loads(Path(file).read_text("utf-8"))
        return content

    def summary(self) -> dict[str, Any]:
        """Who is champion, by whose decision, and which version waits for one; JSON-ready."""
        version, newest = self.champion(), self.challenger()
        tags = {} if version is None else self._version(version).tags
        latest = {} if newest is None else self._version(newest).tags
        waits = newest != version and latest.get("approval") in ("pending", "held")
        return {
            "model": self.name,
            "version": version,
            "run_id": None if version is None else self._version(version).run_id,
            "approver": tags.get("approver"),
            "reason": tags.get("reason"),
            "decided_at": tags.get("decided_at"),
            "waiting": newest if waits else None,
            "waiting_for": latest.get("approval") if waits else None,
        }

    def _known(self) -> bool:
        return bool(self._client.search_registered_models(f"name = '{self.name}'"))

    def _aliased(self, alias: str) -> int | None:
        if not self._known():
            return None
        found = self._client.get_registered_model(self.name).aliases.get(alias)
        return None if found is None else int(found)

    def _version(self, version: int) -> ModelVersion:
        from mlflow.exceptions import MlflowException

        try:
            return self._client.get_model_version(self.name, str(version))
        except MlflowException as error:
            raise SalespipeError(f"{self.name} has no version {version}.") from error

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One decision at a time, after whatever was left open is written down."""
        import filelock

        self._lock.parent.mkdir(parents=True, exist_ok=True)
        try:
            with filelock.FileLock(self._lock, timeout=LOCK_SECONDS):
                self._ledger.catch_up(self.champion())
                yield
        except filelock.Timeout as error:
            raise SalespipeError(
                f"Another decision on {self.name} has been under way for {LOCK_SECONDS} seconds; "
                "try again."
            ) from error

    def _move(self, action: str, version: int, current: int | None, by: str, why: str) -> Record:
        record = self._ledger.write(action, version, current, by, why)
        self._tag(version, {"approval": APPROVALS[action], **record.signed()})
        self._client.set_registered_model_alias(self.name, CHAMPION, str(version))
        return record

    def _tag(self, version: int, tags: Mapping[str, str]) -> None:
        for key, value in tags.items():
            self._client.set_model_version_tag(self.name, str(version), key, value)


def _overtaken(version: int, against: int | None, current: int | None) -> str:
    named = ("no champion" if one is None else f"v{one}" for one in (against, current))
    return "v{} was compared with {}, but the champion is {} now: run again".format(version, *named)


def open_registry(root: Path, configured_uri: str, name: str) -> Registry:
    """The registry of one model as conf names it.

    Args:
        root: the project's folder.
        configured_uri: `tracking_uri` of `mlflow.yml`.
        name: `<env>-<model>`.
    """
    uri = tracking_uri(configured_uri, root)
    beside = (
        Path(uri.removeprefix(SQLITE)) if uri.startswith(SQLITE) else root / "data" / "registry"
    )
    return Registry(uri, name, beside.with_name(f"{beside.name}.{name}.lock"))
