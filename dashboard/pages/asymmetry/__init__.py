"""The page Asymmetry."""
