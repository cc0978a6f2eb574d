"""Does the density model describe the stars? Histograms, pulls and a classifier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

from engine.density.model import DensityModel
from engine.density.split import MemberSplit

__all__ = ["PAIRS", "QUANTITIES", "classifier_auc", "model_cube", "pull", "sample"]

Floats = NDArray[np.float64]

QUANTITIES = ("x", "y", "z", "vx", "vy", "vz")
PAIRS = ("x-y", "x-z", "vx-vy", "vx-vz", "z-vz", "x-vy")
_BINS_1D, _BINS_2D = 60, 40
_CLASSIFIED = 20_000
"""Stars of a member's validation part shown to the classifier at most."""


def sample(model: DensityModel, count: int, seed: int) -> Floats:
    """Draw from every member.

    Returns
    -------
    Floats
        (M, count, 6): x, y, z in kpc, vx, vy, vz in km/s.
    """
    generator = torch.Generator().manual_seed(seed)
    parts = []
    with torch.no_grad():
        for start in range(0, count, 8192):
            size = (model.members, min(8192, count - start), 3)
            base = [torch.randn(size, generator=generator).to(model.device) for _ in range(2)]
            x = model.positions(base[0])
            parts.append(torch.cat([x, model.velocities(x, base[1])], -1))
    drawn: Floats = torch.cat(parts, 1).cpu().double().numpy()
    return drawn


def classifier_auc(held_out: Floats, drawn: Floats, seed: int) -> tuple[float, float]:
    """Train a classifier to tell stars from samples and judge it on others.

    Parameters
    ----------
    held_out, drawn
        Stars that the member has not seen and its samples, (n, 6) each.
    seed
        Seed of the split and of the classifier.

    Returns
    -------
    auc, error
        Area under the receiver operating characteristic on the half that the classifier has not
        seen, 0.5 for a perfect density model, and its standard error for AUC near 0.5
        (Mann & Whitney 1947): sqrt((n1 + n2 + 1)/(12 n1 n2)).
    """
    n = min(len(held_out), len(drawn))
    rng = np.random.default_rng(seed)
    half = n // 2
    order = [rng.permutation(n) for _ in range(2)]
    sides = (held_out[:n][order[0]], drawn[:n][order[1]])
    train = np.concatenate([side[:half] for side in sides])
    test = np.concatenate([side[half:] for side in sides])
    labels = np.repeat([1, 0], half)
    judge = HistGradientBoostingClassifier(random_state=seed, max_iter=100)
    judge.fit(train, labels)
    score = judge.predict_proba(test)[:, 1]
    auc = roc_auc_score(np.repeat([1, 0], n - half), score)
    return float(auc), float(np.sqrt((2 * (n - half) + 1) / 12) / (n - half))


def model_cube(
    stars: Floats,
    model: DensityModel,
    split: MemberSplit,
    seed: int,
    attributes: Mapping[str, Any],
) -> xr.Dataset:
    """Compare the stars with samples of the model as the ``model`` cube.

    Parameters
    ----------
    stars
        All tracers (n, 6) in kpc and km/s.
    model
        The density model.
    split
        Which stars each member has not seen.
    seed
        Seed of the samples.
    attributes
        Provenance.
    """
    drawn = sample(model, max(_CLASSIFIED, len(stars) // model.members), seed)
    areas = [
        classifier_auc(stars[rows.numpy()[:_CLASSIFIED]], samples, seed)
        for rows, samples in zip(split.validation[: len(drawn)], drawn, strict=True)
    ]
    auc, auc_sd = np.mean(areas, axis=0)
    pooled = drawn.reshape(-1, 6)
    weight = len(stars) / len(pooled)
    edges = _edges(stars, _BINS_1D)
    data_1d, model_1d = (
        np.stack([np.histogram(values[:, i], edges[i])[0] for i in range(6)]).astype(float)
        for values in (stars, pooled)
    )
    wide = _edges(stars, _BINS_2D)
    columns = [tuple(QUANTITIES.index(name) for name in pair.split("-")) for pair in PAIRS]
    data_2d, model_2d = (
        np.stack(
            [np.histogram2d(values[:, a], values[:, b], (wide[a], wide[b]))[0] for a, b in columns]
        )
        for values in (stars, pooled)
    )
    line, square = ("quantity", "bin"), ("pair", "bin_a", "bin_b")
    counts = {"units": "1", "long_name": "stars"}
    variables = {
        "data_1d": (line, data_1d, counts),
        "model_1d": (line, model_1d * weight, counts),
        "pull_1d": (line, pull(data_1d, model_1d, weight)),
        "edges_1d": (("quantity", "edge"), edges),
        "data_2d": (square, data_2d, counts),
        "model_2d": (square, model_2d * weight, counts),
        "pull_2d": (square, pull(data_2d, model_2d, weight)),
        "edges_a": (("pair", "edge_2d"), np.stack([wide[a] for a, _ in columns])),
        "edges_b": (("pair", "edge_2d"), np.stack([wide[b] for _, b in columns])),
        "member_auc": ("member", np.array([area for area, _ in areas])),
    }
    results = {
        "title": "model",
        "auc": float(auc),
        "auc_sd": float(auc_sd),
        "n_held_out": int(split.validation.shape[1]),
    }
    coordinates = {"quantity": list(QUANTITIES), "pair": list(PAIRS)}
    return xr.Dataset(variables, coordinates, {**results, **attributes})


def _edges(stars: Floats, bins: int) -> Floats:
    """Give bin edges (6, bins + 1) that hold all but the outermost 0.2% on each side."""
    low, high = np.percentile(stars, [0.2, 99.8], axis=0)
    return np.stack([np.linspace(a, b, bins + 1) for a, b in zip(low, high, strict=True)])


def pull(data: Floats, drawn: Floats, weight: float) -> Floats:
    """Give (data - expected)/error of counts; 0 where nothing is expected and nothing there.

    The expected count is weight x drawn; its own Poisson error counts as well. The error comes
    from the expectation, as that of an empty bin of data would be zero.

    Parameters
    ----------
    data, drawn
        Counts of stars and of samples, of one shape.
    weight
        Stars for each sample.
    """
    error = np.sqrt(weight * np.maximum(drawn, 1) * (1 + weight))
    result: Floats = np.where(data + drawn > 0, (data - weight * drawn) / error, 0.0)
    return result
