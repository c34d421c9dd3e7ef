"""From what was found to ok, watch or retrain."""

from __future__ import annotations

import pytest

from salespipe.modelling.gaps import Gap
from salespipe.monitoring.bias import Bias
from salespipe.monitoring.decide import Found, decide
from salespipe.monitoring.drift import Alarm, Drift
from salespipe.monitoring.feeds import Silence
from salespipe.monitoring.quality import Finding, Quality
from salespipe.params_monitor import MonitorParams


def alarm(column="spend_90d", share=0.3, change=0.05, fault=False):
    return Alarm(column, "shape", 0.4, 0.1, 0.2, "2024-01-01", "2024-02-01", f"{column} moved",
                 fault, share, change)  # fmt: skip


def drift(*alarms):
    return Found(drift=Drift(alarms=alarms))


LOSS = Quality(findings=(Finding("roc_auc", "2024", 0.6, 0.7, "auc fell", loss=True),))
LEVEL = Quality(findings=(Finding("ece", "2024", 0.2, 0.1, "off", loss=False),))
ABOVE = Gap("gender", "selection_rate", 0.2, 0.15, 0.25, ("f", "m"), 0.1, "above")
SILENT = Silence("events", "2024-01-01", 20, 2)


@pytest.mark.parametrize(
    ("found", "level"),
    [
        (Found(), "ok"),
        (drift(alarm()), "retrain"),
        (drift(alarm(change=0.0)), "watch"),
        (drift(alarm(share=0.15)), "watch"),
        (drift(alarm(share=0.01, change=0.001)), "ok"),
        (drift(alarm(fault=True)), "watch"),
        (drift(alarm(), alarm("other", fault=True)), "watch"),
        (Found(quality=LOSS), "retrain"),
        (Found(quality=LEVEL), "watch"),
        (Found(quality=LOSS, feeds=(SILENT,)), "watch"),
        (Found(feeds=(SILENT,)), "watch"),
        (Found(bias=Bias(gaps=(ABOVE,))), "watch"),
        (Found(outcomes=Drift(alarms=(alarm("label"),))), "watch"),
    ],
)
def test_the_gravest_reason_decides(found, level):
    assert decide(found, MonitorParams()).level == level


def test_a_fault_is_mended_before_anything_is_learned():
    told = decide(drift(alarm(), alarm("other", fault=True)), MonitorParams())
    assert "mend the source, do not retrain" in told.reasons[0].words
    assert "not to be learned" in told.reasons[1].words


def test_reasons_say_what_how_much_since_when_and_what_it_did():
    (reason,) = decide(drift(alarm()), MonitorParams()).reasons
    for words in ("spend_90d moved", "0.40", "2024-01-01", "since 2024-02-01", "+0.050"):
        assert words in reason.words


def test_what_cannot_be_told_is_said():
    told = decide(Found(quality=Quality(obstacle="no outcome yet")), MonitorParams())
    assert told.untold == ("quality: no outcome yet",)


def test_crossed_attributes_are_told_where_none_alone_is_above():
    both = Gap("gender & age", "selection_rate", 0.3, 0.2, 0.4, ("f & 1", "m & 2"), 0.1, "above")
    alone = decide(Found(bias=Bias(gaps=(ABOVE, both))), MonitorParams())
    assert [one.words.split(":")[0] for one in alone.reasons] == ["selection rate by gender"]
    crossed = decide(Found(bias=Bias(gaps=(both,))), MonitorParams())
    assert "gender & age" in crossed.reasons[0].words
