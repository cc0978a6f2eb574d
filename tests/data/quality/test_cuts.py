"""The cuts against known artefacts, star by star against the published formulae."""

import numpy as np
import pytest

from data.quality.cuts import ARTEFACTS, artefacts_for
from data.selection import caption, mask, to_text, validate


class Table:
    def __init__(self, **columns):
        self._columns = {n: np.asarray(c, dtype=np.float32) for n, c in columns.items()}
        self.n_rows = len(next(iter(self._columns.values())))

    def has(self, name):
        return name in self._columns

    def column(self, name):
        return self._columns[name]


def riello(c, x, g):
    """Corrected BP/RP excess over its scatter (Riello et al. 2021, eq. 6, Table 2, eq. 18)."""
    expected = np.where(
        x < 0.5,
        1.154360 + 0.033772 * x + 0.032277 * x**2,
        np.where(
            x < 4.0,
            1.162004 + 0.011464 * x + 0.049255 * x**2 - 0.005879 * x**3,
            1.057572 + 0.140537 * x,
        ),
    )
    return np.abs(c - expected) / (0.0059898 + 8.817481e-12 * g**7.618399)


def test_excess_of_bp_and_rp():
    rng = np.random.default_rng(2)
    n = 5000
    x, g = rng.uniform(-0.4, 5, n), rng.uniform(8, 20, n)
    c = rng.uniform(1.1, 2.2, n)
    (cut,) = (a for a in ARTEFACTS if "BP and RP" in a.name)
    table = Table(bp_rp=x, phot_g_mean_mag=g, phot_bp_rp_excess_factor=c)
    pull = riello(*(table.column(k).astype(float) for k in
                    ("phot_bp_rp_excess_factor", "bp_rp", "phot_g_mean_mag")))  # fmt: skip
    clear = np.abs(pull - 3) > 1e-6
    assert 100 < np.sum(pull < 3) < n - 100
    np.testing.assert_array_equal(mask(cut.tree, table)[clear], (pull < 3)[clear])


def test_a_spectrum_of_the_neighbour():
    (cut,) = (a for a in ARTEFACTS if a.name == "own spectrum")
    table = Table(grvs_mag=[12, 13, 13, np.nan], phot_g_mean_mag=[16, 13.5, 16.5, 14])
    assert mask(cut.tree, table).tolist() == [False, True, False, False]


@pytest.mark.parametrize("artefact", ARTEFACTS, ids=lambda a: a.name)
def test_every_cut_is_a_selection_with_a_name(artefact):
    tree = artefact.tree
    assert validate(tree) == tree
    assert tree["name"] == artefact.name
    assert artefact.name in caption(tree)
    assert artefact.name in to_text(tree)
    assert artefact.needs
    table = Table(**{name: [np.nan] for name in artefact.needs})
    assert not mask(tree, table)[0]  # what is not known is not known to be good


def test_only_what_the_columns_allow_is_offered():
    assert artefacts_for(["ra", "dec"]) == []
    names = [a.name for a in artefacts_for(["grvs_mag", "phot_g_mean_mag"])]
    assert names == ["own spectrum"]
