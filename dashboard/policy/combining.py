"""How a kept selection meets the one on the screen."""

from __future__ import annotations

from typing import Any

from dashboard.policy.brushes import all_of, cuts

__all__ = ["WAYS", "combine_with"]

Tree = dict[str, Any] | None

#: Ways to combine, by the word on the screen, with what they mean.
WAYS = {
    "and": ("And", "stars in both"),
    "or": ("Or", "stars in either"),
    "xor": ("Xor", "stars in exactly one of them"),
    "without": ("Without", "stars of the present selection that are not in the kept one"),
    "replace": ("Instead", "the kept selection alone"),
}


def combine_with(tree: Tree, node: dict[str, Any], way: str) -> Tree:
    """Combine the present selection with a kept one.

    Parameters
    ----------
    tree
        The present selection; None for every star, with which ``and``, ``or`` and ``xor`` begin
        a selection: the kept one alone.
    node
        The kept selection, with its name.
    way
        A key of `WAYS`.
    """
    if way == "replace" or (tree is None and way != "without"):
        return all_of([node])
    if way == "without":
        node = {"kind": "not", "of": node}
    if way in ("and", "without"):
        return all_of([*(cut for cut in cuts(tree) if cut != node), node])
    # More of the same kind joins the group that is there.
    same = tree is not None and tree["kind"] == way and "name" not in tree
    members = tree["of"] if same and tree is not None else [tree]
    return {"kind": way, "of": [*members, node]}
