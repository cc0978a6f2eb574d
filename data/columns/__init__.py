"""Derived columns: formulae, parameters, errors, and what a cut on a column depends on."""
