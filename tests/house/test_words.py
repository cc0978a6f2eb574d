"""The documents and the help of the command line are written as people of the field speak.

A list of turns of phrase that crept in once and shall not come back; each has a plain word in its
place. The list is a sample: it cannot prove that a sentence is good.
"""

import argparse
import re
from pathlib import Path

import pytest

from dashboard.cli.parser import build_parser

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md")), *sorted(DOCS.glob("measurements/*.md"))]

BANNED = {
    r"to be believed|(?<!not )\bbelieve[sd]?\b|\bdoubtful\b": "reliable, trusted, flagged",
    r"\bmade anew|\banew\b": "again, rebuilt, restarted",
    r"\bat work\b|\bworks on\b|\bworked on\b": "running, executed",
    r"\btold\b|\bis said\b|\bsay(s|ing)? (so|that|where|which|what|how)\b": "reports",
    r"\bround (the|a|its|those|each)\b": "around",
    r"\bspeaks? (for|against)\b": "diagnostics, flags",
    r"without a word|\bgone\b": "unexpectedly; no longer exists",
    r"\bwhat is there\b|\bthere already\b|\bas far as there are\b": "existing, available",
    r"\b(go|goes) on (with|from|where|by|elsewhere|when|as)\b|\bgoes on\b": "continues",
    r"\bwho (finds|comes|starts|reaches|serves)\b": "a star that, a user who",
    r"\bis no (run|row|word|bound|cube|table|port|path|transaction)\b": "is not a",
    r"\b(one|a) word for one thing\b": "terminology",
    r"\bstars? a bin\b|\bvelocities a position\b|\ba core patch\b": "per bin, per position",
    r"\bnext to no\b|\bnext to none\b": "almost no",
    r"\bimitates?\b": "mimics",
    r"\bbring (a|your own) (table|stars?)\b|\bbrought in\b": "import",
    r"\bby the estimator\b": "with the estimator",
    r"\b(asks?|lets?) nobody\b|\bnobody (may|knows|explains)\b": "no one",
    r"\bstands? (under|above|there|beside|as)\b": "is listed under",
    r"\bexchanged positions\b|\bpositions exchanged\b": "shuffled positions, permutations",
    r"\bif so wished\b|\bif need be\b": "on request, if needed",
    r"\bshall (it|the) .* be called\b|\bwhat to call\b": "name of",
    r"\bdoes not get done\b|\bdid not get done\b": "unfinished",
    r"\bsteer runs\b": "control",
    r"\bhe who\b|\bwhoever\b": "anyone who",
}


def sentences(text):
    """The prose of a document: no fences, no indented blocks, no inline code, no addresses."""
    text = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    text = re.sub(r"^ {4}.*$", "", text, flags=re.M)
    text = re.sub(r"`[^`]*`", "", text)
    return re.sub(r"\]\([^)]*\)", "]", text)


def faults(text):
    flat = " ".join(text.split())
    return [
        f"...{flat[max(0, found.start() - 40) : found.end() + 30]}... (better: {better})"
        for pattern, better in BANNED.items()
        for found in re.finditer(pattern, flat, re.I)
    ]


def helps(parser):
    """All texts that ``--help`` prints, of a parser and of its commands."""
    yield from filter(None, (parser.description, parser.epilog))
    for action in parser._actions:
        if action.help and action.help is not argparse.SUPPRESS:
            yield action.help
        if isinstance(action, argparse._SubParsersAction):
            yield from (choice.help for choice in action._choices_actions if choice.help)
            for child in action.choices.values():
                yield from helps(child)
    yield from (group.title for group in parser._action_groups if group.title)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_documents_are_in_plain_english(page):
    assert not (found := faults(sentences(page.read_text()))), "\n".join(found)


def test_the_help_is_in_plain_english():
    texts = set(helps(build_parser()))
    assert len(texts) > 80
    assert not (found := [fault for text in sorted(texts) for fault in faults(text)]), found


@pytest.mark.parametrize(
    "sentence",
    [
        "Grey cells are not to be believed, and the page says why.",
        "The process of this run is gone without a word.",
        "4 kpc round the Sun",
        "1 at work, 1 done",
        "What speaks for and against the map",
        "With it, in a map made anew, ours err by 3.3%.",
        "Go on with a run that did not get done.",
    ],
)
def test_the_list_finds_the_sentences_it_was_made_from(sentence):
    assert faults(sentence)


def test_code_is_not_prose():
    assert not faults(sentences("Use `round the Sun`.\n\n    told at work\n\n```sh\ngone\n```\n"))
