#!/usr/bin/env bash
# What:     xarray reads the genuine zeros of a Zarr 2 array as missing, and its switch against
#           it does nothing.
# Package:  xarray==2026.9.0, zarr==3.1.6
# Expected: with use_zarr_fill_value_as_mask=False the numbers that zarr itself reads: `If
#           False, the fill_value is ignored and the data are not masked`, says the docstring of
#           open_zarr. In Zarr 2 the fill value is what chunks never written hold, not a mark of
#           missing values.
# Happens:  with the switch at False as without it 0.0 comes as NaN and int64 becomes float64,
#           so identifiers lose digits, because zarr's default fill value is 0; with True a Zarr
#           3 array is not masked either (xarray's open issue 10269 reports that half). The same
#           numbers in Zarr 3 are read as written.
# Matters:  bins without stars, cells with no acceleration by symmetry and flags of 0 turn into
#           `not measured` when a cube written by zarr-python in format 2 is opened by xarray.
# Instead:  write cubes in Zarr 3; open foreign Zarr 2 with mask_and_scale=False, or by zarr
#           itself.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
    xarray==2026.9.0 zarr==3.1.6 numpy==2.4.6 pandas==3.1.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import sys
import warnings

import numpy as np
import xarray as xr
import zarr

warnings.simplefilter("ignore")
print(f"xarray {xr.__version__}, zarr {zarr.__version__}")
identifier = 5853498713190525696 + 77
seen = {}
for form in (2, 3):
    group = zarr.open_group(f"cube{form}.zarr", mode="w", zarr_format=form)
    for name, values in {"density": np.array([0.0, 1.5]), "source_id": np.array([identifier, 5])}.items():
        extra = {} if form == 2 else {"dimension_names": ["x"]}
        array = group.create_array(name, shape=(2,), dtype=values.dtype, **extra)
        array[:] = values
        if form == 2:
            array.attrs["_ARRAY_DIMENSIONS"] = ["x"]
    print(f"Zarr {form}, by zarr: {group['density'][:].tolist()} {group['source_id'][:].tolist()}")
    for switch in (None, False, True):
        keywords = {} if switch is None else {"use_zarr_fill_value_as_mask": switch}
        cube = xr.open_zarr(f"cube{form}.zarr", consolidated=False, **keywords)
        density, ids = cube["density"].values, cube["source_id"].values
        seen[form, switch] = bool(np.isnan(density[0])), int(ids[0]) == identifier
        print(f"Zarr {form}, by xarray, switch {switch}: {density.tolist()} {ids.tolist()} {ids.dtype}")
raw = xr.open_zarr("cube2.zarr", consolidated=False, mask_and_scale=False)["density"].values
print(f"Zarr 2, by xarray, mask_and_scale=False: {raw.tolist()}")
expected = {(form, s): (form == 2, form == 3) for form in (2, 3) for s in (None, False, True)}
if seen != expected or np.isnan(raw[0]):
    sys.exit(f"CHANGED: {seen}")
print("SEEN: in Zarr 2 a zero is NaN and an identifier is rounded whatever the switch says")
PYTHON
