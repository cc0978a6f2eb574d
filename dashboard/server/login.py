"""The login page: accounts with hashed passwords, and a form that other sites cannot send."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from html import escape
from typing import Any, ClassVar

import tornado.web
from panel.auth import BasicAuthProvider, BasicLoginHandler, LogoutHandler, _validate_next_url
from panel.io.state import state

from dashboard.server.accounts import Account, verify

__all__ = ["LoginProvider"]

#: Seconds that a wrong guess costs, one after the other for each name.
WAIT_S = 1.0

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Via Obscura</title><style>
:root {{ color-scheme: light dark }}
body {{ font: 16px/1.5 system-ui, sans-serif; display: grid;
  place-items: center; min-height: 95vh }}
form {{ display: grid; gap: 14px; width: 280px }}
input, button {{ font: inherit; width: 100%; box-sizing: border-box;
  padding: 8px 10px; border-radius: 6px; border: 1px solid #888 }}
button {{ cursor: pointer }} h1 {{ font-size: 20px; letter-spacing: .12em; margin: 0 }}
p {{ margin: 0; color: #c33 }}
</style></head><body><form method="post"><h1>VIA OBSCURA</h1>{message}
<label>Name<br><input name="username" autocomplete="username" autofocus required></label>
<label>Password<br>
<input name="password" type="password" autocomplete="current-password" required></label>
{xsrf}<button>Log in</button></form></body></html>"""


class _LoginHandler(BasicLoginHandler):
    """Ask for a name and a password, and sign the name into a cookie."""

    accounts: ClassVar[Mapping[str, Account]] = {}
    _busy: ClassVar[dict[str, asyncio.Lock]] = {}

    def get(self) -> None:
        """Show the form."""
        self._keep_next()
        self._show("")

    async def post(self) -> None:
        """Let in who knows the password; each wrong guess costs a second."""
        name = self.get_argument("username", "")[:64]
        password = self.get_argument("password", "")[:1024]
        account = self.accounts.get(name)
        loop = asyncio.get_running_loop()
        lock = self._busy.setdefault(name if account else "", asyncio.Lock())
        async with lock:
            began = time.monotonic()
            right = await loop.run_in_executor(None, verify, account, password)
            if not right:
                await asyncio.sleep(max(0.0, WAIT_S - (time.monotonic() - began)))
        if not right:
            self.set_status(401)
            self._show("This name and password do not fit.")
            return
        self.set_current_user(name)
        self.redirect(_validate_next_url(self.get_cookie("next_url", state.base_url)))

    def set_secure_cookie(self, name: str, value: Any, **options: Any) -> None:  # type: ignore[override]  # noqa: ANN401
        """Send a cookie to this site only, and over TLS where the page came that way."""
        secure = self.request.protocol == "https"
        super().set_secure_cookie(name, value, samesite="Lax", secure=secure, **options)

    def _keep_next(self) -> None:
        wanted = _validate_next_url(self.get_argument("next", state.base_url))
        if wanted:
            self.set_cookie("next_url", wanted, httponly=True, samesite="Lax")

    def _show(self, message: str) -> None:
        words = f'<p role="alert">{escape(message)}</p>' if message else ""
        self.set_header("Content-Security-Policy", "frame-ancestors 'none'")
        self.write(_PAGE.format(message=words, xsrf=self.xsrf_form_html()))


class _LogoutHandler(LogoutHandler):
    """Forget who was here, and ask again; Panel's own page shows a picture from elsewhere."""

    def get(self) -> None:
        """Log out."""
        self.clear_all_cookies()
        self.redirect("./login")


class LoginProvider(BasicAuthProvider):
    """Everyone has to log in with an account of the file.

    Parameters
    ----------
    accounts
        By name.
    """

    def __init__(self, accounts: Mapping[str, Account]) -> None:
        self._handler = type(
            "LoginHandler", (_LoginHandler,), {"accounts": dict(accounts), "_busy": {}}
        )
        super().__init__(login_endpoint="/login", logout_endpoint="/logout")

    @property
    def login_handler(self) -> type[tornado.web.RequestHandler]:
        """The handler of the login page."""
        return self._handler

    @property
    def logout_handler(self) -> type[tornado.web.RequestHandler]:
        """The handler of the address that logs out."""
        return _LogoutHandler
