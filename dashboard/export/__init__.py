"""Figures for papers, scripts that repeat them, and what of a run can be exported."""
