"""What a page says while it has no connection, written in the browser, and the server does not."""

from __future__ import annotations

import logging

from bokeh.document import Document
from bokeh.models import CustomJS
from tornado.websocket import WebSocketClosedError

__all__ = ["quiet_about_closed_pages", "tell_of_connection"]

#: Where the connection is lost while the last parts of a page are drawn, Material's template puts
#: a cover over the page that stays when the connection is back. The bar says it better.
UNCOVER = """
const cover = document.getElementById("loader");
if (cover?.classList.contains("error")) cover.style.display = "none";
"""
#: One bar at the foot of the page. Inline styles: the bar stands outside all components.
LOST = """
const bar = document.querySelector(".vo-offline") ?? document.createElement("div");
bar.className = "vo-offline";
bar.setAttribute("role", "status");
bar.style.cssText = "position: fixed; left: 50%; bottom: 24px; transform: translateX(-50%); "
    + "z-index: 5000; padding: 10px 18px; border-radius: 8px; background: #7a2e2e; "
    + "color: #fff; font: 14px Roboto, sans-serif; box-shadow: 0 4px 16px rgba(0, 0, 0, .4)";
const lost = "Connection lost. Runs continue on the server. ";
const event = cb_obj;
if (event.timeout == null) {
    bar.textContent = lost;
    const again = document.createElement("button");
    again.textContent = "Try again";
    again.style.cssText = "margin-left: 8px; padding: 4px 10px; cursor: pointer; color: #fff; "
        + "background: none; border: 1px solid #fff; border-radius: 6px; font: inherit";
    again.onclick = () => { bar.textContent = lost + "Trying…"; event.reconnect(); };
    bar.append(again);
} else {
    bar.textContent = lost + "Trying again…";
}
document.body.append(bar);
// The cover comes a moment later, if it comes.
for (const wait of [0, 150, 1000]) setTimeout(() => { UNCOVER }, wait);
""".replace("UNCOVER", UNCOVER)
FOUND = """document.querySelector(".vo-offline")?.remove();""" + UNCOVER


def tell_of_connection(document: Document) -> None:
    """Let a page say that its connection is lost, and offer to try again once it has given up.

    Parameters
    ----------
    document
        Of the session, with its page.
    """
    document.js_on_event("connection_lost", CustomJS(code=LOST))
    document.js_on_event("client_reconnected", CustomJS(code=FOUND))


def quiet_about_closed_pages() -> None:
    """Keep out of the server's words that a message found its page closed.

    Panel and tornado send without waiting; where a browser has gone meanwhile nobody asks for the
    outcome, and asyncio prints a traceback of each.
    """
    logging.getLogger("asyncio").addFilter(_no_closed_page)


def _no_closed_page(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], WebSocketClosedError))
