"""Dwarf galaxies: tables of stars on the sky with line-of-sight velocities."""
