"""Compiled loops behind the velocity tables and the stars' likelihood, with their gradients.

Each loop comes in two: one gives the values, the other takes the gradient of a scalar with respect
to them back to the inputs. Nothing of the size (radii x depths x speeds x energies) is stored.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from data.compiled import compiled_without_checks as compiled

__all__ = ["add_inner", "add_inner_back", "star_values", "star_values_back"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_LEAST = 1e-12


@compiled
def add_inner(
    out: Floats, table: Floats, psi: Floats, depth: Floats,
    c: Floats, front: Floats, coefficients: Floats, b: Floats, v: Floats, s: Floats,
    w: Floats, scale: float, first: float, step: float,
) -> None:  # fmt: skip
    """Add front times the inner integral to each row and speed.

    Parameters
    ----------
    out
        (B, J, V).
    table
        ln f0 on even steps of ln((psi(0) - Q)/Q), (B, F).
    psi, depth, c, front
        On the sight lines, (B, J, S).
    coefficients
        Of the mean over directions in powers of cos^2 al, (B, J, S, L).
    b
        b0, (B,).
    v, s, w
        Speeds; squares of the Gauss nodes, and their weights times 2 t. Without nodes the table
        holds F(Q) instead of f0, and there is nothing to integrate.
    scale
        Energy to which the nodes are drawn, (km/s)^2.
    first, step
        First value and spacing of the table.
    """
    rows, sight, terms = psi.shape[1], psi.shape[2], coefficients.shape[3]
    last = table.shape[1] - 1.001
    for k in range(psi.shape[0]):
        for j in range(rows):
            for i in range(sight):
                weight, deep, whole = front[k, j, i], depth[k, j, i], psi[k, j, i]
                for m in range(v.size):
                    kinetic = 0.5 * v[m] * v[m] / c[k, j, i]
                    energy = whole - kinetic
                    if energy <= _LEAST * whole:
                        break
                    if s.size == 0:
                        place = (math.log((deep + kinetic) / energy) - first) / step
                        place = min(max(place, 0.0), last)
                        left = int(place)
                        low = table[k, left]
                        value = math.exp(low + (table[k, left + 1] - low) * (place - left))
                        out[k, j, m] += weight * value
                        continue
                    ratio, total = energy / scale, 0.0
                    for n in range(s.size):
                        share = 1 + ratio * (1 - s[n])
                        q = energy * s[n] / share
                        half = kinetic + q
                        y = math.log((deep + half) / (energy - q))
                        place = min(max((y - first) / step, 0.0), last)
                        left = int(place)
                        low = table[k, left]
                        ln = low + (table[k, left + 1] - low) * (place - left)
                        mu2 = kinetic / half
                        mean = coefficients[k, j, i, terms - 1]
                        for term in range(terms - 2, -1, -1):
                            mean = mean * mu2 + coefficients[k, j, i, term]
                        ln -= b[k] * math.log(2 * half)
                        total += math.exp(ln) * mean * w[n] / (share * share)
                    out[k, j, m] += weight * total * energy * (1 + ratio)


@compiled
def add_inner_back(
    gradient: Floats, table: Floats, psi: Floats, depth: Floats,
    c: Floats, front: Floats, coefficients: Floats, b: Floats, v: Floats, s: Floats,
    w: Floats, scale: float, first: float, step: float, d_table: Floats, d_psi: Floats,
    d_depth: Floats, d_c: Floats, d_front: Floats, d_coefficients: Floats, d_b: Floats,
) -> None:  # fmt: skip
    """Take the gradient of `add_inner`, (B, J, V), back to its inputs (added to ``d_``...)."""
    rows, sight, terms = psi.shape[1], psi.shape[2], coefficients.shape[3]
    last = table.shape[1] - 1.001
    for k in range(psi.shape[0]):
        for j in range(rows):
            for i in range(sight):
                weight, deep, whole = front[k, j, i], depth[k, j, i], psi[k, j, i]
                for m in range(v.size):
                    kinetic = 0.5 * v[m] * v[m] / c[k, j, i]
                    energy = whole - kinetic
                    if energy <= _LEAST * whole:
                        break
                    g = gradient[k, j, m]
                    d_energy, d_kinetic, d_below, sums = 0.0, 0.0, 0.0, 0.0
                    if s.size == 0:
                        raw = (math.log((deep + kinetic) / energy) - first) / step
                        place = min(max(raw, 0.0), last)
                        left = int(place)
                        low, part = table[k, left], place - left
                        rise = table[k, left + 1] - low
                        sums = math.exp(low + rise * part)
                        value = g * weight * sums
                        d_table[k, left] += value * (1 - part)
                        d_table[k, left + 1] += value * part
                        slope = rise / step if raw == place else 0.0
                        d_below = value * slope / (deep + kinetic)
                        d_energy = -value * slope / energy
                    ratio = energy / scale
                    for n in range(s.size):
                        share = 1 + ratio * (1 - s[n])
                        q = energy * s[n] / share
                        dq = s[n] / (share * share)
                        half, below, unbound = kinetic + q, deep + kinetic + q, energy - q
                        raw = (math.log(below / unbound) - first) / step
                        place = min(max(raw, 0.0), last)
                        left = int(place)
                        low, part = table[k, left], place - left
                        rise = table[k, left + 1] - low
                        mu2 = kinetic / half
                        mean, tilt = coefficients[k, j, i, terms - 1], 0.0
                        for term in range(terms - 2, -1, -1):
                            tilt = tilt * mu2 + mean
                            mean = mean * mu2 + coefficients[k, j, i, term]
                        ln_half = math.log(2 * half)
                        bare = math.exp(low + rise * part - b[k] * ln_half)
                        bare *= w[n] * energy * (1 + ratio) / (share * share)
                        sums += bare * mean
                        bare *= g * weight
                        value = bare * mean
                        d_table[k, left] += value * (1 - part)
                        d_table[k, left + 1] += value * part
                        slope = rise / step if raw == place else 0.0
                        d_b[k] -= value * ln_half
                        power = 1.0
                        for term in range(terms):
                            d_coefficients[k, j, i, term] += bare * power
                            power *= mu2
                        by_half = -value * b[k] / half - bare * tilt * mu2 / half
                        d_below += value * slope / below
                        d_kinetic += by_half + bare * tilt / half
                        by_jacobian = 1 / energy + 1 / (scale * (1 + ratio))
                        by_jacobian -= 2 * (1 - s[n]) / (scale * share)
                        by_y = dq / below - (1 - dq) / unbound
                        d_energy += value * (slope * by_y + by_jacobian) + by_half * dq
                    d_front[k, j, i] += g * sums
                    d_psi[k, j, i] += d_energy
                    d_depth[k, j, i] += d_below
                    whole_kinetic = d_kinetic + d_below - d_energy
                    d_c[k, j, i] -= whole_kinetic * kinetic / c[k, j, i]


@compiled
def star_values(
    out: Floats, logs: Floats, first_row: Integers, row_weight: Floats, smoothing: Integers,
    velocity: Floats, shift: Floats, step: float,
) -> None:  # fmt: skip
    """Interpolate ln p to the stars: cubic in ln R and in speed, even in speed.

    Parameters
    ----------
    out
        (B, n).
    logs
        ln p for each class of errors, (B, C, J, V).
    first_row, row_weight, smoothing
        First of the four rows, (n,), their weights (n, 4), and the class of errors, (n,).
    velocity, shift
        (n,) and (B,), km/s.
    step
        Of the speeds, km/s.
    """
    count = logs.shape[3]
    for k in range(logs.shape[0]):
        for i in range(velocity.size):
            place = min(abs(velocity[i] - shift[k]) / step, count - 1.001)
            first = min(int(place), count - 3) - 1
            u = place - first
            a, d = (u - 1) * (u - 2), u * (u - 3)
            w0, w1 = -a * (u - 3) / 6, d * (u - 2) / 2
            w2, w3 = -d * (u - 1) / 2, u * a / 6
            total, c, j = 0.0, smoothing[i], first_row[i]
            for row in range(4):
                line = logs[k, c, j + row]
                value = w0 * line[abs(first)] + w1 * line[first + 1]
                value += w2 * line[first + 2] + w3 * line[first + 3]
                total += row_weight[i, row] * value
            out[k, i] = total


@compiled
def star_values_back(
    gradient: Floats, logs: Floats, first_row: Integers, row_weight: Floats, smoothing: Integers,
    velocity: Floats, shift: Floats, step: float, d_logs: Floats, d_shift: Floats,
) -> None:  # fmt: skip
    """Take the gradient of `star_values`, (B, n), back to the table and the shift."""
    count = logs.shape[3]
    for k in range(logs.shape[0]):
        for i in range(velocity.size):
            raw = abs(velocity[i] - shift[k]) / step
            place = min(raw, count - 1.001)
            first = min(int(place), count - 3) - 1
            u = place - first
            a, d = (u - 1) * (u - 2), u * (u - 3)
            w0, w1 = -a * (u - 3) / 6, d * (u - 2) / 2
            w2, w3 = -d * (u - 1) / 2, u * a / 6
            t0 = -((u - 2) * (u - 3) + (u - 1) * (u - 3) + a) / 6
            t1 = ((u - 2) * (u - 3) + d + u * (u - 2)) / 2
            t2 = -((u - 1) * (u - 3) + d + u * (u - 1)) / 2
            t3 = (a + u * (u - 2) + u * (u - 1)) / 6
            c, j, g, slope = smoothing[i], first_row[i], gradient[k, i], 0.0
            for row in range(4):
                weight, line = row_weight[i, row] * g, logs[k, c, j + row]
                back = d_logs[k, c, j + row]
                back[abs(first)] += weight * w0
                back[first + 1] += weight * w1
                back[first + 2] += weight * w2
                back[first + 3] += weight * w3
                value = t0 * line[abs(first)] + t1 * line[first + 1]
                slope += weight * (value + t2 * line[first + 2] + t3 * line[first + 3])
            if raw == place:
                sign = 1.0 if velocity[i] > shift[k] else -1.0
                d_shift[k] -= sign * slope / step
