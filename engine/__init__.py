"""Density models, the physics solved on them, runs and cubes."""
