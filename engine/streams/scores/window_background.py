"""The background p(x given m) of one window, fitted without the stars of the window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.streams.scores.background import Background, smooth_draws
from engine.streams.scores.tilt import Trunk, fit_heads, powers
from engine.streams.windows import Window

__all__ = ["Template", "WindowBackground"]

Floats = NDArray[np.float64]

_NODES = 24
"""Values of m in a window at which the normalisation is computed; linear between them."""

_NORMALISING = 4096
"""Reference points at each of the nodes."""
_MOST_BESIDE = 80_000
"""Reference points beside a window at most, for its coefficients."""


@dataclass(frozen=True)
class Template:
    """Background points of a window: features (n, F), coordinate (n,), weights (n,) of mean 1."""

    features: Floats
    coordinate: Floats
    weight: Floats


class WindowBackground:
    """The background of one window: the shared one with coefficients of its own for each fold.

    Parameters
    ----------
    shared
        Of the patch.
    features, coordinate
        (N, F) and (N,): the table that the shared background was made from.
    window
        Whose stars are left out.
    """

    def __init__(
        self, shared: Background, features: Floats, coordinate: Floats, window: Window
    ) -> None:
        self.shared, self.window = shared, window
        outside = ~window.contains(coordinate)
        z = shared.ranks.forward(features[outside]).astype(np.float32)
        stars = torch.from_numpy(z).to(shared.pool)
        t = shared.time(coordinate[outside])
        self.heads: list[Tensor] = []
        settings = shared.settings
        with torch.no_grad():
            for member, pool_m in enumerate(shared.pool_m):
                beside = np.flatnonzero(~window.contains(pool_m))[:_MOST_BESIDE]
                rows = torch.from_numpy(beside).to(stars.device)
                x = torch.cat([stars, shared.pool[member, rows]])
                n_star, n_ref = len(stars), len(rows)
                is_star = torch.zeros(len(x), device=x.device)
                is_star[:n_star] = 1
                weight = torch.ones(len(x), device=x.device)
                weight[n_star:] = n_star / max(n_ref, 1)
                self.heads.append(
                    fit_heads(
                        self._functions(member, x),
                        torch.cat([t, shared.time(pool_m[beside])]),
                        weight,
                        is_star,
                        shared.nodes,
                        order=settings.order,
                        ridge=settings.ridge,
                    )
                )
        self._normalise()

    def _functions(self, member: int, x: Tensor) -> Tensor:
        parameters = self.shared.trunk.parameters
        one = Trunk({name: value[member : member + 1] for name, value in parameters.items()})
        return one(x[None])[0]

    def _tilt(self, member: int, x: Tensor, m: Floats) -> Tensor:
        powers_of_t = powers(self.shared.time(m), self.shared.settings.order)
        s: Tensor = ((self._functions(member, x) @ self.heads[member]) * powers_of_t).sum(-1)
        return s

    @torch.no_grad()
    def _normalise(self) -> None:
        """Compute ln Z(m) = ln of the mean of e^s over reference points inside the borders."""
        low, high = self.window.low, self.window.high
        self.nodes = np.linspace(low, high, _NODES)
        self.log_z = np.zeros((len(self.heads), _NODES))
        for member in range(len(self.heads)):
            # The pool was cut by the borders at other m; fresh points are not.
            x = self.shared.bank[member, :_NORMALISING]
            features = self.shared.ranks.inverse(x.cpu().double().numpy())
            coefficients = self._functions(member, x) @ self.heads[member]
            for node, m in enumerate(self.nodes):
                here = np.full(len(x), m)
                inside = self.shared.holds(features, here)
                powers_of_t = powers(self.shared.time(here), self.shared.settings.order)
                s = (coefficients * powers_of_t).sum(-1).double().cpu().numpy()
                total = np.exp(s[inside]).sum() if inside.any() else np.nan
                self.log_z[member, node] = np.log(total / len(x)) if total > 0 else np.nan
            good = np.isfinite(self.log_z[member])
            if good.any():
                self.log_z[member] = np.interp(
                    self.nodes, self.nodes[good], self.log_z[member, good]
                )
            else:
                self.log_z[member] = 0.0

    @torch.no_grad()
    def log_ratio(self, member: int, features: Floats, m: Floats) -> Floats:
        """Give ln p(x|m)/q(x), with q the reference flow of a fold, at (n, F) and (n,)."""
        z = self.shared.ranks.forward(features).astype(np.float32)
        s = self._tilt(member, torch.from_numpy(z).to(self.shared.pool), m)
        log_z = np.interp(m, self.nodes, self.log_z[member])
        ratio: Floats = s.double().cpu().numpy() - log_z
        return ratio

    @torch.no_grad()
    def template(self, member: int, stars_m: Floats, number: int, seed: int) -> Template:
        """Give background points of the window.

        Parameters
        ----------
        member
            The fold whose models are asked.
        stars_m
            (n,) the coordinate of stars of the window: points follow its distribution.
        number
            Of points wanted, as many as the bank holds at most; points outside of the borders
            are replaced by weight.
        seed
            Of the draws.
        """
        shared = self.shared
        z = shared.reference(member, number, seed)
        draws = [seed, 5, member]
        m = smooth_draws(stars_m, len(z), draws, self.window.low, self.window.high)
        inside = shared.inside(z.cpu().double().numpy(), m)
        z, m = z[torch.from_numpy(inside).to(z.device)], m[inside]
        features = shared.ranks.inverse(z.cpu().double().numpy())
        s = self._tilt(member, z, m).double().cpu().numpy()
        log_weight = s - np.interp(m, self.nodes, self.log_z[member])
        weight = np.exp(log_weight - log_weight.max())
        return Template(features, m, weight / weight.mean())
