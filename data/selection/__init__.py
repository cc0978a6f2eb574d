"""Selections: a tree of cuts that gives a mask, a sentence, a text and a hash.

The tree is described in :mod:`data.selection.tree`, the text in :mod:`data.selection.parser`.
"""

from __future__ import annotations

from data.selection.adql import AdqlSelection, AdqlWhere, LeftOut, adql_query, to_adql
from data.selection.evaluate import mask, refine
from data.selection.expressions import FUNCTIONS, Expression, expression_columns
from data.selection.masks import MaskCache
from data.selection.parser import TextError, parse, parse_expression
from data.selection.sources import from_json, read_selection
from data.selection.text import caption, expression_text, to_text
from data.selection.tree import (
    COMPARISONS,
    CYCLIC,
    Node,
    Tree,
    canonical,
    columns,
    conjuncts,
    leaves,
    period,
    selection_hash,
    validate,
)

__all__ = [
    "COMPARISONS",
    "CYCLIC",
    "FUNCTIONS",
    "AdqlSelection",
    "AdqlWhere",
    "Expression",
    "LeftOut",
    "MaskCache",
    "Node",
    "TextError",
    "Tree",
    "adql_query",
    "canonical",
    "caption",
    "columns",
    "conjuncts",
    "expression_columns",
    "expression_text",
    "from_json",
    "leaves",
    "mask",
    "parse",
    "parse_expression",
    "period",
    "read_selection",
    "refine",
    "selection_hash",
    "to_adql",
    "to_text",
    "validate",
]
