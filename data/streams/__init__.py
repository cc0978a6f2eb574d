"""Known streams, globular clusters and dwarf galaxies, as small tables that come along."""
