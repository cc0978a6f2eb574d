"""The page Tracers."""
