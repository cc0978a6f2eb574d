"""Small tables of published values, each with its full citation."""
