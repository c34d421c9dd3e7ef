"""Versions as review pages need them, and the pages where people find them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset, DatasetError

from salespipe.files import remove, replacing
from salespipe.store import tracking_uri

if TYPE_CHECKING:
    from salespipe.review.pages import Pages
    from salespipe.review.record import Business


class Versions(AbstractDataset["None", "Business"]):
    """All models of a business with their versions, and those whose pages are due.

    Args:
        business: what registered names begin with.
        tracking_uri: as `mlflow.yml` has it.
        model: pages of this model alone.
    """

    def __init__(
        self,
        *,
        business: str,
        tracking_uri: str,
        model: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._business = business
        self._configured = tracking_uri
        self._model = model
        self.metadata = metadata

    def load(self) -> Business:
        from salespipe.versions import read_business

        return read_business(Path.cwd(), self._configured, self._business, self._model)

    def save(self, data: None) -> None:  # noqa: ARG002 - Kedro's own signature
        raise DatasetError("training registers versions, no dataset does")

    def _describe(self) -> dict[str, Any]:
        return {"business": self._business, "model": self._model}


class ReviewPages(AbstractDataset["Pages", "None"]):
    """Pages as files beside the other reports, and as artifacts of their versions' runs.

    `<model>/review_v<N>.html` a version, `<model>/review.html` the newest one's, `review.html` the
    index.

    Args:
        folder: the business's reports.
        tracking_uri: as `mlflow.yml` has it.
    """

    def __init__(
        self, *, folder: str, tracking_uri: str, metadata: dict[str, Any] | None = None
    ) -> None:
        self._folder = Path(folder)
        self._configured = tracking_uri
        self.metadata = metadata

    def load(self) -> None:
        raise DatasetError("pages are for people; what they hold is in MLflow")

    def save(self, data: Pages) -> None:
        from salespipe.review.pages import INDEX, page_name

        for one in data.pages:
            folder = self._folder / one.model
            for left in folder.glob(".review*.part"):  # of a run that was killed
                remove(left)
            names = [page_name(one.number), *([INDEX] if one.newest else [])]
            for name in names:
                write_text(folder / name, one.here)
        write_text(self._folder / INDEX, data.index)
        self._log(data)

    def _log(self, data: Pages) -> None:
        import mlflow

        from salespipe.review.pages import INDEX

        client = mlflow.MlflowClient(tracking_uri(self._configured, Path.cwd()))
        for one in data.pages:
            client.log_text(one.run_id, one.away, INDEX)

    def _exists(self) -> bool:
        return self._folder.exists()

    def _describe(self) -> dict[str, Any]:
        return {"folder": self._folder.as_posix()}


def write_text(file: Path, text: str) -> None:
    """A text file, whole or not at all."""
    with replacing(file) as beside:
        beside.write_text(text, "utf-8")


def refresh_reviews(env: str, configured: str, model: str) -> None:
    """Write a model's pages again, after a decision of a person."""
    from salespipe.review.pages import pages_of

    versions = Versions(business=env, tracking_uri=configured, model=model)
    pages = ReviewPages(folder=f"data/08_reporting/{env}", tracking_uri=configured)
    pages.save(pages_of(versions.load()))
