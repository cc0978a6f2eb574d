"""Labelled grids of results with errors, units and provenance."""
