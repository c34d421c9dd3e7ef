"""Tokens are kept as hashes, in a file that only its owner reads."""

from __future__ import annotations

import json
import stat

import pytest
from click.testing import CliRunner
from serving.tokens import Keyring, TokenError, add_token, hash_token, main, parse_tokens


def test_a_token_is_shown_once_and_never_kept(tmp_path):
    file = tmp_path / "conf" / "tokens.json"
    made = CliRunner().invoke(main, ["crm", "churn", "forecast", "--file", str(file)])
    assert made.exit_code == 0
    token = made.stdout.strip()
    assert token not in file.read_text()
    (kept,) = json.loads(file.read_text())
    assert kept == {"name": "crm", "sha256": hash_token(token), "scopes": ["churn", "forecast"]}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_further_tokens_leave_the_first_ones(tmp_path):
    file = tmp_path / "tokens.json"
    tokens = [add_token(file, name, ("*",)) for name in ("a", "b", "c")]
    keyring = Keyring(file, None)
    assert [keyring.find(token).name for token in tokens] == ["a", "b", "c"]
    assert keyring.find("another") is None


def test_tokens_of_the_environment_count_too(tmp_path):
    given = json.dumps([{"name": "env", "sha256": hash_token("t"), "scopes": ["churn"]}])
    keyring = Keyring(None, given)
    assert not keyring.is_open
    assert keyring.find("t").allows("churn")
    assert not keyring.find("t").allows("propensity")


def test_an_empty_file_lets_nobody_in(tmp_path):
    file = tmp_path / "tokens.json"
    file.write_text("[]")
    keyring = Keyring(file, None)
    assert not keyring.is_open
    assert keyring.find("") is None


@pytest.mark.parametrize(
    "text", ["{", "{}", '[{"name": "a"}]', '[{"name": "a", "sha256": "secret-token"}]']
)
def test_what_is_no_list_of_tokens_is_refused_without_showing_it(text):
    with pytest.raises(TokenError) as error:
        parse_tokens(text)
    assert "secret-token" not in str(error.value)


def test_a_missing_file_is_an_error_not_an_open_door(tmp_path):
    with pytest.raises(TokenError, match="can't be read"):
        Keyring(tmp_path / "none.json", None)
