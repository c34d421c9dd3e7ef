"""Every command in README and tutorial is run by a test, or stands here with the reason why not."""

from __future__ import annotations

import shlex
import shutil
import subprocess

import pytest

from tests.clone import ROOT
from tests.docs.fences import Block, blocks
from tests.docs.test_walkthrough import OWN_ORDERS
from tests.real.test_businesses import FILES

NOT_RUN = {
    "make test": "this suite itself",
    "make run ENV=online_retail DATA=path/to/OnlineRetail.xlsx": "tests/real/test_businesses.py",
    "make run ENV=telco DATA=path/to/telco_churn.csv": "tests/real/test_businesses.py",
    "make run ENV=bank DATA=path/to/bank-additional-full.csv": "tests/real/test_businesses.py",
}
"""Commands of README that no walkthrough runs: where else they are run, or why they can't be."""
OTHER_PAGES = [
    f"docs/{name}.md" for name in ("how-to", "bring-your-own-data", "gate", "scores", "monitoring")
]


def commands(found: list[Block]) -> list[str]:
    return [one for block in found for one in block.commands]


def test_readmes_commands_are_the_tutorials_or_have_a_reason() -> None:
    walked = set(commands(blocks("docs/tutorial.md")))
    readme = commands(blocks("README.md"))
    assert len(readme) >= 6
    assert [one for one in readme if one not in walked | set(NOT_RUN)] == []
    assert set(NOT_RUN) <= set(readme)


def test_the_tutorials_own_orders_are_a_part_that_is_there() -> None:
    """The two parts that tests/real/test_tutorial.py runs, and the walkthrough leaves out."""
    sections = {block.section for block in blocks("docs/tutorial.md")}
    assert set(OWN_ORDERS) < sections


@pytest.mark.parametrize("command", NOT_RUN)
def test_what_is_not_run_here_is_known_to_make(command: str) -> None:
    make, *words = shlex.split(command)
    dry = [make, "-o", ".venv/.ready", "-n", *words]
    told = subprocess.run(dry, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert ("pytest" in told) if words == ["test"] else ("salespipe.loop --env" in told)


def test_the_real_businesses_of_readme_are_those_that_are_run() -> None:
    named = {one.split("ENV=")[1].split()[0] for one in NOT_RUN if "ENV=" in one}
    assert named == set(FILES)
    for command, (env, (_, file)) in zip(list(NOT_RUN)[1:], FILES.items(), strict=True):
        assert f"ENV={env} DATA=" in command
        assert file


@pytest.mark.parametrize("page", OTHER_PAGES)
def test_commands_of_other_pages_exist_with_their_options(page: str) -> None:
    """Not run, but every command, subcommand and option in them is known."""
    from click.testing import CliRunner

    from salespipe.cli import cli

    found = [one for one in commands(blocks(page)) if one.startswith("salespipe ")]
    assert found
    for command in found:
        _, name, *words = shlex.split(command.replace("$(date +%F)", "2024-01-01"), comments=True)
        told = CliRunner().invoke(cli, [name, "--help"])
        assert told.exit_code == 0, command
        for option in (word for word in words if word.startswith("--")):
            assert option in told.output, command


def test_bash_and_make_are_what_the_tutorial_needs() -> None:
    needed = (ROOT / "docs/tutorial.md").read_text("utf-8").split("\n\n")[1]
    for tool in ("make", "git", "curl"):
        assert f"`{tool}`" in needed
        assert shutil.which(tool), f"{tool} is needed for the tutorial"
