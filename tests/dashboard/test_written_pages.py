"""What a browser pulls: binary the first time, and whole in the text when it comes back."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from bokeh.document import Document
from bokeh.plotting import figure
from bokeh.protocol import Protocol
from bokeh.server.session import ServerSession

from dashboard.server.document_cache import pull_beside_the_loop, write_ahead


class Sessions:
    """As much of a session as a pull asks for."""

    def __init__(self):
        self.document = Document()
        plot = figure()
        plot.scatter(np.arange(5.0), np.arange(5.0))
        self.document.add_root(plot)

    async def with_document_locked(self, work):
        return await work()


class Connection:
    def __init__(self, session):
        self.session, self.protocol = session, Protocol()


class Message:
    header = {"msgid": "1"}  # noqa: RUF012  as Bokeh's


@pytest.fixture
def pull(monkeypatch):
    monkeypatch.setattr(ServerSession, "pull", ServerSession.pull)  # put back afterwards
    pull_beside_the_loop()
    session = Sessions()
    connection = Connection(session)
    return session.document, lambda: asyncio.run(ServerSession.pull(Message, connection))


@pytest.mark.parametrize("late", [False, True])
def test_who_comes_back_gets_everything_in_the_text(pull, late):
    """Also where the page was written ahead only after the first browser had pulled it."""
    document, pulled = pull
    if not late:
        write_ahead(document)
    assert len(pulled().buffers) > 0
    if late:
        write_ahead(document)
    for _ in range(3):
        again = pulled()
        assert again.buffers == []


def test_a_page_that_has_changed_is_written_anew(pull):
    document, pulled = pull
    write_ahead(document)
    document.title = "other"
    document.roots[0].title.text = "changed"
    assert "changed" in str(pulled().content)
