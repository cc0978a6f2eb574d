#!/usr/bin/env bash
# What:     a masked column written to FITS by astropy loses valid cells, and missing flags
#           become true.
# Package:  astropy==8.0.2
# Expected: a column with one masked cell comes back with one masked cell. FITS 4.0 has the
#           means: TNULLn may be any integer, so one that the column does not hold (section
#           7.3.2), and a logical has a NULL of its own, a zero byte (section 7.3.3.1).
# Happens:  TNULLn is numpy's fill value 999999 cut down to the column's width: 16959 in int16,
#           63 in uint8. All valid cells with that number come back missing. A masked logical
#           comes back as True. (Issues 14693, 18815 and 19215 of astropy report 999999 and
#           logicals; the small widths make a clash likely.)
# Matters:  numbers of transits or visits are small integers, kept in a byte, for which 63 is
#           ordinary; a particle 999999 exists in every snapshot of a million; a missing quality
#           flag becomes a raised one.
# Instead:  set fill_value of every masked integer column to a number that it does not hold
#           before writing, and write logicals as uint8 in the same way; or write Parquet or
#           VOTable.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
    astropy==8.0.2 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import astropy
import numpy as np
from astropy.io import fits
from astropy.table import MaskedColumn, Table

transits = np.arange(58, 68, dtype="u1")
first = np.arange(10) == 0
table = Table({
    "transits": MaskedColumn(transits, mask=first),
    "particle": MaskedColumn(np.arange(999994, 1000004), mask=first),
    "flag": MaskedColumn(np.zeros(10, bool), mask=first),
})
table.write("stars.fits")
back = Table.read("stars.fits")
header = fits.getheader("stars.fits", 1)
lost = {name: [int(v) for v in table[name].data.data[back[name].mask & ~first]]
        for name in ("transits", "particle")}
print(f"astropy {astropy.__version__}, masked in each column: the first cell only")
print(f"TNULL of transits {header['TNULL1']}, of particle {header['TNULL2']}")
print(f"valid cells that came back missing: {lost}")
print(f"flag was [masked, False, False, ...], came back {back['flag'].tolist()[:3]}")
if lost != {"transits": [63], "particle": [999999]} or back["flag"].tolist()[0] is not True:
    sys.exit("CHANGED: masks are now kept otherwise")
print("SEEN: 63 and 999999 are gone, and a missing flag is true")
PYTHON
