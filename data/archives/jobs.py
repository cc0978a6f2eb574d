"""Asynchronous jobs of a TAP service, through pyvo, each of which can be found again.

The address of a job is kept before the job is started. Whoever comes back asks that address:
a job that works is waited for, one that is done is fetched, and only one that is gone is
started anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests

from data.archives.complaints import complaint, ran_out_of_time, understood
from data.archives.polite import DROPPED, PoliteSession, unreachable
from data.archives.tables import DamagedError, TapTable, read_votable
from data.errors import UserError

__all__ = ["Jobs"]

_RESTARTS = 3
_BLOCK = 1 << 18
_AT_ONCE = 50.0  # seconds; services end what takes a minute


class Jobs:
    """The jobs of one service.

    Parameters
    ----------
    url
        The address of the service.
    session
        Makes the requests.
    """

    def __init__(self, url: str, session: PoliteSession) -> None:
        self.url = url
        self.session = session

    def run(
        self,
        adql: str,
        maxrec: int,
        target: Path,
        *,
        job: str | None = None,
        keep: Callable[[str | None], None] = lambda url: None,
        say: Callable[[str, int], None] = lambda phase, received: None,
    ) -> tuple[TapTable, str, str]:
        """Have a query worked on and its result on the disk.

        Parameters
        ----------
        adql
            The query.
        maxrec
            The number of rows that the service may send at most.
        target
            Where the result goes.
        job
            The address of a job that was begun before.
        keep
            Called with the address of each job before it is started, and with None when one
            is gone.
        say
            Called with the phase of the job and the bytes received.

        Returns
        -------
        table, hash, url
            The result, the SHA-256 of what was sent, and the address of the job.

        Raises
        ------
        UserError
            If the service refuses the query, cuts the result short, or is not to be reached.
        """
        for _ in range(_RESTARTS):
            handle = self._found(job) if job else None
            if handle is None:
                handle = self._submitted(adql, maxrec)
                keep(str(handle.url))
            if self._finished(handle, say):
                table, digest = self._received(handle, target, say)
                return table, digest, str(handle.url)
            job = None
            keep(None)
        raise UserError(
            f"{self.url} aborted the same query {_RESTARTS} times without giving a reason.",
            "Resume the run later, or request smaller chunks with --chunk-rows.",
        )

    def begin(self, adql: str, maxrec: int, keep: Callable[[str | None], None]) -> None:
        """Have a query worked on while something else is waited for; `run` comes back to it."""
        handle = self._submitted(adql, maxrec)
        keep(str(handle.url))
        with complaint(self.url):
            handle.run()

    def ask(self, adql: str, maxrec: int, target: Path) -> TapTable:
        """Have a small question answered: at once, or by a job where that takes too long.

        Raises
        ------
        UserError
            As for `run`.
        """
        data = {"REQUEST": "doQuery", "LANG": "ADQL", "QUERY": adql, "MAXREC": str(maxrec)}
        try:
            response = self.session.once(f"{self.url}/sync", data, _AT_ONCE)
            target.write_bytes(response.content)
            table = read_votable(target)
        except (requests.RequestException, DamagedError):
            table = None
        if table is not None and not table.error:
            return table
        if table is not None and not ran_out_of_time(table.error):
            raise understood(self.url, table.error)
        table, _, url = self.run(adql, maxrec, target)
        self.forget(url)
        return table

    def forget(self, url: str) -> None:
        """Delete a job whose result is safe; a service that keeps it all the same may."""
        from pyvo.dal import DALServiceError  # type: ignore[import-untyped]

        try:
            self.session.delete(url, allow_redirects=False)
        except (UserError, DALServiceError, *DROPPED):
            return

    def _submitted(self, adql: str, maxrec: int) -> Any:  # noqa: ANN401 - pyvo has no types
        from pyvo.dal.tap import AsyncTAPJob  # type: ignore[import-untyped]

        with complaint(self.url):
            return AsyncTAPJob.create(self.url, adql, maxrec=maxrec, session=self.session)

    def _found(self, url: str) -> Any:  # noqa: ANN401
        """Find a job again; None where it is gone."""
        from pyvo.dal import DALServiceError
        from pyvo.dal.tap import AsyncTAPJob

        try:
            handle = AsyncTAPJob(url, session=self.session, delete=False)
        except DALServiceError:
            return None
        return None if handle._job.phase in ("ABORTED", "ARCHIVED", "HELD") else handle

    def _finished(self, handle: Any, say: Callable[[str, int], None]) -> bool:  # noqa: ANN401
        """Wait for a job; say whether there is a result, or none because the job is gone."""
        from pyvo.dal import DALServiceError

        patience = self.session.patience
        every = patience.poll
        with complaint(self.url):
            if handle._job.phase == "PENDING":
                handle.run()
            while True:
                try:
                    phase = handle.phase
                except DALServiceError:
                    return False
                say(phase, 0)
                if phase == "COMPLETED":
                    return True
                if phase in ("ABORTED", "ARCHIVED"):
                    return False
                if phase == "ERROR":
                    handle.raise_if_error()
                self.session.sleep(every)
                every = min(1.3 * every, patience.slowest_poll)

    def _received(
        self,
        handle: Any,  # noqa: ANN401
        target: Path,
        say: Callable[[str, int], None],
    ) -> tuple[TapTable, str]:
        """Bring the result to the disk, again and again if the connection drops."""
        address = _result_address(handle)
        if address is None:
            raise UserError(f"{self.url} finished the query without a result.")
        for attempt in range(1, self.session.patience.attempts + 1):
            try:
                digest = self._streamed(address, target, say)
                table = read_votable(target)
            except (*DROPPED, DamagedError) as error:
                if attempt == self.session.patience.attempts:
                    raise unreachable(self.url, error) from error
                self.session.wait(attempt, "The connection was dropped")
                continue
            if table.error:
                raise UserError(f"{self.url} rejected the query: {table.error[:300]}")
            return table, digest
        raise AssertionError("the last attempt returns or raises")

    def _streamed(self, address: str, target: Path, say: Callable[[str, int], None]) -> str:
        response = self.session.get(address, stream=True)
        with response, target.open("wb") as file:
            if response.status_code >= 400:
                raise UserError(
                    f"{self.url} does not deliver the result (HTTP {response.status_code}).",
                    "Resume the run.",
                )
            digest, received = hashlib.sha256(), 0
            for block in response.iter_content(_BLOCK):
                file.write(block)
                digest.update(block)
                received += len(block)
                say("receiving", received)
                self.session.check_stop()
        return digest.hexdigest()


def _result_address(handle: Any) -> str | None:  # noqa: ANN401
    """Find the result of a job: that which TAP names, or the only VOTable that there is."""
    if handle.result_uri:
        return str(handle.result_uri)
    results = [result for result in handle.results or [] if result.href]
    tables = [result for result in results if "votable" in str(result.id_).lower()]
    found = next(iter(tables or results), None)
    return None if found is None else urljoin(str(handle.url), str(found.href))
