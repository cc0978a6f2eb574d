"""The command that manages the accounts of a shared dashboard."""

from __future__ import annotations

import getpass
import sys
from argparse import Namespace
from pathlib import Path

from dashboard.cli.output import Output, table
from dashboard.policy.access import EDITOR, GUEST
from dashboard.server.accounts import put_account, read_accounts, remove_account

__all__ = ["accounts"]


def accounts(arguments: Namespace, output: Output) -> int:
    """Add, remove or list the accounts of a file."""
    path = Path(arguments.file).expanduser()
    if arguments.add:
        role = GUEST if arguments.guest else EDITOR
        put_account(path, arguments.add, _password(arguments.add), role)
    elif arguments.remove:
        remove_account(path, arguments.remove)
    known = read_accounts(path)
    rows = [{"name": name, "role": account.role} for name, account in known.items()]
    output.result(rows, table(rows, "No accounts yet."))
    return 0


def _password(name: str) -> str:
    if sys.stdin.isatty():
        return getpass.getpass(f"Password for {name}: ")
    return sys.stdin.readline().rstrip("\n")
