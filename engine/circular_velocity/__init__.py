"""Circular velocity from a map and from stars, and the axisymmetric Jeans baseline."""
