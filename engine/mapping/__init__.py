"""The mass map: from a tracer population to cubes, as one run."""
