"""Values for cells without one, continued smoothly from their neighbours.

Interpolation near the edge of the volume needs cells that lie outside of it. Each gets the
value there of a polynomial that is fitted to the nearest known cells: of second order next to
them, of first order farther out, where a parabola would run away. The rule is linear in the
known values, so it serves the mean and every draw.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

__all__ = ["continuation"]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

_NEAR = 1.6
"""Distance in cells up to which a parabola is continued: the neighbours of known cells."""

_NEIGHBOURS = {1: 32, 2: 56}
_RIDGE = 1e-4


def continuation(known: Indices, wanted: Indices) -> csr_array[np.float64]:
    """Give the linear map from known cells to others.

    Parameters
    ----------
    known
        Indices (P, 3) of the cells with a value; distances are counted in cells.
    wanted
        Indices (Q, 3) of the cells that need one.

    Returns
    -------
    csr_array
        (Q, P).
    """
    tree = cKDTree(known)
    count = min(_NEIGHBOURS[2], len(known))
    found = tree.query(wanted, k=count)
    distance, near = (np.asarray(part).reshape(len(wanted), -1) for part in found)
    rows, columns, weights = [], [], []
    for order, chosen in (
        (2, np.flatnonzero(distance[:, 0] <= _NEAR)),
        (1, np.flatnonzero(distance[:, 0] > _NEAR)),
    ):
        width = min(_NEIGHBOURS[order], near.shape[1])
        cells, far = near[chosen, :width], distance[chosen, :width]
        weight = _fitted(known[cells] - wanted[chosen][:, None], far, order)
        rows.append(np.repeat(chosen, width))
        columns.append(cells.ravel())
        weights.append(weight.ravel())
    entries = (np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns)))
    return csr_array(entries, shape=(len(wanted), len(known)))


def _fitted(offset: Indices, distance: Floats, order: int) -> Floats:
    """Weights (Q, k) of neighbours at offsets (Q, k, 3) in the local fit's value at 0."""
    if not len(offset):
        return np.zeros(distance.shape)
    scale = distance.max(axis=1, keepdims=True) + 1e-9
    d = offset / scale[..., None]
    terms = [np.ones(distance.shape), *np.moveaxis(d, -1, 0)]
    if order == 2:
        terms += [d[..., i] * d[..., j] for i in range(3) for j in range(i, 3)]
    design = np.stack(terms, -1)
    near = (distance.min(axis=1, keepdims=True) + 1.0) / (distance + 1.0)
    # the farthest have no weight: which of several equally far ones was found does not matter
    weight = near**4 * (1 - (distance / scale) ** 2)
    normal = np.einsum("qkm,qk,qkn->qmn", design, weight, design)
    trace = np.trace(normal, axis1=1, axis2=2)[:, None, None]
    # neighbours in one plane leave a direction open: there the fit stays flat
    ridge = _RIDGE * trace * np.diag([0.0, *np.ones(design.shape[-1] - 1)])
    first = np.zeros((len(offset), design.shape[-1], 1))
    first[:, 0] = 1.0
    solved = np.linalg.solve(normal + ridge, first)[..., 0]
    fitted: Floats = np.einsum("qkm,qm->qk", design, solved) * weight
    return fitted
