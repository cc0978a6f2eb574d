"""Dark matter: what the baryons leave of a density, its profile, and checks of the whole."""
