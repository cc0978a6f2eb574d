"""Mock dwarf galaxies in equilibrium."""
