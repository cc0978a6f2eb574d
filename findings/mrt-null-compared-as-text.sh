#!/usr/bin/env bash
# What:     astropy compares the null value of a CDS or machine-readable table as text, not as a
#           number.
# Package:  astropy==8.0.2
# Expected: with the description `?=-999` every cell that holds the number -999 is missing:
#           CDS's `Standards for Astronomical Catalogues` names the NULL value of a column in
#           this place, and the same byte-by-byte description fixes the written form, F7.2, in
#           which -999 is `-999.00`.
# Happens:  only a cell with exactly the characters `-999` is masked. `-999.0` and `-999.00`
#           stay as radial velocities of -999 km/s, without a warning.
# Matters:  a table of radial velocities in AAS journals' format gives stars at -999 km/s, which
#           are finite and look like stars that leave the Galaxy.
# Instead:  after reading, mask all cells whose VALUE equals the null value of the description.
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
from astropy.table import Table

TABLE = """Title: Radial velocities
Authors: A
Table: one
================================================================================
Byte-by-byte Description of file: one.dat
--------------------------------------------------------------------------------
   Bytes Format Units  Label    Explanations
--------------------------------------------------------------------------------
   1-  2 I2     ---    ID       Number of the star
   4- 10 F7.2   km/s   RV       ?=-999 Radial velocity
--------------------------------------------------------------------------------
 1   12.50
 2 -999.00
 3  -999.0
 4 -999
"""
for form in ("ascii.mrt", "ascii.cds"):
    column = Table.read(TABLE, format=form)["RV"]
    masked = [bool(m) for m in column.mask]
    print(f"astropy {astropy.__version__} {form}: {column.tolist()}")
    if masked != [False, False, False, True]:
        sys.exit(f"CHANGED: masked cells are now {masked}")
print("SEEN: -999.00 and -999.0 are velocities, only the characters -999 are a missing value")
PYTHON
