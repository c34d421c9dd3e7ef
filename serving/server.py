"""One worker's state: settings, tokens, champions, log, and the thread that keeps them current."""

from __future__ import annotations

import gc
import logging
import threading

from serving.log import PredictionLog
from serving.observe import log_as_json, metrics
from serving.office import Champions
from serving.settings import Settings
from serving.tokens import Keyring, TokenError

logger = logging.getLogger("salespipe.serving")


class Server:
    """Everything that answers share; it loads nothing before `start`.

    Args:
        settings: how it runs.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.keyring = Keyring(settings.tokens, settings.token_list)
        self.champions = Champions(settings.bundle)
        self.log: PredictionLog | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="follow", daemon=True)

    def start(self) -> None:
        """Load the champions, and keep up with their pointer and the tokens from here on."""
        log_as_json()
        if self.keyring.is_open:
            logger.warning("no tokens are set: only this machine may ask")
        if self.settings.log is not None:
            self.log = PredictionLog(
                self.settings.log,
                key=self.settings.log_key,
                plain_ids=self.settings.log_plain_ids,
                max_mb=self.settings.log_max_mb,
                dropped=metrics().dropped.inc,
            )
        self._update()
        self._thread.start()

    def stop(self) -> None:
        """Write out the log."""
        self._stop.set()
        if self.log is not None:
            self.log.close()

    @property
    def alive(self) -> bool:
        """Whether the thread that follows still does."""
        return self._thread.is_alive()

    @property
    def ready(self) -> bool:
        """Whether every champion in office can be asked."""
        return self.champions.ready

    def _follow(self) -> None:
        while not self._stop.wait(self.settings.follow_seconds):
            try:
                self._update()
            except Exception:
                logger.exception("could not follow the champions")

    def _update(self) -> None:
        try:
            self.keyring.refresh()
        except TokenError as error:
            logger.error("%s; those known before still count", error)
        failed = self.champions.failures
        changed = self.champions.follow()
        if changed:
            tidy_up()
        for name in changed:
            champion = self.champions.by_name.get(name)
            if champion is not None:
                facts = {"model": name, "version": champion.version}
                logger.info("champion taken up", extra={"facts": facts})
                metrics().taken_up(name, champion.version)
        metrics().failures.inc(self.champions.failures - failed)


def tidy_up() -> None:
    """Keep the collector off what stays, which would hold up answers; let go of what left."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
