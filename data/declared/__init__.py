"""Requests and settings that are declared once: one pydantic model for each.

A field has its default, its bounds and choices, its unit, a sentence and a group in one place (see
`setting`). From there come the check of a value and its error in plain English, the reading of a
text such as ``members=8``, the JSON schema, the table of the guide, the options of the command
line and the lines that a page shows.
"""

from __future__ import annotations

from data.declared.describe import FieldRow, field_rows, requirement
from data.declared.fields import Number, setting
from data.declared.model import Declared, Settings

__all__ = [
    "Declared",
    "FieldRow",
    "Number",
    "Settings",
    "field_rows",
    "requirement",
    "setting",
]
