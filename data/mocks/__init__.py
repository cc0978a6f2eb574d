"""Mock catalogues in equilibrium, with known truth."""
