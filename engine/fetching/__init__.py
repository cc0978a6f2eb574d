"""Runs of the kind ``fetch``: stars from a TAP service into the catalogue store."""
