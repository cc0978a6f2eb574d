#!/usr/bin/env bash
# What:     one kernel and one bandwidth give densities of other widths in KDEpy and
#           scikit-learn.
# Package:  KDEpy==1.1.12, scikit-learn==1.9.1
# Expected: the same estimate from both: kernel Epanechnikov, bandwidth 1. Each documents its
#           own meaning: in scikit-learn it is the h of K(x; h) (user guide, 2.8.2), in KDEpy
#           `the standard deviation of the kernel` (docstring of NaiveKDE).
# Happens:  the kernels agree for the Gaussian only. Epanechnikov is 2.24 times wider in KDEpy
#           (support 2.24 against 1), tophat 1.73 times, triangular 2.45 times.
# Matters:  a bandwidth found by cross-validation in one library (scikit-learn has the search)
#           and used in the other (KDEpy has the fast FFT) smooths a density by another factor,
#           and gradients of the density, hence accelerations, by its square.
# Instead:  convert by the standard deviation of the kernel, or use the Gaussian when two
#           libraries meet.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
    KDEpy==1.1.12 scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

import numpy as np
from KDEpy import NaiveKDE
from sklearn.neighbors import KernelDensity

print(f"KDEpy {version('KDEpy')}, scikit-learn {version('scikit-learn')}, bandwidth 1, one point at 0")
grid = np.linspace(-12, 12, 24001)


def width(values):
    return float(np.sqrt(np.trapezoid(values * grid**2, grid)))


ratios = {}
for ours, theirs in (("gaussian", "gaussian"), ("epa", "epanechnikov"), ("box", "tophat"), ("tri", "linear")):
    first = width(NaiveKDE(kernel=ours, bw=1.0).fit(np.array([0.0])).evaluate(grid))
    second = width(np.exp(KernelDensity(kernel=theirs, bandwidth=1.0)
                          .fit(np.zeros((1, 1))).score_samples(grid[:, None])))
    ratios[theirs] = round(first / second, 2)
    print(f"{theirs:13} standard deviation: KDEpy {first:.3f}, scikit-learn {second:.3f}")
if abs(ratios["gaussian"] - 1) > 0.01 or abs(ratios["epanechnikov"] - 2.24) > 0.02:
    sys.exit(f"CHANGED: ratios are now {ratios}")
print(f"SEEN: the ratio of widths is {ratios}")
PYTHON
