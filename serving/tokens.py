"""Who may ask what: bearer tokens, of which only hashes are kept.

A token is 256 random bits, so a plain SHA-256 keeps it as safe as a slow hash would.

    python -m serving.tokens crm churn propensity --file tokens.json

prints a new token once and adds its hash to the file. Taking an entry out revokes it; servers see
that within a second or so.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from pathlib import Path

import click
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

EVERYTHING = "*"


class Token(BaseModel):
    """One app's token.

    Attributes:
        name: Whose it is; logs show it.
        sha256: Hash of the token, hexadecimal.
        scopes: Models it may ask, `metrics`, or `*` for everything.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    scopes: tuple[str, ...] = (EVERYTHING,)

    def allows(self, scope: str) -> bool:
        """Whether it may be used for a model, or for `metrics`."""
        return EVERYTHING in self.scopes or scope in self.scopes


_TOKENS = TypeAdapter(tuple[Token, ...])


class TokenError(ValueError):
    """The tokens can't be read; the message never holds one."""


def parse_tokens(text: str | bytes) -> tuple[Token, ...]:
    """Tokens of a JSON list.

    Raises:
        TokenError: it is no such list.
    """
    try:
        return _TOKENS.validate_json(text)
    except ValidationError as error:
        wrong = ", ".join(".".join(map(str, one["loc"])) or "the list" for one in error.errors())
        raise TokenError(f"tokens: not as they should be: {wrong}") from None


class Keyring:
    """The tokens that count now.

    Args:
        file: where they are kept; read again when it changes.
        given: further ones, as the file has them.
    """

    def __init__(self, file: Path | None, given: str | None) -> None:
        self._file = file
        self._given = parse_tokens(given) if given else ()
        self._seen: tuple[int, int] | None = None
        self._tokens: tuple[Token, ...] = self._given
        self.refresh()

    @property
    def is_open(self) -> bool:
        """Whether no token was ever asked for: then only this machine may ask."""
        return self._file is None and not self._given

    def refresh(self) -> None:
        """Read the file again if it changed.

        Raises:
            TokenError: it can't be read, or holds no list of tokens; those before stay.
        """
        if self._file is None:
            return
        try:
            stat = self._file.stat()
            if (seen := (stat.st_mtime_ns, stat.st_size)) == self._seen:
                return
            self._tokens = (*self._given, *parse_tokens(self._file.read_bytes()))
            self._seen = seen
        except OSError as error:
            raise TokenError(f"tokens: the file can't be read ({error.strerror})") from None

    def find(self, token: str) -> Token | None:
        """The entry of a token, in the same time whichever it is."""
        digest = hash_token(token)
        found = None
        for one in self._tokens:
            if hmac.compare_digest(one.sha256, digest):
                found = one
        return found


def hash_token(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def add_token(file: Path, name: str, scopes: tuple[str, ...]) -> str:
    """Make a token and add its hash to a file, which only its owner may read.

    Returns:
        The token; it is kept nowhere.
    """
    from salespipe.files import replacing

    known = list(parse_tokens(file.read_bytes())) if file.is_file() else []
    token = secrets.token_urlsafe(32)
    known.append(Token(name=name, sha256=hash_token(token), scopes=scopes))
    with replacing(file) as beside:
        beside.touch(mode=0o600)
        beside.write_text(json.dumps([one.model_dump() for one in known], indent=1) + "\n", "utf-8")
    return token


@click.command()
@click.argument("name")
@click.argument("scopes", nargs=-1)
@click.option("--file", type=click.Path(path_type=Path), default=Path("conf/local/tokens.json"),
              show_default=True, help="Where hashes are kept.")  # fmt: skip
def main(name: str, scopes: tuple[str, ...], file: Path) -> None:
    """Make a token for NAME with SCOPES: models, `metrics`, or everything if none is given."""
    click.echo(add_token(file, name, scopes or (EVERYTHING,)))
    click.echo(f"Its hash is in {file}; the token itself is shown only now.", err=True)


if __name__ == "__main__":
    main()
