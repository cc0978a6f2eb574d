"""What the server says of connections that are gone."""

import logging

import pytest
from tornado.websocket import WebSocketClosedError

from dashboard.server.connection import quiet_about_closed_pages


@pytest.mark.parametrize(("error", "told"), [(WebSocketClosedError(), False), (OSError(), True)])
def test_a_closed_page_is_no_news_and_another_failure_is(error, told):
    """Nobody awaits a message to a page that was closed; what else goes wrong is still told."""
    quiet_about_closed_pages()
    log = logging.getLogger("asyncio")  # as its loop writes of a task whose error nobody took
    found = (type(error), error, None)
    words = "Task exception was never retrieved"
    record = log.makeRecord("asyncio", logging.ERROR, "base_events.py", 1, words, (), found)
    assert bool(log.filter(record)) == told
