"""`kedro viz run` asks nobody, and its page may not either."""

from __future__ import annotations

import subprocess
import sys

import pytest

from salespipe.viz import POLICY, keep_viz_at_home

VERSION = """
import sys
sys.argv = ["kedro", *sys.argv[1:]]
import requests

def get(url, **_):
    print("asked", url)
    raise requests.exceptions.ConnectionError

requests.get = get
from salespipe import settings
from kedro_viz.api.rest.responses.version import get_version_response
from kedro_viz.api import apps
told = get_version_response()
print("newer:", told.is_outdated)
print(apps.HTMLResponse("page").headers.get("content-security-policy"))
"""


def ask(*words: str) -> list[str]:
    command = [sys.executable, "-W", "ignore", "-c", VERSION, *words]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [line for line in told.splitlines() if "logging" not in line]


def test_no_registry_is_asked_for_a_newer_version_and_the_page_loads_its_own_only() -> None:
    assert ask("viz", "run") == ["newer: False", POLICY]


def test_without_us_it_would_ask() -> None:
    """Else the test above could not fail."""
    asked, *_, policy = ask("run")
    assert asked.startswith("asked https://")
    assert policy == "None"


@pytest.mark.parametrize("words", [["kedro"], ["kedro", "run"], ["kedro", "run", "viz"]])
def test_other_commands_do_not_load_it(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", words)
    monkeypatch.delitem(sys.modules, "kedro_viz.integrations.pypi", raising=False)
    keep_viz_at_home()
    assert "kedro_viz.integrations.pypi" not in sys.modules
