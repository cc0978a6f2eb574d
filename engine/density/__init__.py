"""Density models: p(x) and p(v given x) as ensembles of normalising flows."""
