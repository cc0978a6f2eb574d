"""The page Acceleration."""
