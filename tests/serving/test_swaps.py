"""A new champion takes over between two answers; a bad one never does."""

from __future__ import annotations

import contextlib
import json
import shutil
import threading
import time

import pytest
from serving.office import Champions

from salespipe.files import write_json
from salespipe.parts import POINTER, read_pointer


@pytest.fixture
def bundle(shop, tmp_path):
    """A copy of the bundle that a test may break."""
    return shutil.copytree(shop.bundle, tmp_path / "bundle")


def new_part(bundle, version, change=lambda _: None):
    """Puts a copy of churn's part in office under another version."""
    (old,) = (bundle / "churn").glob("v1-*")
    part = shutil.copytree(old, bundle / "churn" / f"v{version}-test")
    facts = json.loads((part / "facts.json").read_text())
    write_json(part / "facts.json", facts | {"version": version})
    change(part)
    point(bundle, f"churn/{part.name}")


def point(bundle, part):
    pointer = read_pointer(bundle)
    write_json(bundle / POINTER, pointer | {"parts": pointer["parts"] | {"churn": part}})


def wait_for(condition, seconds=10):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)


def version_told(client):
    answer = client.post("/churn/score", {"entities": [{"customer_id": "nobody"}]}).json()
    assert answer["receipt"]["version"] == answer["version"]
    return answer["version"]


def test_a_new_champion_is_taken_up_and_rolled_back(bundle, serve):
    client = serve(bundle=bundle, follow_seconds=0.05).client
    before = read_pointer(bundle)["parts"]["churn"]
    assert version_told(client) == 1
    new_part(bundle, 7)
    wait_for(lambda: version_told(client) == 7)
    point(bundle, before)
    wait_for(lambda: version_told(client) == 1)


def test_no_request_is_lost_while_champions_change(bundle, serve):
    served = serve(bundle=bundle, follow_seconds=0.02)
    seen, failed, stop = set(), [], threading.Event()

    def ask():
        while not stop.is_set():
            answer = served.client.post("/churn/score", {"entities": [{"customer_id": "x"}]})
            (failed.append(answer.text) if answer.status_code != 200 else None)
            seen.add(answer.json().get("version"))

    asking = threading.Thread(target=ask)
    asking.start()
    for version in (2, 3, 4):
        new_part(bundle, version)
        wait_for(lambda version=version: version in seen)
    stop.set()
    asking.join()
    assert not failed
    assert seen == {1, 2, 3, 4}


def spoil_golden(part):
    golden = json.loads((part / "golden.json").read_text())
    golden[0]["prediction"] += 1e-6
    write_json(part / "golden.json", golden)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(spoil_golden, id="predicts otherwise than registered"),
        pytest.param(lambda part: (part / "model/schema.json").unlink(), id="a file is missing"),
        pytest.param(lambda part: (part / "facts.json").write_text("{"), id="half a file"),
        pytest.param(
            lambda part: write_json(
                part / "facts.json", json.loads((part / "facts.json").read_text()) | {"format": 99}
            ),
            id="another layout",
        ),
    ],
)
def test_a_bad_champion_leaves_the_old_one_in_place(bundle, spoil):
    champions = Champions(bundle)
    champions.follow()
    new_part(bundle, 9, spoil)
    assert champions.follow() == []
    assert champions.failures == 1
    assert champions.by_name["churn"].version == 1
    assert champions.follow() == []
    assert champions.failures == 1, "it is not tried again at once"
    new_part(bundle, 10)
    assert champions.follow() == ["churn"]
    assert champions.by_name["churn"].version == 10


def test_what_failed_once_is_tried_again_later(bundle, monkeypatch):
    champions = Champions(bundle)
    champions.follow()
    new_part(bundle, 9)
    with monkeypatch.context() as patch:
        patch.setattr("serving.office.load_model", lambda _: 1 / 0)
        patch.setattr("serving.office.RETRY_SECONDS", 0.0)
        assert champions.follow() == []
    assert champions.follow() == ["churn"]


def test_a_server_without_its_champions_is_alive_but_not_ready(tmp_path, serve):
    served = serve(bundle=tmp_path / "nothing")
    assert not served.server.ready
    assert served.server.alive
    answer = served.client.post("/churn/score", {"entities": [{"customer_id": "x"}]})
    assert answer.status_code == 404


def test_one_champion_that_can_t_be_loaded_makes_the_server_not_ready(bundle, serve):
    part = bundle / read_pointer(bundle)["parts"]["churn"]
    spoil_golden(part)
    served = serve(bundle=bundle)
    assert not served.server.ready
    assert set(served.server.champions.by_name) == {"offers", "forecast"}


def test_a_bundle_follows_the_registry_and_the_tables(shop, tmp_path):
    from salespipe.bundle import update_bundle

    with contextlib.chdir(shop.folder):
        folder = tmp_path / "bundle"
        first = update_bundle(shop.business, {"churn": 1}, folder)
        stamp = (folder / POINTER).stat().st_mtime_ns
        assert update_bundle(shop.business, {"churn": 1}, folder) == first
        assert (folder / POINTER).stat().st_mtime_ns == stamp, "nothing changed, nothing written"
        orders = shop.folder / "data/03_primary/demo/orders.parquet"
        orders.touch()
        second = update_bundle(shop.business, {"churn": 1}, folder)
    assert second != first
    assert (folder / second["churn"] / "facts.json").is_file()


def test_old_parts_are_forgotten_but_for_a_few(shop, tmp_path):
    from salespipe.bundle import KEPT_PARTS, update_bundle

    folder = tmp_path / "bundle"
    for version in range(20, 26):
        (folder / "churn" / f"v{version}-old").mkdir(parents=True)
    with contextlib.chdir(shop.folder):
        parts = update_bundle(shop.business, {"churn": 1}, folder)
    kept = {part.name for part in (folder / "churn").iterdir()}
    assert parts["churn"].removeprefix("churn/") in kept
    assert len(kept) == 1 + KEPT_PARTS


def test_one_champion_that_can_t_be_read_does_not_hold_up_the_others(shop, tmp_path):
    from salespipe.bundle import update_bundle
    from salespipe.errors import SalespipeError

    folder = tmp_path / "bundle"
    with contextlib.chdir(shop.folder):
        first = update_bundle(shop.business, {"churn": 1}, folder)
        with pytest.raises(SalespipeError, match=r"churn v99: .*rollback churn"):
            update_bundle(shop.business, {"churn": 99, "offers": 1}, folder)
    parts = read_pointer(folder)["parts"]
    assert parts["churn"] == first["churn"]
    assert parts["offers"].startswith("offers/v1-")


def test_tables_that_are_gone_are_said_plainly(shop):
    from dataclasses import replace

    from salespipe.errors import SalespipeError

    elsewhere = replace(shop.business, env="gone")
    with pytest.raises(SalespipeError, match="holds no tables: `make run ENV=gone`"):
        elsewhere.tables()


def test_nobody_in_office_is_said_plainly(shop, tmp_path):
    from salespipe.bundle import update_bundle
    from salespipe.errors import SalespipeError

    with pytest.raises(SalespipeError, match="no champion to serve"):
        update_bundle(shop.business, {}, tmp_path)
