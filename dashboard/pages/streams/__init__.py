"""The page Streams."""
