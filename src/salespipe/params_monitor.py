"""Conf of monitoring as types."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from salespipe.params import Params

Level = Literal["ok", "watch", "retrain"]


class DriftParams(Params):
    """How movement is measured, and what movement is normal."""

    step_days: int = Field(28, gt=0)
    """Days between two looks back: whole weeks, so that no weekday counts twice."""
    max_looks: int = Field(20, ge=3)
    """At most so many looks back, the latest: a year and the longest lag, so that a season is in it
    and what a business was in its first months is not."""
    min_history_days: int = Field(90, ge=0)
    """Days of orders before the first look."""
    blocks: int = Field(12, ge=4)
    """Tables without days: rows in order are cut into so many looks."""
    bins: int = Field(10, ge=3)
    """Of a number, of equal counts over the earlier looks."""
    min_rows: int = Field(200, gt=0)
    """Of a look, to tell anything."""
    min_pairs: int = Field(5, ge=3)
    """Earlier movements of a column, to know what is normal for it."""
    max_lag: int = Field(6, ge=1)
    """Looks back to the reference, at most; the champion's last day of learning if later."""
    alpha: float = Field(0.05, gt=0, lt=1)
    """Share of quiet checks that may raise any alarm, by the largest movement of all columns."""
    min_distance: float = Field(0.1, ge=0, le=1)
    """Jensen-Shannon distance below which no movement matters, however sure it is."""
    min_nulls: float = Field(0.05, ge=0, le=1)
    """Change of the share of missing or unknown values below which it does not matter."""
    min_weight: float = Field(0.2, ge=0, le=1)
    """Of a column that the champion hardly reads, against the average column's 1."""
    max_rows: int = Field(20_000, gt=0)
    """Of a look; more are drawn from by a hash of the customer."""


class QualityParams(Params):
    """What scores that were given have to keep of the test period's promise."""

    max_drop: float = Field(0.02, ge=0)
    """Of the headline figure below the promise, beyond its normal movement, to be a loss."""
    max_ece_excess: float = Field(0.05, ge=0)
    """Of the calibration error above the promise."""
    max_looks: int = Field(12, gt=0)
    """Looks with known outcomes that are judged, the latest."""
    min_outcomes: int = Field(30, gt=0)
    """Rows of the rarer outcome, to judge by."""
    bootstrap_samples: int = Field(300, gt=0)
    """For the intervals of each look; the promise has the training's own."""
    max_wape_ratio: float = Field(1.5, gt=1)
    """Of a forecast's error against what the test promised."""
    min_days: int = Field(14, gt=0)
    """Days of a forecast that have come true, to judge by."""


class WebhookParams(Params):
    """Where a decision is sent to, signed."""

    url: str | None = None
    """None sends nothing."""
    secret_env: str = "SALESPIPE_WEBHOOK_SECRET"  # noqa: S105 - a name, no secret
    """Environment variable with the key of the signature."""
    at: Literal["watch", "retrain", "always"] = "watch"
    """From which decision on."""
    tries: int = Field(4, ge=1)
    """In all, where a try failed in passing."""
    timeout_s: float = Field(10.0, gt=0)
    """Seconds that one try may take."""


class MonitorParams(Params):
    """What is watched, and from where on it is an alarm."""

    models: tuple[str, ...] = ()
    """Empty takes every model that has a champion."""
    as_of: date | None = None
    """None takes the day after the last order."""
    today: date | None = None
    """The calendar's day, to see that the whole feed has stopped; None does not look."""
    max_silent_days: int = Field(7, gt=0)
    """Days the orders may be behind the calendar beyond their longest pause."""
    watch_share: float = Field(0.1, ge=0, le=1)
    """Share of the champion's importance that has to have moved to be worth a look,"""
    watch_change: float = Field(0.01, ge=0)
    """or the mean change of its scores by one column."""
    retrain_share: float = Field(0.25, gt=0, le=1)
    """Share of its importance that has to have moved for a retraining,"""
    retrain_change: float = Field(0.02, ge=0)
    """and the mean change of its scores by one column."""
    report_rows: int = Field(5000, ge=100)
    """Of each side drawn into the HTML reports."""
    drift: DriftParams = DriftParams()
    quality: QualityParams = QualityParams()
    webhook: WebhookParams = WebhookParams()
    seed: int = 7
    """Of every draw by chance here."""
