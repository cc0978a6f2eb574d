"""The page Archives."""
