"""Published tables that are packaged: streams, clusters, dwarfs, rotation curves, densities."""
