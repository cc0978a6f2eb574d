"""Requests that wait their turn, try again where that may help, and say in a sentence why not."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests

from data.errors import UserError

__all__ = ["DROPPED", "Patience", "PoliteSession"]

DROPPED = (
    requests.exceptions.ConnectionError,
    requests.exceptions.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)
"""What a connection that is refused, cut or silent raises."""

_BUSY = (429, 502, 503, 504)
_LONGEST_WAIT = 120.0


@dataclass(frozen=True)
class Patience:
    """How hard a service is tried.

    Parameters
    ----------
    attempts
        How often the same request is made at most.
    first
        Seconds before the second attempt; each further wait is twice as long.
    pause
        Seconds from one request to the next, at least.
    poll, slowest_poll
        Seconds between two looks at a job, at first and at last.
    timeout
        Seconds that the service has to answer, and to go on with an answer.
    """

    attempts: int = 6
    first: float = 2.0
    pause: float = 0.2
    poll: float = 0.5
    slowest_poll: float = 15.0
    timeout: float = 120.0


class PoliteSession(requests.Session):
    """A session that spaces its requests out and repeats those that a busy service refuses.

    Parameters
    ----------
    patience
        How hard to try.
    check_stop
        Called between waits; raises to leave.
    say
        Told, in words, why it is waiting.
    """

    def __init__(
        self,
        patience: Patience | None = None,
        check_stop: Callable[[], None] = lambda: None,
        say: Callable[[str], None] = lambda text: None,
    ) -> None:
        super().__init__()
        self.patience = patience or Patience()
        self.check_stop = check_stop
        self.say = say
        self._next = 0.0
        self._last: requests.Response | None = None
        self.headers["User-Agent"] = "via-obscura (pyvo)"

    def request(self, method: Any, url: Any, *args: Any, **more: Any) -> requests.Response:  # noqa: ANN401
        """Make a request, as often as the patience allows.

        Raises
        ------
        UserError
            If the service cannot be reached, stays busy, or wants a login.
        """
        self._let_go()
        host = urlsplit(str(url)).netloc
        if not more.get("timeout"):
            more["timeout"] = self.patience.timeout
        for attempt in range(1, self.patience.attempts + 1):
            self.sleep(self._next - time.monotonic())
            self._next = time.monotonic() + self.patience.pause
            last = attempt == self.patience.attempts
            try:
                response = super().request(method, url, *args, **more)
            except DROPPED as error:
                if last:
                    raise unreachable(host, error) from error
                self.wait(attempt, f"{host} does not answer")
                continue
            if response.status_code in (401, 403):
                raise login(host, response.status_code)
            if response.status_code not in _BUSY:
                self._last = response
                return response
            response.close()
            if last:
                raise UserError(
                    f"{host} is busy or down for maintenance (HTTP {response.status_code}, "
                    f"{attempt} attempts).",
                    "Resume the run later; completed chunks are kept.",
                )
            self.wait(attempt, f"{host} is busy", response.headers.get("Retry-After"))
        raise AssertionError("the last attempt returns or raises")

    def once(self, url: str, data: dict[str, str], timeout: float) -> requests.Response:
        """Post something when it is its turn, and try no second time.

        Raises
        ------
        UserError
            If the service wants a login.
        requests.RequestException
            If there is no answer.
        """
        self._let_go()
        self.sleep(self._next - time.monotonic())
        self._next = time.monotonic() + self.patience.pause
        response = super().request("POST", url, data=data, timeout=timeout)
        if response.status_code in (401, 403):
            raise login(urlsplit(url).netloc, response.status_code)
        return response

    def close(self) -> None:
        """Close every connection."""
        self._let_go()
        super().close()

    def _let_go(self) -> None:
        """Close the last answer, which pyvo reads from the stream and leaves open."""
        if self._last is not None:
            self._last.close()
            self._last = None

    def wait(self, attempt: int, why: str, asked: str | None = None) -> None:
        """Wait before the next attempt: longer each time, or as long as the service asks."""
        seconds = self.patience.first * 2 ** (attempt - 1)
        if asked and asked.isdecimal():
            seconds = max(seconds, float(asked))
        seconds = min(seconds, _LONGEST_WAIT)
        self.say(f"{why}: next attempt in {seconds:.0f} s")
        self.sleep(seconds)

    def sleep(self, seconds: float) -> None:
        """Wait, but not deaf to a request to stop."""
        end = time.monotonic() + seconds
        while True:
            self.check_stop()
            left = end - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, 0.2))


def login(host: str, status: int) -> UserError:
    """Say that a service wants to know who asks."""
    return UserError(
        f"{host} requires a login (HTTP {status}).",
        "Only public tables can be downloaded; choose another table.",
    )


def unreachable(host: str, error: Exception) -> UserError:
    """Say that a service does not answer."""
    if isinstance(error, requests.exceptions.SSLError):
        return UserError(f"The certificate of {host} is not valid.", "Check the address.")
    if isinstance(error, requests.exceptions.Timeout):
        return UserError(f"{host} did not respond in time.", "Resume the run later.")
    return UserError(
        f"{host} cannot be reached, or closed the connection.",
        "Check the address and the network. An interrupted download continues where it stopped.",
    )
