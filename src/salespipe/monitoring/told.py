"""A movement in words: what moved from where to where, since when, and whether it is a fault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from salespipe.features import feature_help
from salespipe.monitoring.looks import PREDICTION, Look
from salespipe.monitoring.movement import shape_distances
from salespipe.monitoring.profiles import Profile

NEW_SHARE = 0.2
"""Of values beyond all that was ever seen: no shift of habits does that from one look to the
next."""
NAMES = {PREDICTION: "the scores", "label": "the outcome"}


def since(profile: Profile, row: Mapping[str, Any], looks: Sequence[Look]) -> str:
    """The first look from which on the column stays beyond the limit of its reference."""
    first = len(looks) - 1 - row["lag"]
    later = range(first + 1, len(looks))
    if row["kind"] == "shape":
        moved = [shape_distances([profile], i, first)[0] for i in later]
    else:
        moved = [abs(profile.absent[i] - profile.absent[first]) for i in later]
    quiet = [i for i, distance in zip(later, moved, strict=True) if distance <= row["limit"]]
    return looks[(max(quiet) if quiet else first) + 1].name


def in_words(profile: Profile, row: Mapping[str, Any]) -> str:
    """What moved from where to where."""
    back = -1 - row["lag"]
    name = NAMES.get(profile.name) or feature_help(profile.name)
    if row["kind"] == "absent":
        old, new = profile.absent[back], profile.absent[-1]
        return f"{name}: {old:.0%} missing or unknown, now {new:.0%}"
    if np.isfinite(profile.middle[-1]) and profile.middle[-1] != profile.middle[back]:
        return f"{name}: in the middle {profile.middle[back]:.4g}, now {profile.middle[-1]:.4g}"
    place = int(np.argmax(np.abs(profile.shares[-1] - profile.shares[back])))
    old, new = profile.shares[back][place], profile.shares[-1][place]
    return f"{name}: {profile.labels[place]} made up {old:.0%}, now {new:.0%}"


def is_fault(profile: Profile, row: Mapping[str, Any]) -> bool:
    """Whether values went missing, or are such as were never seen before."""
    if row["kind"] == "absent":
        return bool(profile.absent[-1] > profile.absent[-1 - row["lag"]])
    if not np.isfinite(profile.middle[-1]):
        return False
    new = profile.shares[:, [0, -1]].sum(axis=1)
    return bool(new[-1] - new[:-1].max() > NEW_SHARE)
