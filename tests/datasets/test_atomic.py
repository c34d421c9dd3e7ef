"""Nothing half-written stays."""

from __future__ import annotations

import pytest

from salespipe.datasets.atomic import Atomic, replacing


def test_a_failed_write_leaves_the_old_file_and_nothing_beside(tmp_path):
    path = tmp_path / "deep" / "a.txt"
    with replacing(path) as beside:
        beside.write_text("old")

    def fail() -> None:
        with replacing(path) as beside:
            beside.write_text("half")
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "old"
    assert [p.name for p in path.parent.iterdir()] == ["a.txt"]


def test_a_folder_replaces_a_folder_whole(tmp_path):
    for name in ("first", "second"):
        with replacing(tmp_path / "model") as beside:
            beside.mkdir()
            (beside / name).touch()
    assert [p.name for p in (tmp_path / "model").iterdir()] == ["second"]


def test_what_a_killed_run_left_beside_is_cleared(tmp_path):
    (tmp_path / ".model.part").mkdir()
    (tmp_path / ".model.part" / "junk").touch()
    with replacing(tmp_path / "model") as beside:
        beside.mkdir()
    assert not list((tmp_path / "model").iterdir())


def test_any_library_dataset_is_saved_atomically(tmp_path):
    path = tmp_path / "figures.json"
    dataset = Atomic(filepath=str(path), dataset={"type": "json.JSONDataset"})
    dataset.save({"auc": 0.7})
    assert dataset.load() == {"auc": 0.7}
    with pytest.raises(Exception, match="not JSON serializable"):
        dataset.save({"auc": object()})
    assert dataset.load() == {"auc": 0.7}
    assert [p.name for p in tmp_path.iterdir()] == ["figures.json"]


def test_an_optional_file_may_be_missing(tmp_path):
    config = {"type": "json.JSONDataset"}
    path = str(tmp_path / "truth.json")
    assert Atomic(filepath=path, dataset=config, optional=True).load() is None
    with pytest.raises(Exception, match=r"truth\.json"):
        Atomic(filepath=path, dataset=config).load()
