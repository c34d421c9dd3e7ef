"""What moves beyond what is normal is told; what is normal is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from salespipe.monitoring.drift import find_drift, lags_of
from salespipe.monitoring.effects import importance_of, put_back, with_effects
from salespipe.monitoring.movement import bound_of, js_distance
from salespipe.monitoring.profiles import profile_looks
from salespipe.params_monitor import DriftParams
from tests.monitoring.shop import columns, looks

PARAMS = DriftParams()


def drift(count=16, change=None, seed=0, params=PARAMS):
    history, champion = looks(count, change, seed)
    importance = importance_of(champion, history[0].rows, 7)
    profiles = profile_looks(history, columns(champion), params.bins)
    found = find_drift(history, profiles, importance, params)
    return with_effects(found, champion, history, 7)


def at_the_end(column, how, last=1, count=16):
    def change(frame, place):
        if place >= count - last:
            frame[column] = how(frame[column])
        return frame

    return change


def names(found):
    return {one.column for one in found.alarms}


@pytest.mark.parametrize("seed", range(8))
def test_quiet_months_raise_no_alarm(seed):
    assert names(drift(seed=seed)) == set()


def test_december_is_no_alarm_once_one_was_seen():
    """The thirteenth look back is a December too."""
    assert names(drift(count=26, seed=3)) == set()


def test_a_change_of_unit_is_a_fault_of_the_data_with_its_effect_on_scores():
    found = drift(change=at_the_end("spend_90d", lambda spend: spend * 100))
    alarm = next(one for one in found.alarms if one.column == "spend_90d")
    assert alarm.fault
    assert alarm.score_change > 0.2
    assert alarm.share > 0.5
    assert "money spent in the last 90 days" in alarm.words
    assert alarm.since == "2024-02-26"


def test_a_renamed_category_is_told_as_unknown():
    renamed = at_the_end("country", lambda country: country.replace("DE", "Deutschland"))
    (alarm,) = [one for one in drift(change=renamed).alarms if one.column == "country"]
    assert alarm.kind == "absent"
    assert alarm.fault
    assert "now" in alarm.words


def test_values_gone_missing_are_told():
    gone = at_the_end("visits_30d", lambda visits: visits.where(np.arange(len(visits)) % 2 == 0))
    found = drift(change=gone)
    assert "visits_30d" in names(found)
    assert found.moved_share == pytest.approx(0, abs=0.05)


def test_a_shift_is_no_fault_and_says_since_when():
    found = drift(change=at_the_end("spend_90d", lambda spend: spend * 1.6, last=3))
    alarm = next(one for one in found.alarms if one.column == "spend_90d")
    assert not alarm.fault
    assert alarm.since == "2024-01-01"
    assert found.moved_share > 0.5


def test_the_reference_is_what_the_champion_learned_from_last():
    history, _ = looks()
    assert lags_of(history, PARAMS) == (1, 5)
    assert lags_of(looks(20)[0], PARAMS) == (1, 6)
    assert lags_of(history[:10], PARAMS) == (1, 2)
    assert lags_of([replace(one, learned=False) for one in history], PARAMS) == (1,)


def test_too_little_is_called_just_that():
    assert "too little history" in drift(count=6).obstacle
    assert "too few to tell" in drift(params=DriftParams(min_rows=1000)).obstacle


def test_the_distance_is_scipys():
    rng = np.random.default_rng(0)
    one, other = rng.dirichlet(np.ones(9)), rng.dirichlet(np.ones(9))
    assert js_distance(one, other) == pytest.approx(jensenshannon(one, other, base=2))
    assert js_distance(one, one) == pytest.approx(0)
    assert js_distance(one, np.zeros(9)) == 0


@pytest.mark.parametrize("count", [6, 12, 24])
def test_a_quiet_record_rarely_exceeds_its_bound(count):
    rng = np.random.default_rng(count)
    records = rng.normal(0, 0.35, (4000, count + 1))
    over = [np.exp(row[-1]) > bound_of(row[:-1], 0.05) for row in records]
    assert np.mean(over) < 0.075


def test_each_look_has_its_own_shares_and_looks_with_nothing_have_none():
    history, champion = looks(count=9)
    history[3] = replace(history[3], rows=history[3].rows.assign(spend_90d=np.nan, country=None))
    history[4] = replace(history[4], rows=history[4].rows.head(0))
    spend, country = (
        next(one for one in profile_looks(history, columns(champion), 10) if one.name == name)
        for name in ("spend_90d", "country")
    )
    assert (spend.rows[4], spend.absent[3], country.absent[3]) == (0, 1, 1)
    for one in (spend, country):
        assert one.shares.sum(axis=1) == pytest.approx([1, 1, 1, 0, 0, 1, 1, 1, 1])
    rows = history[6].rows
    assert spend.middle[6] == np.median(rows["spend_90d"])
    germans = country.shares[6, country.labels.index("DE")]
    assert germans == pytest.approx(float((rows["country"] == "DE").mean()))


def test_a_column_can_be_put_back_to_its_reference():
    import pandas as pd

    now, before = pd.Series(np.arange(1000.0) + 500), pd.Series(np.arange(1000.0))
    back = put_back(now, before, 7)
    assert np.median(back) == pytest.approx(500, abs=40)
    assert np.all(np.diff(back) >= 0)
