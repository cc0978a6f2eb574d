"""What the server says of connections that are gone."""

import asyncio
import gc

from tornado.websocket import WebSocketClosedError

from dashboard.connection import quiet_about_closed_pages


def test_a_closed_page_is_no_news_and_another_failure_is(caplog):
    """Nobody awaits a message to a page that was closed; what else goes wrong is still told."""
    quiet_about_closed_pages()

    async def fail(error: Exception) -> None:
        raise error

    async def send() -> None:
        tasks = [asyncio.ensure_future(fail(e)) for e in (WebSocketClosedError(), OSError("disk"))]
        await asyncio.wait(tasks)

    asyncio.run(send())
    gc.collect()
    told = [record for record in caplog.records if record.name == "asyncio"]
    assert [type(record.exc_info[1]) for record in told] == [OSError]
