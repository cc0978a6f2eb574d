"""Tracer populations: the stars in a volume, checks and warnings before a map is made."""
