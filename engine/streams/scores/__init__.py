"""Scores of stars: how much more of them a window holds than its background explains."""
