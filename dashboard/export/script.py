"""A Python script that repeats a slice of the screen from the run's cube alone."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from dashboard.export.drawing import printable
from dashboard.export.view import View, check_view, plane_index
from engine.cubes.quantities import QUANTITIES, UNITS
from engine.cubes.slices import PLANES, sun_position

__all__ = ["acceleration_script"]

_TEMPLATE = '''\
"""Repeat a slice that Via Obscura showed. Needs xarray, zarr and matplotlib.

{about}
"""

import sys

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr

CUBE = {cube}
ESTIMATOR = {estimator}
ACROSS, INDEX = {across}, {index}  # the axis that the plane cuts, and which of its values
HORIZONTAL, VERTICAL = {horizontal}, {vertical}
QUANTITY = {quantity}  # abs, x, y, z, R or phi
FACTOR, UNIT = {factor}, {unit}  # from km2 s-2 kpc-1
UNTRUSTED = {untrusted}  # whether cells that are not to be believed are drawn
PERCENT = {percent}  # whether errors are in per cent
SIGNED = {signed}
SUN = {sun}  # kpc


def unit_vector(a, x, y):
    """Direction along which the quantity measures the acceleration, shape (3, h, v)."""
    zero, radius = np.zeros_like(x), np.hypot(x, y)
    with np.errstate(invalid="ignore", divide="ignore"):
        return {{
            "abs": a / np.sqrt((a**2).sum(axis=0)),
            "x": np.stack([zero + 1, zero, zero]),
            "y": np.stack([zero, zero + 1, zero]),
            "z": np.stack([zero, zero, zero + 1]),
            "R": np.stack([x / radius, y / radius, zero]),
            "phi": np.stack([y / radius, -x / radius, zero]),  # positive along rotation
        }}[QUANTITY]


flat = xr.open_zarr(CUBE).sel(estimator=ESTIMATOR).isel({{ACROSS: INDEX}}).load()
order = (HORIZONTAL, VERTICAL)
a = flat["acceleration"].transpose("component", *order).to_numpy().astype(float)
a_sd = flat["acceleration_sd"].transpose("component", *order).to_numpy().astype(float)
h, v = np.meshgrid(flat[HORIZONTAL], flat[VERTICAL], indexing="ij")
place = {{HORIZONTAL: h.astype(float), VERTICAL: v.astype(float), ACROSS: float(flat[ACROSS])}}
x, y = (np.broadcast_to(place[axis], h.shape) for axis in "xy")

n = unit_vector(a, x, y)
value = (a * n).sum(axis=0) * FACTOR
sd = np.sqrt(((a_sd * n) ** 2).sum(axis=0)) * FACTOR  # components taken as independent
inside = np.isfinite(value)
shown = inside & (flat["trusted"].transpose(*order).to_numpy() | UNTRUSTED)
with np.errstate(invalid="ignore", divide="ignore"):
    error = 100 * sd / np.abs(value) if PERCENT else sd

low, high = np.percentile(value[shown], [1, 99]) if shown.any() else (0.0, 1.0)
if SIGNED:
    low, high = -max(abs(low), abs(high)), max(abs(low), abs(high))
top = np.percentile(error[shown], 95) if shown.any() else 1.0
maps = [
    (value, f"{{QUANTITY}} [{{UNIT}}]", "RdBu_r" if SIGNED else "plasma", low, high),
    (error, f"error of {{QUANTITY}} [{{'%' if PERCENT else UNIT}}]", "viridis", 0.0, top),
]
figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
for ax, (field, label, colours, least, most) in zip(axes, maps):
    grey = np.where(inside & ~shown, 0.5, np.nan)
    ax.pcolormesh(h, v, grey, cmap="Greys", vmin=0, vmax=2, shading="nearest", rasterized=True)
    mesh = ax.pcolormesh(
        h, v, np.where(shown, field, np.nan),
        cmap=colours, vmin=least, vmax=most, shading="nearest", rasterized=True,
    )
    figure.colorbar(mesh, ax=ax, label=label, extend="both")
    ax.plot(SUN["xyz".index(HORIZONTAL)], SUN["xyz".index(VERTICAL)], "*", ms=10, mfc="gold",
            mec="black")
    ax.set(aspect="equal", xlabel=f"{{HORIZONTAL}} [kpc]", ylabel=f"{{VERTICAL}} [kpc]")
figure.suptitle(f"{{ACROSS}} = {{float(flat[ACROSS]):+.2f}} kpc, {{ESTIMATOR}}")
if len(sys.argv) > 1:
    figure.savefig(sys.argv[1], dpi=300)
else:
    plt.show()
'''


def acceleration_script(cube: xr.Dataset, path: Path, view: View, provenance: str) -> str:
    """Write the script for a slice of an acceleration cube.

    It reads the cube and nothing else, and knows nothing of this program, so that it can be
    changed by whoever wants another figure. Run as ``python script.py [figure.pdf]``.

    Parameters
    ----------
    cube
        The acceleration cube.
    path
        Where it lies; goes into the script as it is.
    view
        What is on the screen.
    provenance
        Sentence on run, catalogue and selection, for the script's docstring; text from
        outside, which cannot end it.

    Raises
    ------
    UserError
        As `dashboard.export.view.check_view` does.
    """
    check_view(view, cube)
    horizontal, vertical, across = PLANES[view.plane]
    about = ascii(printable(provenance))[1:-1].replace('"', "'")
    return _TEMPLATE.format(
        about=about,
        cube=ascii(str(path.resolve())),
        estimator=ascii(view.estimator or str(cube.attrs["default_estimator"])),
        across=ascii(across),
        index=plane_index(view, cube),
        horizontal=ascii(horizontal),
        vertical=ascii(vertical),
        quantity=ascii(view.quantity),
        factor=repr(UNITS[view.unit].factor),
        unit=ascii(UNITS[view.unit].label),
        untrusted=bool(view.show_untrusted),
        percent=bool(view.relative),
        signed=QUANTITIES[view.quantity].signed,
        sun=sun_position(cube),
    )
