"""Catalogues of stars: from a table to columns in the store, versions and joins."""
