#!/usr/bin/env bash
# What:     fitsio returns wrong numbers for integer columns of FITS tables that have TSCAL or
#           TZERO.
# Package:  fitsio==1.4.2
# Expected: TZEROn + TSCALn * field (FITS 4.0, section 7.3.2), as astropy gives it.
# Happens:  stored 10, 20, 30 in int16 with TSCAL 0.1 and TZERO 5 come as 5.0, 5.0, 5.0 (should
#           be 6, 7, 8); with TZERO 5 alone two int16 are read as one int32; int64 with TSCAL
#           alone gives numbers like 5e-324. The bytes are seen as the wider type before they
#           are converted. Scaled float columns are right, and so are plain integers. No error,
#           no warning.
# Matters:  fitsio is the usual faster reader of large catalogues; packed velocities and
#           magnitudes lose all meaning, or, as 5.0 for every star, look like a plausible
#           constant.
# Instead:  read such columns with astropy, or compare one column before trusting the rest.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
    fitsio==1.4.2 numpy==2.4.6 astropy==8.0.2
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import struct
import sys

import astropy
import fitsio
from astropy.io import fits


def write(form, code, scale, offset):
    header = fits.Header()
    for key, value in {
        "XTENSION": "BINTABLE", "BITPIX": 8, "NAXIS": 2, "NAXIS1": struct.calcsize(">" + code),
        "NAXIS2": 3, "PCOUNT": 0, "GCOUNT": 1, "TFIELDS": 1, "TTYPE1": "n", "TFORM1": form,
        "TSCAL1": scale, "TZERO1": offset,
    }.items():
        header[key] = value
    with open("n.fits", "wb") as file:
        file.write(fits.PrimaryHDU().header.tostring().encode() + header.tostring().encode())
        file.write(struct.pack(">3" + code, 10, 20, 30).ljust(2880, b"\0"))


print(f"fitsio {fitsio.__version__}, astropy {astropy.__version__}, stored 10, 20, 30")
wrong = right = 0
cases = [("I", "h", 0.1, 5), ("I", "h", 1, 5), ("J", "i", 0.1, 5), ("K", "q", 0.1, 0),
         ("E", "f", 0.1, 5), ("D", "d", 0.1, 5)]
for form, code, scale, offset in cases:
    write(form, code, scale, offset)
    with fits.open("n.fits") as file:
        other = file[1].data["n"].tolist()
    ours = fitsio.read("n.fits")["n"].tolist()
    same = all(abs(a - b) < 1e-4 for a, b in zip(ours, other))
    wrong, right = wrong + (not same), right + same
    print(f"TFORM {form} TSCAL {scale} TZERO {offset}: fitsio {ours}, astropy {other}")
if (wrong, right) != (4, 2):
    sys.exit(f"CHANGED: {wrong} of 6 scaled columns are wrong")
print("SEEN: all four scaled integer columns are wrong, both float columns right")
PYTHON
