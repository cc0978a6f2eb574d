"""Whatever comes from outside is inert in the browser."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from panel.pane import Markdown

from dashboard.components.escape import plain

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<svg/onload=alert(1)>",
    "[click](javascript:alert(1))",
    "![x](https://example.org/pixel.png)",
    "`</code><script>alert(1)</script>`",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;",
    "</textarea><iframe src='javascript:alert(1)'>",
    "a\u202egpj.exe",
    "<<a>script>",
    "https://example.org",
    "x' onmouseover='alert(1)",
    "$$\\href{javascript:alert(1)}{x}$$",
    "line\n\n# heading\n\n- item",
    "\x00\x07bell",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_markup_survives(text):
    assert not re.search(r"[<>\"']", plain(text))


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_makes_nothing_of_it(text):
    parser = Markdown._get_parser("markdown-it", ())
    rendered = parser.render(plain(text))
    tags = re.findall(r"<\s*/?\s*([a-zA-Z0-9]+)", rendered)
    assert set(tags) <= {"p"}, rendered


@given(st.text(max_size=200))
def test_the_words_stay_readable(text):
    shown = html.unescape(plain(text))
    kept = [w for w in text.split() if w.isascii() and w.isalnum()]
    assert all(word in shown for word in kept)


@given(st.text(max_size=300))
def test_any_text_is_inert_in_markdown(text):
    parser = Markdown._get_parser("markdown-it", ())
    rendered = parser.render(plain(text))
    assert set(re.findall(r"<\s*/?\s*([a-zA-Z0-9]+)", rendered)) <= {"p"}


def test_long_text_is_cut_before_it_is_escaped():
    assert html.unescape(plain("<" * 50, limit=10)) == "<" * 9 + "…"


def test_a_log_keeps_its_lines():
    assert plain("a\r\nb <c>\td", multiline=True) == "a\nb &lt;c&gt;\td"
    assert "\u202e" not in plain("a\u202eb", multiline=True)


@pytest.mark.parametrize("text", ["-", "- a", "---", "1.", "12. a"])
def test_no_text_becomes_a_list(text):
    parser = Markdown._get_parser("markdown-it", ())
    assert set(re.findall(r"<([a-z0-9]+)", parser.render(plain(text)))) == {"p"}


@pytest.mark.parametrize("text", ["-5 kpc", "1.5 kpc", "2026-01-02", "a - b"])
def test_numbers_and_dates_stay_as_they_are(text):
    assert plain(text) == text
