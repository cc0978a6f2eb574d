#!/usr/bin/env bash
# What:     in gaiadr3-zeropoint the switch `_warnings` decides whether stars out of range get a
#           number.
# Package:  gaiadr3-zeropoint==0.1.0
# Expected: a switch named for warnings changes what is printed, and a correction is given only
#           where it was fitted: 6 < G < 21 and 1.1 < nu_eff < 1.9 for five-parameter solutions
#           (Lindegren et al. 2021, A&A 649, A4, and the package's docstring; a NOTE in it
#           mentions the NaN).
# Happens:  with the default _warnings=True a star of nu_eff 3.0 gets +0.134 mas, three times
#           the size of the whole effect and of the other sign, under one warning for the whole
#           array; with _warnings=False, which reads like hiding the message, the same star gets
#           NaN. The boundaries 6 and 21 themselves count as outside.
# Matters:  a catalogue corrected by the default has false distances for its reddest and bluest
#           stars; silencing the warning of one star changes the sample.
# Instead:  call with _warnings=False and count the NaN, so that a star out of range stays
#           uncorrected and is known to be.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
    gaiadr3-zeropoint==0.1.0 numpy==2.4.6 pandas==3.1.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import sys
import warnings
from importlib.metadata import version

import numpy as np
from zero_point import zpt

zpt.load_tables()
magnitude = np.array([15.0, 15.0, 15.0, 5.0])
nu_eff = np.array([1.5, 3.0, 0.9, 1.5])
others = (np.full(4, -99.0), np.zeros(4), np.full(4, 31))
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    loud = zpt.get_zpt(magnitude, nu_eff, *others)
quiet = zpt.get_zpt(magnitude, nu_eff, *others, _warnings=False)
print(f"gaiadr3-zeropoint {version('gaiadr3-zeropoint')}")
print(f"G {magnitude.tolist()}, nu_eff {nu_eff.tolist()}")
print(f"default:         {loud.tolist()} mas, {len(caught)} warnings")
print(f"_warnings=False: {quiet.tolist()} mas")
if not (np.isfinite(loud).all() and loud[1] > 0.1 and np.isnan(quiet).tolist() == [False, True, True, True]):
    sys.exit("CHANGED: the switch no longer decides about the numbers")
print("SEEN: three of four stars have a number or NaN depending on the switch of warnings")
PYTHON
