"""The champions in office: loaded whole, tried before they are trusted, swapped in one step."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path

from salespipe.modelling.forecast.saved import ForecastModel
from salespipe.modelling.predict import load_model
from salespipe.parts import FORMAT, FRAMES, read_pointer
from serving.champions import CustomerChampion, ForecastChampion, PartError

logger = logging.getLogger("salespipe.serving")

RETRY_SECONDS = 60.0
"""After which a part that failed is tried again: what was wrong may have been this machine."""


class Champions:
    """The champions of a bundle, kept up to its pointer.

    Args:
        bundle: the folder.
    """

    def __init__(self, bundle: Path) -> None:
        self._bundle = bundle
        self._pointed: dict[str, str] = {}
        self._refused: dict[str, tuple[str, float]] = {}
        self.by_name: dict[str, CustomerChampion | ForecastChampion] = {}
        self.swaps = self.failures = 0

    @property
    def ready(self) -> bool:
        """Whether every champion that is in office is served."""
        return bool(self._pointed) and set(self.by_name) == set(self._pointed)

    def follow(self) -> list[str]:
        """Take up what the pointer says; a part that fails leaves the champion before in place.

        Returns:
            The models that changed.
        """
        pointed: dict[str, str] = read_pointer(self._bundle).get("parts", {})
        changed = []
        for name, part in pointed.items():
            held = self.by_name.get(name)
            current = held and held.folder == self._bundle / part
            refused, until = self._refused.get(name, ("", 0.0))
            if current or (refused == part and time.monotonic() < until):
                continue
            try:
                loaded = load_part(self._bundle, part)
            except Exception as error:
                self._refused[name] = (part, time.monotonic() + RETRY_SECONDS)
                self.failures += 1
                logger.exception("%s: not taken up: %s", part, type(error).__name__)
                continue
            self._refused.pop(name, None)
            self.by_name = {**self.by_name, name: loaded}
            self.swaps += held is not None
            changed.append(name)
        self._pointed = pointed or self._pointed
        gone = set(self.by_name) - set(self._pointed)
        if gone:
            self.by_name = {n: one for n, one in self.by_name.items() if n not in gone}
        return changed + sorted(gone)


def load_part(bundle: Path, part: str) -> CustomerChampion | ForecastChampion:
    """Load one champion and try it out.

    Raises:
        PartError: it is of another version of salespipe, or does not predict what it should.
    """
    folder = bundle / part
    facts = json.loads((folder / "facts.json").read_text("utf-8"))
    if facts["format"] != FORMAT:
        raise PartError("bundled by another version of salespipe")
    model = load_model(folder / "model")
    loaded: CustomerChampion | ForecastChampion
    if isinstance(model, ForecastModel):
        loaded = ForecastChampion(folder, facts, model)
    else:
        loaded = CustomerChampion(folder, facts, model, bundle / FRAMES)
    loaded.try_out()
    return loaded
