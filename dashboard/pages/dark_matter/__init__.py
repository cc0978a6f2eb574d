"""The page Dark matter."""
