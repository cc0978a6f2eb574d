"""Who may change what: editors everything, guests nothing; everyone may look.

The rules are asked where things are done (`dashboard.session.actions` and the stores of views and
selections), on the server. That buttons are off for guests is a courtesy only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from data.errors import UserError

__all__ = ["EDITOR", "GUEST", "Access", "AccessRules"]

EDITOR, GUEST = "editor", "guest"


@dataclass(frozen=True)
class Access:
    """What one session may do.

    Parameters
    ----------
    user
        Name of who is logged in; None where nobody has to.
    may_change
        Whether it may change anything on the server.
    tables
        The only folder from which it may name files to read; None for any that the server can.
    read_only
        Whether nobody may change anything, whoever it is.
    """

    user: str | None = None
    may_change: bool = True
    tables: Path | None = None
    read_only: bool = False

    def check(self, what: str) -> None:
        """Refuse a change.

        Parameters
        ----------
        what
            What is about to be done, as in "start runs".

        Raises
        ------
        UserError
            The session may only look.
        """
        if not self.may_change:
            if self.read_only:
                raise UserError(
                    f"This server is for looking only: nobody can {what} here.",
                    "Ask whoever runs it.",
                )
            who = "as a guest" if self.user is None else f"as the guest {self.user}"
            raise UserError(
                f"You are logged in {who}: guests can view everything but not {what}.",
                "Ask whoever runs this server for an account that may.",
            )

    def check_table(self, path: Path) -> Path:
        """Give the file that a path names, if this session may name it.

        Raises
        ------
        UserError
            It lies outside the folder of tables.
        """
        self.check("add tables")
        if self.tables is None:
            return path.expanduser()
        folder = self.tables.resolve()
        wanted = (folder / path).resolve()
        if not wanted.is_relative_to(folder):
            raise UserError(
                "On this server tables are read from one folder only.",
                f"Copy the file into {folder} and give its name, or upload it.",
            )
        return wanted


@dataclass(frozen=True)
class AccessRules:
    """Who is what on this server.

    Parameters
    ----------
    roles
        User -> ``editor`` or ``guest``, of those who log in with a password.
    editors
        Users of an OAuth provider that may change things; others who log in there are guests.
    login
        Whether everyone has to log in.
    read_only
        Whether everyone is a guest.
    tables
        As for `Access`.
    """

    roles: Mapping[str, str] = field(default_factory=dict)
    editors: frozenset[str] = frozenset()
    login: bool = False
    read_only: bool = False
    tables: Path | None = None

    def of(self, user: str | None) -> Access:
        """Give what a user may do; somebody unknown is a guest where there is a login."""
        known = user is not None and (user in self.editors or self.roles.get(user) == EDITOR)
        may = (known or not self.login) and not self.read_only
        return Access(user, may, self.tables, self.read_only)
