"""Known artefacts of Gaia's catalogues, each as the cut that takes them out.

Bounds with a number to choose (RUWE, parallax over error, magnitudes) are not here: they are
ranges that everyone sets for themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from data.selection import Tree, columns, parse

__all__ = ["ARTEFACTS", "Artefact", "artefacts_for"]


@dataclass(frozen=True)
class Artefact:
    """One kind of stars that are better left out.

    Parameters
    ----------
    name
        What the cut is called in a selection.
    text
        What a good star fulfils, in the language of selections.
    why
        What is wrong with the others, one sentence.
    source
        Where that is known from.
    """

    name: str
    text: str
    why: str
    source: str

    @property
    def tree(self) -> Tree:
        """The cut, with its name."""
        return parse(f'named("{self.name}", {self.text})')

    @property
    def needs(self) -> set[str]:
        """The columns that it looks at."""
        return set(columns(parse(self.text)))


# Riello et al. 2021, A&A 649, A3, Table 2 and equations 6 and 18
_EXCESS = (
    "(bp_rp < 0.5 and abs(phot_bp_rp_excess_factor - 1.15436 - 0.033772 * bp_rp"
    " - 0.032277 * bp_rp ** 2) < {sigma})"
    " or (bp_rp >= 0.5 and bp_rp < 4 and abs(phot_bp_rp_excess_factor - 1.162004"
    " - 0.011464 * bp_rp - 0.049255 * bp_rp ** 2 + 0.005879 * bp_rp ** 3) < {sigma})"
    " or (bp_rp >= 4 and abs(phot_bp_rp_excess_factor - 1.057572 - 0.140537 * bp_rp) < {sigma})"
).format(sigma="3 * (0.0059898 + 8.817481e-12 * phot_g_mean_mag ** 7.618399)")

ARTEFACTS = (
    Artefact(
        "own light in BP and RP",
        _EXCESS,
        "The flux in BP and RP does not add up to that in G: light of neighbours spoils colour and"
        " magnitude.",
        "Riello et al. 2021, A&A 649, A3 (3 sigma)",
    ),
    Artefact(
        "own spectrum",
        "grvs_mag - phot_g_mean_mag > -3",
        "Far too bright in the RVS for its G: the spectrum, and the radial velocity, are those of"
        " a bright neighbour.",
        "Gaia DR3 documentation, section 14.5.2",
    ),
    Artefact(
        "signal in the RVS",
        "rv_expected_sig_to_noise >= 5",
        "A spectrum of little signal can give a radial velocity that is off by hundreds of km/s.",
        "Katz et al. 2023, A&A 674, A5",
    ),
    Artefact(
        "cool enough for one limit",
        "rv_template_teff < 6750",
        "Hotter stars have radial velocities only to G_RVS = 12, two magnitudes brighter than the"
        " others: with them the sample has two limits.",
        "Katz et al. 2023, A&A 674, A5",
    ),
    Artefact(
        "colour known to the astrometry",
        "astrometric_params_solved == 31",
        "Solutions with six parameters had to find the colour too; they are less accurate and"
        " their zero point is less well known.",
        "Lindegren et al. 2021, A&A 649, A2",
    ),
    Artefact(
        "astrometry to be believed",
        "fidelity_v2 > 0.5",
        "A classifier finds the astrometry spurious.",
        "Rybizki et al. 2022, MNRAS 510, 2597 (a column to join)",
    ),
    Artefact(
        "no known binary",
        "non_single_star == 0",
        "Orbits of binaries change parallax, proper motion and radial velocity.",
        "Gaia Collaboration, Arenou et al. 2023, A&A 674, A34",
    ),
)


def artefacts_for(there: Iterable[str]) -> list[Artefact]:
    """Give the artefacts that a catalogue with these columns can be rid of."""
    names = set(there)
    return [artefact for artefact in ARTEFACTS if artefact.needs <= names]
