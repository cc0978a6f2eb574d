#!/usr/bin/env bash
# What:     datashader's `where` gives the identifier of the brightest star of a pixel as a
#           float.
# Package:  datashader==0.19.1
# Expected: datashader.where(max(...), lookup_column="source_id") gives values of the lookup
#           column (its docstring), so an int64 column comes as int64, as the row index does
#           when no column is named.
# Happens:  the result is float64: Gaia's identifiers of 19 digits lose the last ones.
# Matters:  the id under the pointer belongs to no star, or to another one: a query by it finds
#           nothing or a neighbour, because the high digits are the place on the sky.
# Instead:  use where without a column (the row number, exact) and look the identifier up in the
#           table.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
    datashader==0.19.1 numpy==2.4.6 pandas==3.1.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

import datashader as ds
import numpy as np
import pandas as pd

ids = np.array([4295806720, 5853498713190525696 + 331, 5853498713190525696 + 77], dtype=np.int64)
stars = pd.DataFrame({"x": [0.5] * 3, "y": [0.5] * 3, "light": [1.0, 3.0, 2.0], "source_id": ids})
canvas = ds.Canvas(1, 1, x_range=(0, 1), y_range=(0, 1))
by_column = canvas.points(stars, "x", "y", ds.where(ds.max("light"), "source_id"))
by_row = canvas.points(stars, "x", "y", ds.where(ds.max("light")))
answer, row = int(by_column.values[0, 0]), int(by_row.values[0, 0])
print(f"datashader {version('datashader')}")
print(f"brightest star of the pixel: row 1, source_id {ids[1]}")
print(f"where(max, 'source_id'): {answer} ({by_column.dtype}), off by {answer - int(ids[1])}")
print(f"where(max): row {row} ({by_row.dtype}), source_id {ids[row]}")
if by_column.dtype != np.float64 or answer == ids[1] or row != 1:
    sys.exit("CHANGED: identifiers are now looked up exactly")
print("SEEN: the identifier belongs to no star in the table")
PYTHON
