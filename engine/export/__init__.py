"""Cubes in the formats of others: NetCDF, FITS, and copies of the zarr folder."""
