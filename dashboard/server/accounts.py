"""The file of accounts: names, roles and passwords that cannot be read back."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from dashboard.policy.access import EDITOR, GUEST
from data.errors import UserError
from engine.runs.folder.files import read_json, write_json

__all__ = ["Account", "put_account", "read_accounts", "remove_account", "secret_of", "verify"]

VERSION = 1
#: Shortest password.
SHORTEST = 8
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
#: Cost of scrypt: 32 MB and some 0.1 s for one guess (RFC 7914).
_COST = {"n": 2**15, "r": 8, "p": 1, "maxmem": 2**26}


@dataclass(frozen=True)
class Account:
    """Somebody who may log in.

    Parameters
    ----------
    role
        ``editor`` or ``guest``.
    salt, digest
        Of the password, hexadecimal.
    """

    role: str
    salt: str
    digest: str


def read_accounts(path: Path) -> dict[str, Account]:
    """Read the accounts by name.

    Raises
    ------
    UserError
        The file is missing, damaged, or may be read by others.
    """
    try:
        content = read_json(path)
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        raise UserError(
            f"The accounts in {path} cannot be read.",
            "`via-obscura accounts FILE --add NAME` makes them.",
        ) from error
    if mode & 0o077:
        raise UserError(
            f"The accounts in {path} can be read by others on this machine.", f"chmod 600 {path}"
        )
    users = content.get("accounts") if isinstance(content, dict) else None
    if not isinstance(users, dict) or content.get("version") != VERSION:  # type: ignore[union-attr]
        raise UserError(f"The file {path} contains no accounts.")
    try:
        accounts = {str(name): Account(**fields) for name, fields in users.items()}
    except TypeError:
        raise UserError(f"The file {path} contains damaged accounts.") from None
    for name, account in accounts.items():
        fine = all(isinstance(text, str) for text in (account.salt, account.digest))
        if account.role not in (EDITOR, GUEST) or not fine or not _NAME.fullmatch(name):
            raise UserError(f"The account {name[:64]!r} in {path} is damaged.")
    return accounts


def put_account(path: Path, name: str, password: str, role: str) -> None:
    """Add an account, or change its password and role.

    Raises
    ------
    UserError
        The name or the password will not do, or the file cannot be written.
    """
    if not _NAME.fullmatch(name):
        raise UserError(
            f"{name[:64]!r} is not a valid account name.", "Use letters, digits and . _ @ - only."
        )
    if len(password) < SHORTEST:
        raise UserError(f"A password has at least {SHORTEST} characters.")
    accounts = read_accounts(path) if path.exists() else {}
    salt = secrets.token_bytes(16)
    accounts[name] = Account(role, salt.hex(), _digest(password, salt))
    _write(path, accounts)


def remove_account(path: Path, name: str) -> None:
    """Remove an account.

    Raises
    ------
    UserError
        There is none of this name.
    """
    accounts = read_accounts(path)
    if accounts.pop(name, None) is None:
        raise UserError(f"No account {name[:64]!r} in {path}.")
    _write(path, accounts)


def verify(account: Account | None, password: str) -> bool:
    """Compare a password with that of an account, in the same time whether there is one or not."""
    salt = bytes.fromhex(account.salt) if account else bytes(16)
    right = account.digest if account else ""
    return hmac.compare_digest(_digest(password, salt), right)


def secret_of(home: Path) -> str:
    """Give the secret by which this home's server signs; made once, for the owner's eyes only.

    It outlives the server, so that pages and logins survive its restart.

    Raises
    ------
    UserError
        It cannot be kept.
    """
    path = home / ".server-secret"
    try:
        home.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        text = path.read_text().strip()
        if len(text) >= 32 and not path.stat().st_mode & 0o077:
            return text
        path.unlink()  # cut short, or readable by others: made anew
        return secret_of(home)
    except OSError:
        return secrets.token_hex(32)  # a home that cannot be written: one for this start
    with os.fdopen(descriptor, "w") as stream:
        stream.write(secrets.token_hex(32))
    return path.read_text()


def _digest(password: str, salt: bytes) -> str:
    return hashlib.scrypt(password.encode(), salt=salt, **_COST).hex()


def _write(path: Path, accounts: dict[str, Account]) -> None:
    content = {"version": VERSION, "accounts": {n: vars(a) for n, a in sorted(accounts.items())}}
    before = os.umask(0o077)
    try:
        write_json(path, content, durable=True)
    except OSError as error:
        raise UserError(f"The accounts cannot be written: {error.strerror}.") from error
    finally:
        os.umask(before)
