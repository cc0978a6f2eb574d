#!/usr/bin/env bash
# What:     one infinite value in a column makes datashader draw none of the other points.
# Package:  datashader==0.19.1
# Expected: a Canvas without x_range and y_range spans the data; NaN is left out of the span,
#           and so, one would think, is infinity.
# Happens:  the range becomes (-1, 1) in place of the data's, and every star outside it is
#           dropped: 0 of 1000 points, without a warning. One NaN instead of the infinity does
#           no harm.
# Matters:  log10 of a zero is -inf: with one zero in the logged column the panel of a whole
#           catalogue is empty, which looks like a selection that nothing passes.
# Instead:  compute ranges over finite values and always pass x_range and y_range.
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

print(f"datashader {version('datashader')}")
counts = {}
for label, last in (("finite", 13.0), ("NaN", np.nan), ("inf", np.inf), ("-inf", -np.inf)):
    magnitude = np.append(np.linspace(12.0, 14.0, 999), last)
    stars = pd.DataFrame({"magnitude": magnitude, "parallax": np.linspace(5.0, 6.0, 1000)})
    picture = ds.Canvas(20, 20).points(stars, "magnitude", "parallax")
    counts[label] = int(picture.sum())
    axis = picture["magnitude"].values
    print(f"last of 1000 magnitudes {label:6}: {counts[label]} points drawn, "
          f"axis {axis[0]:.2f} to {axis[-1]:.2f}")
if counts != {"finite": 1000, "NaN": 999, "inf": 0, "-inf": 0}:
    sys.exit(f"CHANGED: {counts}")
print("SEEN: one infinity, and no star is drawn")
PYTHON
