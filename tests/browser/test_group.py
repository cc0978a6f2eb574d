"""A dashboard for a group: login, TLS behind nginx as in `tools/nginx`, guests who only look."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from http.cookiejar import CookieJar
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from dashboard.server.accounts import put_account
from engine.runs import list_runs
from tests.browser.conftest import PATIENCE, ROOT, SIZE, serving_on
from tests.dashboard.stars import make_catalogue
from tests.dashboard.synthetic_runs import make_run
from tests.helpers import apt
from tests.helpers.ports import free_port

NAME = "stars.example.org"
PASSWORDS = {"ann": "the password of ann", "gus": "the password of gus"}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    make_catalogue(folder, stars=2000)
    make_run(folder, "failed", losses=2)
    put_account(folder / "accounts.json", "ann", PASSWORDS["ann"], "editor")
    put_account(folder / "accounts.json", "gus", PASSWORDS["gus"], "guest")
    return folder


@pytest.fixture(scope="module")
def tls():
    """The port of nginx; in earnest it is 443 and stands in no address."""
    return free_port()


@pytest.fixture(scope="module")
def dashboard(home, tls):
    """The dashboard on localhost, as it stands behind nginx; gives its address."""
    accounts, origin = str(home / "accounts.json"), f"{NAME}:{tls}"
    options = ("--accounts", accounts, "--behind-proxy", "--allow-origin", origin)
    with serving_on(home, free_port(), *options) as (address, _):
        yield address


def find_nginx():
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


@pytest.fixture(scope="module")
def nginx(dashboard, tls, tmp_path_factory):
    """The configuration of `tools/nginx`, run with a self-signed certificate on another port."""
    program = find_nginx()
    if program is None or shutil.which("openssl") is None:
        apt.install("nginx-light", "openssl")
        program = find_nginx()
    if program is None or shutil.which("openssl") is None:
        pytest.skip("nginx or openssl is not installed (Debian: apt-get install nginx-light)")
    folder = tmp_path_factory.mktemp("nginx")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}", "-keyout", str(key),
         "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    text = (ROOT / "tools" / "nginx" / "via-obscura.conf").read_text()
    for before, after in (
        ("/etc/ssl/certs/via-obscura.pem", str(certificate)),
        ("/etc/ssl/private/via-obscura.key", str(key)),
        ("listen 443 ssl", f"listen 127.0.0.1:{tls} ssl"),
        ("listen 80", f"listen 127.0.0.1:{free_port()}"),
        ("http://127.0.0.1:5006", dashboard.replace("localhost", "127.0.0.1")),
    ):
        assert before in text
        text = text.replace(before, after)
    (folder / "site.conf").write_text(text)
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;\n"
        f"fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n"
        f"include {folder}/site.conf; }}\n"
    )
    process = subprocess.Popen([program, "-p", str(folder), "-c", str(folder / "nginx.conf")])
    try:
        _until_it_listens(tls, process)
        yield tls
    finally:
        process.terminate()
        process.wait(20)


def _until_it_listens(port, process):
    import socket

    end = time.monotonic() + 60
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.1)


class Visitor:
    """A browser without a page: cookies, and one address."""

    def __init__(self, address):
        self.address, self.jar = address, CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))

    def get(self, path="/", **form):
        data = urllib.parse.urlencode(form).encode() if form else None
        request = urllib.request.Request(self.address + path, data)  # noqa: S310 - our own server
        try:
            with self._opener.open(request, timeout=120) as answer:
                return answer.status, answer.geturl(), answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.url, error.read().decode()

    def login(self, name, password):
        _, _, page = self.get("/login")
        xsrf = re.search(r'name="_xsrf" value="([^"]+)"', page)[1]
        return self.get("/login", username=name, password=password, _xsrf=xsrf)


def test_nobody_is_let_in_without_the_password(dashboard):
    visitor = Visitor(dashboard)
    assert "/login" in visitor.get("/")[1]
    assert visitor.login("ann", PASSWORDS["gus"])[0] == 401
    assert visitor.login("nobody", "any password")[0] == 401
    assert visitor.login("<b>", "any password")[0] == 401
    assert "/login" in visitor.get("/")[1]
    status, address, page = visitor.login("ann", PASSWORDS["ann"])
    assert (status, "/login" in address) == (200, False)
    assert "Via Obscura" in page


def test_another_site_cannot_log_somebody_in(dashboard):
    """The form needs the cookie of this site (XSRF)."""
    visitor = Visitor(dashboard)
    assert visitor.get("/login", username="ann", password=PASSWORDS["ann"])[0] == 403
    assert visitor.get("/login?next=https://evil.invalid/")[0] == 400


def connect(dashboard, token, **headers):
    """Try to open the websocket; gives the status of the refusal, or 101."""

    async def attempt():
        url = dashboard.replace("http", "ws") + "/ws"
        words = {"Sec-WebSocket-Protocol": f"bokeh, {token}", **headers}
        request = HTTPRequest(url, headers=words, connect_timeout=120, request_timeout=120)
        try:
            connection = await websocket_connect(request, subprotocols=["bokeh", token])
        except HTTPClientError as error:
            return error.code
        message = await connection.read_message()  # None where it is closed at once
        connection.close()
        return 101 if message is not None else 403

    # On a thread of its own: a browser that another test holds open has a loop on this one.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(attempt())).result()


def test_a_websocket_needs_a_signed_token_and_a_known_origin(dashboard):
    visitor = Visitor(dashboard)
    page = visitor.login("ann", PASSWORDS["ann"])[2]
    token = re.search(r'"token":"([^"]+)"', page)[1]
    cookies = {"Cookie": "; ".join(f"{c.name}={c.value}" for c in visitor.jar)}
    forged = token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB")
    assert connect(dashboard, token, Origin="https://evil.invalid", **cookies) == 403
    assert connect(dashboard, forged, Origin=dashboard, **cookies) in (401, 403, 500)
    assert connect(dashboard, token, Origin=dashboard) in (401, 403), "a login is asked for, too"
    assert connect(dashboard, token, Origin=dashboard, **cookies) == 101


def log_in(browser, nginx, user):
    """Open the dashboard through nginx in a browser of its own and log in."""
    context = browser.new_context(viewport=SIZE, ignore_https_errors=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"https://{NAME}:{nginx}/?page=runs")
    page.fill("input[name=username]", user)
    page.fill("input[name=password]", PASSWORDS[user])
    page.click("button")
    page.wait_for_selector(".vo-menu")
    return page


@pytest.fixture(scope="module")
def browser(launch_browser):
    """A browser that finds the name of the certificate on this machine."""
    running = launch_browser(f"--host-resolver-rules=MAP {NAME} 127.0.0.1")
    yield running
    running.close()


def test_tls_behind_nginx_with_the_websocket_and_guests_who_only_look(browser, nginx, home, keep):
    guest = log_in(browser, nginx, "gus")
    expect(guest.locator(".vo-run-chip").first).to_be_visible(timeout=PATIENCE)
    cookies = {cookie["name"]: cookie for cookie in guest.context.cookies()}
    assert cookies["user"]["secure"]
    assert cookies["user"]["httpOnly"]
    before = [(r.id, r.state) for r in list_runs(home)]
    # The websocket works: the page came through it, and what is clicked comes back through it.
    expect(guest.locator(".vo-guest")).to_contain_text("gus, guest", timeout=PATIENCE)
    expect(guest.locator(".vo-run-resume button")).to_be_disabled(timeout=PATIENCE)
    keep(guest, "runs-as-a-guest")
    guest.locator(".vo-menu").get_by_text("Tracers", exact=True).click(timeout=PATIENCE)
    expect(guest.locator(".vo-start button")).to_be_disabled(timeout=PATIENCE)
    assert [(r.id, r.state) for r in list_runs(home)] == before
    guest.locator(".vo-log-out").click(timeout=PATIENCE)
    expect(guest.locator("input[type=password]")).to_be_visible(timeout=PATIENCE)
    assert "user" not in {cookie["name"] for cookie in guest.context.cookies()}
    guest.context.close()


def test_the_configuration_is_the_documented_one():
    document = (ROOT / "docs" / "serving.md").read_text()
    assert "tools/nginx/via-obscura.conf" in document
    assert Path(ROOT / "tools" / "nginx" / "via-obscura.conf").is_file()
