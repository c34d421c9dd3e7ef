"""The tutorial's part on one's own orders: from a CSV with other names to a served score."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.clone import run_in
from tests.docs.fences import Shell, blocks, make_small
from tests.docs.test_walkthrough import OWN_ORDERS


def test_from_ones_own_csv_to_a_served_score(copy_project: Callable[[], Path]) -> None:
    shell = Shell(copy_project())
    make_small(shell.folder)
    run_in(shell.folder, "kedro", "run", "--env", "demo", "--pipelines", "simulate")
    told = ""
    try:
        for block in blocks("docs/tutorial.md"):
            if block.section in OWN_ORDERS:
                inits = "salespipe init" in block.text
                for command in block.commands if inits else [block.text]:
                    told += shell.run(command)
                    if command.startswith("salespipe init"):
                        make_small(shell.folder, "acme")
    finally:
        shell.stop()
    assert "conf/acme/ is written" in told
    assert "promote" in told
    assert "0 fail" in told
    answer = json.loads(told[told.rindex('{"model"') :])
    assert 0 < answer["results"][0]["probability"] < 1
    assert answer["receipt"]["business"] == "acme"
