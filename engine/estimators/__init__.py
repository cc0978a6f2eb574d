"""Ways from a density model to an acceleration."""
