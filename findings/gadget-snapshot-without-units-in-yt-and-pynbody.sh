#!/usr/bin/env bash
# What:     one Gadget HDF5 snapshot without unit attributes has lengths 1000/h apart in yt and
#           pynbody.
# Package:  yt==4.4.3, pynbody==2.8.0
# Expected: the same positions from both, in the default units of GADGET-2 (users' guide,
#           section on the parameter file: kpc/h, 1e10 Msun/h, km/s), or a refusal: the file
#           does not name its units.
# Happens:  pynbody assumes Mpc a/h, yt kpc/h; and if the header has OmegaLambda = 0 and
#           Redshift = 0, as a run of an isolated galaxy does, yt drops h as well while pynbody
#           keeps it. Positions differ by 1000 for h = 1 and by 1429 for an isolated galaxy with
#           HubbleParam 0.7, its masses by 1.43.
# Matters:  a snapshot is a natural test of a map whose truth is known; densities then differ by
#           3e9 between two tools, both without an error.
# Instead:  never read such a snapshot by default: pass unit_base to yt, set the units in
#           pynbody, or write UnitLength_in_cm, UnitMass_in_g and UnitVelocity_in_cm_per_s into
#           the header.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
    yt==4.4.3 pynbody==2.8.0 h5py==3.16.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import logging
import sys
import warnings
from importlib.metadata import version

import h5py
import numpy as np

warnings.simplefilter("ignore")
logging.disable(logging.INFO)
import pynbody  # noqa: E402
import yt  # noqa: E402

yt.set_log_level(50)
N = 500
places = np.random.default_rng(1).uniform(4.0, 6.0, (N, 3))


def write(path, **header):
    with h5py.File(path, "w") as file:
        group = file.create_group("Header")
        group.attrs.update({
            "NumPart_ThisFile": np.array([0, N, 0, 0, 0, 0], "i4"),
            "NumPart_Total": np.array([0, N, 0, 0, 0, 0], "u4"),
            "NumPart_Total_HighWord": np.zeros(6, "u4"), "MassTable": np.zeros(6),
            "NumFilesPerSnapshot": 1, "BoxSize": 10.0, "Time": 1.0, "Redshift": 0.0,
            "Flag_Sfr": 0, "Flag_Cooling": 0, "Flag_StellarAge": 0, "Flag_Metals": 0,
            "Flag_Feedback": 0, "Flag_DoublePrecision": 1, "Flag_IC_Info": 0, **header,
        })
        stars = file.create_group("PartType1")
        stars["Coordinates"], stars["Velocities"] = places, np.full((N, 3), 100.0)
        stars["ParticleIDs"], stars["Masses"] = np.arange(1, N + 1, dtype="u4"), np.full(N, 1e-3)


print(f"yt {version('yt')}, pynbody {version('pynbody')}; stored: x of {places[0, 0]:.4f}, mass 0.001")
seen = {}
for label, header in {
    "cosmological, h = 1": {"Omega0": 0.3, "OmegaLambda": 0.7, "HubbleParam": 1.0},
    "isolated, h = 0.7": {"Omega0": 0.0, "OmegaLambda": 0.0, "HubbleParam": 0.7},
}.items():
    path = f"snapshot{len(seen)}.hdf5"
    write(path, **header)
    first = pynbody.load(path)
    first.physical_units()
    data = yt.load(path).all_data()
    identifiers = np.argsort(np.asarray(data["PartType1", "ParticleIDs"]))
    theirs = float(data["PartType1", "particle_position"].to("kpc").v[identifiers[0], 0])
    weight = float(data["PartType1", "Masses"].to("Msun").v[0])
    ours, mass = float(first["pos"][0, 0]), float(first["mass"][0])
    seen[label] = (round(ours / theirs), round(mass / weight, 2))
    print(f"{label}: pynbody x {ours:.2f} {first['pos'].units}, mass {mass:.4g}; "
          f"yt x {theirs:.4f} kpc, mass {weight:.4g} Msun")
if list(seen.values()) != [(1000, 1.0), (1429, 1.43)]:
    sys.exit(f"CHANGED: ratios of length and mass are now {seen}")
print(f"SEEN: ratios of length and of mass {seen}")
PYTHON
