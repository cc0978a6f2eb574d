#!/usr/bin/env bash
# What:     in a scaled integer column of a FITS table astropy turns the null value into an
#           ordinary number.
# Package:  astropy==8.0.2
# Expected: FITS 4.0, section 7.3.2: with TSCALn or TZEROn set, TNULLn is the actual value in
#           the file and not the corresponding physical value; so a cell with the stored TNULLn
#           is missing.
# Happens:  Table.read compares TNULLn with the scaled numbers: the null cell becomes TZERO +
#           TSCAL * TNULL, here -327.68 km/s, and, worse, a valid cell whose scaled value
#           happens to equal TNULLn is masked.
# Matters:  velocities and magnitudes are packed as int16 with a scale to save space; stars
#           without radial velocity then move at -327.68 km/s.
# Instead:  read the stored integers beside the scaled column and mask by them, before scaling.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
    astropy==8.0.2 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import struct
import sys

import astropy
import numpy as np
from astropy.io import fits
from astropy.table import Table

cards = {
    "XTENSION": "BINTABLE", "BITPIX": 8, "NAXIS": 2, "NAXIS1": 4, "NAXIS2": 3, "PCOUNT": 0,
    "GCOUNT": 1, "TFIELDS": 2,
    "TTYPE1": "rv", "TFORM1": "I", "TSCAL1": 0.01, "TZERO1": 0.0, "TNULL1": -32768,
    "TTYPE2": "mag", "TFORM2": "I", "TSCAL2": 0.001, "TZERO2": 0.0, "TNULL2": 12,
}
header = fits.Header()
for key, value in cards.items():
    header[key] = value
data = struct.pack(">6h", -32768, 12, 1250, 12000, -4000, 14500)
with open("scaled.fits", "wb") as file:
    file.write(fits.PrimaryHDU().header.tostring().encode() + header.tostring().encode())
    file.write(data.ljust(2880, b"\0"))
table = Table.read("scaled.fits")
print(f"astropy {astropy.__version__}")
print("stored rv [-32768 (null), 1250, -4000] * 0.01, mag [12 (null), 12000, 14500] * 0.001")
print(f"read   rv {table['rv'].tolist()}, mag {table['mag'].tolist()}")
rv, mag = table["rv"], table["mag"]
hidden = [np.ma.getmaskarray(np.ma.asarray(column)).tolist() for column in (rv, mag)]
if hidden[0][0] or not np.isclose(rv[0], -327.68) or hidden[1] != [False, True, False]:
    sys.exit(f"CHANGED: masked are now {hidden}")
print("SEEN: the star without velocity has -327.68 km/s; the valid magnitude 12.0 is missing")
PYTHON
