"""What changed since the champion: data, features, parameters, code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from salespipe.review.record import Candidate, Code, Dossier
from salespipe.review.words import count, joined

MOST_ROWS = 12
"""Of a table of changes; the rest is counted."""
SHORT = 12
"""Characters of a commit or a hash that are shown."""


@dataclass(frozen=True)
class Row:
    """One thing that changed."""

    what: str
    before: str
    now: str


@dataclass(frozen=True)
class Change:
    """One kind of change: what it comes to, and the single ones."""

    title: str
    sentence: str
    rows: tuple[Row, ...] = ()
    notes: tuple[str, ...] = ()


def changes_of(candidate: Candidate) -> tuple[Change, ...]:
    """Every kind of change since the champion it was compared with; empty without one."""
    if candidate.rival is None:
        return ()
    old, new = candidate.rival, candidate.dossier
    return (
        data_change(old, new),
        column_change(old, new),
        conf_change(old.facts.conf, new.facts.conf),
        code_change(old, new, candidate.code),
    )


def data_change(old: Dossier, new: Dossier) -> Change:
    """Rows and days that were learned from and judged on."""
    same = _tag(old, "data_hash") == _tag(new, "data_hash") != ""
    if same:
        return Change("Data", "The same rows, byte for byte.")
    before, now = (data_facts(one.metrics.get("rows", {})) for one in (old, new))
    rows = [
        Row(what, before.get(what, "none"), now.get(what, "none"))
        for what in dict.fromkeys([*before, *now])
        if before.get(what) != now.get(what)
    ]
    told = "Other rows than the champion had." if rows else "Other values in as many rows."
    return Change("Data", told, tuple(rows))


def data_facts(splits: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Counts, base rate and days of each part of the rows, in words."""
    names = {"train": "learned from", "valid": "chosen on", "test": "judged on"}
    found: dict[str, str] = {}
    for split, words in names.items():
        for key, text in _split_facts(splits.get(split, {})).items():
            found[f"{key}, {words}"] = text
    return found


def _split_facts(facts: Mapping[str, Any]) -> dict[str, str]:
    told = {}
    for key in ("rows", "customers", "origins", "series"):
        if facts.get(key) is not None:
            told[key] = f"{facts[key]:,}"
    if facts.get("base_rate") is not None:
        told["mean outcome"] = f"{facts['base_rate']:.3g}"
    if facts.get("first_cutoff"):
        told["days"] = f"{facts['first_cutoff']} to {facts['last_cutoff']}"
    return told


def column_change(old: Dossier, new: Dossier) -> Change:
    """Features, or series, that came and went."""
    what = "Series" if new.facts.series is not None else "Features"
    before, now = old.facts.columns, new.facts.columns
    came, went = sorted(set(now) - set(before)), sorted(set(before) - set(now))
    if not came and not went:
        return Change(what, f"The same {len(now)} {what.lower()}.")
    parts = [count(len(came), "came", "came")] if came else []
    parts += [count(len(went), "went", "went")] if went else []
    rows = [Row(name, "–", "new") for name in came] + [
        Row(name, "was read", "gone") for name in went
    ]
    return Change(what, f"{joined(parts)}, {len(set(now) & set(before))} stayed.", *_kept(rows))


def conf_change(old: Mapping[str, Any], new: Mapping[str, Any]) -> Change:
    """Parameters with other values."""
    rows = [
        Row(key, _value(old.get(key)), _value(new.get(key)))
        for key in sorted({*old, *new})
        if old.get(key) != new.get(key)
    ]
    if not rows:
        return Change("Parameters", "The same parameters.")
    return Change("Parameters", f"{count(len(rows), 'parameter')} changed.", *_kept(rows))


def _kept(rows: list[Row]) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    left = len(rows) - MOST_ROWS
    return tuple(rows[:MOST_ROWS]), (f"and {left} more",) if left > 0 else ()


def _value(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return str(value)


def code_change(old: Dossier, new: Dossier, code: Code) -> Change:
    """Commits and files between the two."""
    before, now = (_tag(one, "git_commit") for one in (old, new))
    dirty = [f"version {one.made.number}" for one in (old, new)
             if _tag(one, "git_commit").endswith("-dirty")]  # fmt: skip
    notes = (f"{joined(dirty)} was made with changes that were not committed.",) if dirty else ()
    if before == now and before:
        return Change("Code", f"The same commit, {before[:SHORT]}.", notes=notes)
    row = Row("commit", before[:SHORT] or "unknown", now[:SHORT] or "unknown")
    if code.obstacle:
        return Change("Code", f"It can’t be told what changed: {code.obstacle}.", (row,), notes)
    told = (
        f"{count(len(code.commits), 'commit')}, {count(len(code.files), 'file')} that make models."
    )
    files, more = code.files[:MOST_ROWS], len(code.files) - MOST_ROWS
    listed = [*files, *([f"and {more} more files"] if more > 0 else [])]
    return Change("Code", told, (row,), (*notes, *code.commits[:MOST_ROWS], *listed))


def _tag(dossier: Dossier, name: str) -> str:
    return dossier.made.tags.get(name, "")
