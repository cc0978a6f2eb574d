#!/usr/bin/env bash
# What:     healpy puts a star without right ascension into a real pixel, for two thirds of the
#           sky.
# Package:  healpy==1.20.1, astropy-healpix==2.0.1
# Expected: no pixel (-1) or an error: healpy itself refuses a NaN latitude with a ValueError
#           and answers -1 for a NaN longitude in the polar caps, and astropy-healpix answers -1
#           everywhere.
# Happens:  ang2pix(nside, NaN, latitude, lonlat=True) gives a valid pixel number at all
#           latitudes below 41.8 degrees, in RING and in NESTED; numpy's general RuntimeWarning
#           of an invalid value is the only sign, once for the whole array.
# Matters:  maps of star counts and of selection functions get all stars without position in a
#           handful of pixels, a spot of enormous significance, and nothing in the map says why.
# Instead:  drop and count stars without a finite position before pixels are computed, or use
#           astropy-healpix and check for -1.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
    healpy==1.20.1 astropy-healpix==2.0.1 astropy==8.0.2 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import sys
import warnings
from importlib.metadata import version

import astropy.units as u
import healpy
import numpy as np
from astropy_healpix import lonlat_to_healpix

warnings.simplefilter("ignore")
print(f"healpy {version('healpy')}, astropy-healpix {version('astropy-healpix')}")
strange = 0
for nside, nest in ((4, False), (64, False), (64, True), (1024, True)):
    order = "nested" if nest else "ring"
    for latitude in (-30.0, 0.0, 30.0):
        pixel = int(healpy.ang2pix(nside, np.nan, latitude, lonlat=True, nest=nest))
        other = int(lonlat_to_healpix(np.nan * u.deg, latitude * u.deg, nside, order=order))
        strange += 0 <= pixel < 12 * nside**2 and other == -1
        print(f"nside {nside} {order}, longitude NaN, latitude {latitude}: "
              f"healpy {pixel}, astropy-healpix {other}")
try:
    healpy.ang2pix(4, 0.0, np.nan, lonlat=True)
    latitude_refused = False
except ValueError as error:
    latitude_refused = True
    print(f"healpy, latitude NaN: ValueError {error}")
if strange < 6 or not latitude_refused:
    sys.exit(f"CHANGED: {strange} of 12 NaN longitudes have a pixel, NaN latitude refused: {latitude_refused}")
print(f"SEEN: {strange} of 12 NaN longitudes have a pixel in healpy and none in astropy-healpix")
PYTHON
