#!/usr/bin/env bash
# What:     astropy cannot read a 64-bit integer column with an offset other than 2^63.
# Package:  astropy==8.0.2
# Expected: FITS 4.0, section 7.3.2: the value is TZEROn + TSCALn * field for every integer
#           format, K among them, and any TZEROn. The same table with TFORM I or J is read.
# Happens:  UnboundLocalError (`bzero64`) from inside astropy when the column is touched, for
#           TZERO of 1, 5 or 2^60 alike. It is no OSError or ValueError, so code that turns bad
#           files into sentences shows a traceback.
# Matters:  identifiers and times in nanoseconds since an epoch are stored as K with an offset.
# Instead:  take the stored integers, hdu.data.view(numpy.ndarray)[name], and add the offset in
#           int64.
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
from astropy.io import fits
from astropy.table import Table


def write(path, form, code, offset):
    size = struct.calcsize(">" + code)
    header = fits.Header()
    for key, value in {
        "XTENSION": "BINTABLE", "BITPIX": 8, "NAXIS": 2, "NAXIS1": size, "NAXIS2": 3, "PCOUNT": 0,
        "GCOUNT": 1, "TFIELDS": 1, "TTYPE1": "n", "TFORM1": form, "TZERO1": offset,
    }.items():
        header[key] = value
    with open(path, "wb") as file:
        file.write(fits.PrimaryHDU().header.tostring().encode() + header.tostring().encode())
        file.write(struct.pack(">3" + code, 10, 20, 30).ljust(2880, b"\0"))


print(f"astropy {astropy.__version__}, stored 10, 20, 30")
seen = []
for form, code, offset in [("J", "i", 5), ("K", "q", 5), ("K", "q", 1), ("K", "q", 2**60)]:
    write("n.fits", form, code, offset)
    try:
        answer = Table.read("n.fits")["n"].tolist()
    except Exception as error:  # the kind of error is what this is about
        answer = type(error).__name__
    seen.append(answer)
    print(f"TFORM {form}, TZERO {offset}: {answer}")
if seen != [[15, 25, 35], *["UnboundLocalError"] * 3]:
    sys.exit("CHANGED: int64 columns with an offset answer otherwise")
print("SEEN: int32 is offset, int64 raises UnboundLocalError")
PYTHON
