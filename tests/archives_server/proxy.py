"""A small proxy in front of a server, which misbehaves on demand and counts what passes."""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class Proxy:
    """How it is to misbehave; each count is used up by the requests that it spoils."""

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self.target = f"{parts.scheme}://{parts.netloc}"
        self.path = parts.path
        self.port = 0
        self.busy = 0
        self.cut = 0
        self.gone: set[str] = set()
        self.login = False
        self.slow = 0.0
        self.log: list[tuple[str, str]] = []
        self.lock = threading.Lock()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.path}"

    def take(self, name: str) -> bool:
        with self.lock:
            left = getattr(self, name)
            setattr(self, name, max(0, left - 1))
        return left > 0

    def results(self) -> list[str]:
        """The addresses from which results were fetched, in order."""
        return [path for method, path in self.log if method == "GET" and "/results/" in path]

    def submitted(self) -> int:
        """How many jobs were made."""
        return sum(1 for method, path in self.log if method == "POST" and path.endswith("/async"))


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object) -> None:
        return None


def _handler(proxy: Proxy):
    opener = urllib.request.build_opener(_Stay)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args):
            pass

        def _pass(self):
            size = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(size) if size else None
            with proxy.lock:
                proxy.log.append((self.command, self.path))
            if proxy.login:
                return self._say(401, b"log in")
            if any(part in self.path for part in proxy.gone):
                return self._say(404, b"no such job")
            if proxy.take("busy"):
                return self._say(503, b"busy")
            status, headers, content = self._ask(body)
            result = "/results/" in self.path
            if result:
                time.sleep(proxy.slow)
            old, new = proxy.target.encode(), f"http://127.0.0.1:{proxy.port}".encode()
            content = content.replace(old, new)
            if result and proxy.take("cut"):
                return self._cut(status, content)
            location = headers.get("Location")
            more = {"Location": location.replace(old.decode(), new.decode())} if location else {}
            return self._say(status, content, headers.get("Content-Type"), more)

        def _ask(self, body):
            kept = {
                name: value
                for name, value in self.headers.items()
                if name.lower() in ("content-type", "accept")
            }
            request = urllib.request.Request(  # noqa: S310
                proxy.target + self.path, data=body, headers=kept, method=self.command
            )
            try:
                with opener.open(request, timeout=120) as answer:
                    return answer.status, answer.headers, answer.read()
            except urllib.error.HTTPError as error:
                with error:
                    return error.code, error.headers, error.read()

        def _say(self, status, content, kind="text/plain", more=None):
            self.send_response(status)
            self.send_header("Content-Type", kind or "text/plain")
            self.send_header("Content-Length", str(len(content)))
            for name, value in (more or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def _cut(self, status, content):
            """Send half of it, and hang up."""
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2])
            self.wfile.flush()
            self.close_connection = True
            self.connection.close()

        do_GET = do_POST = do_DELETE = _pass  # noqa: N815

    return Handler


@contextmanager
def in_front_of(target: str):
    proxy = Proxy(target)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(proxy))
    server.daemon_threads = True
    server.handle_error = lambda *_: None
    proxy.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
