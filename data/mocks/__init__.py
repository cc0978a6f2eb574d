"""Mock catalogues with known truth: galaxies in equilibrium, and patches of sky with streams."""
