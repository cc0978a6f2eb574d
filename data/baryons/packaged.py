"""The baryon models that come with the program, in the JSON form that users edit.

Each number says where it stands. Surface densities of McKee, Parravano & Hollenbach (2015) were
held against the abstract; what else a density needs (heights, lengths) is chosen here and
says so. The component table of Schutz+ (2018) is from memory and nothing of it is verified.
"""

from __future__ import annotations

from typing import Any

from data.baryons.model import BaryonModel
from data.baryons.parsing import model_from_dict
from data.errors import UserError

__all__ = ["DEFAULT", "NO_BARYONS", "packaged", "packaged_names"]

DEFAULT = "mckee-2015"
NO_BARYONS = "none"

_Tree = dict[str, Any]

_MCKEE = "abstract of McKee, Parravano & Hollenbach (2015), arXiv:1509.05334"
_SCHUTZ = "component table of Schutz+ (2018), arXiv:1711.03103, from memory"
_HEIGHT = (
    "chosen, not from the abstract: with the surface densities it gives 0.084 Msun/pc3 of "
    "baryons in the plane, the abstract's total less its dark matter"
)
_STAR_LENGTH = "chosen, not from the paper: the usual scale length of the stellar disc"
_GAS_LENGTH = "chosen, not from the paper: gas is more extended than the stars"


def _stars_length() -> _Tree:
    return {"value": 2.6, "error": 0.5, "unit": "kpc", "source": _STAR_LENGTH,
            "verified": False, "group": "scale length of the stars"}  # fmt: skip


def _gas_length() -> _Tree:
    return {"value": 4.0, "error": 1.5, "unit": "kpc", "source": _GAS_LENGTH,
            "verified": False, "group": "scale length of the gas"}  # fmt: skip


def _halo() -> _Tree:
    return {"value": 0.013, "error": 0.003, "unit": "Msun pc-3", "source": _MCKEE,
            "verified": True}  # fmt: skip


def _mckee_stars(name: str, value: float, error: float, source: str, verified: bool) -> _Tree:
    return {
        "name": name,
        "kind": "disc",
        "profile": "exponential",
        "surface_density": {"value": value, "error": error, "unit": "Msun pc-2",
                            "source": source, "verified": verified},
        "scale_height": {"value": 400.0, "error": 50.0, "unit": "pc", "source": _HEIGHT,
                         "verified": False, "group": "height of the stars"},
        "scale_length": _stars_length(),
    }  # fmt: skip


_MCKEE_2015: _Tree = {
    "format": 1,
    "name": "mckee-2015",
    "description": "Surface densities of McKee, Parravano & Hollenbach (2015); heights and "
    "lengths are chosen.",
    "components": [
        _mckee_stars("M dwarfs", 17.3, 2.3, _MCKEE, True),
        _mckee_stars(
            "other visible stars",
            9.7,
            1.4,
            f"visible stars (27.0 +- 2.7) less M dwarfs (17.3 +- 2.3), {_MCKEE}; the error "
            "makes up that of the sum",
            False,
        ),
        _mckee_stars("white dwarfs", 4.9, 0.6, _MCKEE, True),
        _mckee_stars("brown dwarfs", 1.2, 0.4, f"{_MCKEE}; the error is chosen", False),
        {
            "name": "gas",
            "kind": "disc",
            "profile": "sech2",
            "surface_density": {"value": 13.7, "error": 1.6, "unit": "Msun pc-2",
                                "source": _MCKEE, "verified": True},
            "scale_height": {"value": 160.0, "error": 30.0, "unit": "pc", "source": _HEIGHT,
                             "verified": False},
            "scale_length": _gas_length(),
        },
    ],
}  # fmt: skip


def _schutz_part(
    name: str, density: float, error: float | None, dispersion: float, *, gas: bool = False
) -> _Tree:
    source = _SCHUTZ if error is not None else f"{_SCHUTZ}; error of 10% assumed"
    return {
        "name": name,
        "kind": "disc",
        "profile": "isothermal",
        "local_density": {"value": density, "error": 0.1 * density if error is None else error,
                          "unit": "Msun pc-3", "source": source, "verified": False},
        "velocity_dispersion": {"value": dispersion, "error": 0.1 * dispersion,
                                "unit": "km s-1", "source": f"{_SCHUTZ}; error of 10% assumed",
                                "verified": False},
        "scale_length": _gas_length() if gas else _stars_length(),
    }  # fmt: skip


_SCHUTZ_2018: _Tree = {
    "format": 1,
    "name": "schutz-2018",
    "description": "Local densities and velocity dispersions after Schutz+ (2018), each "
    "component isothermal in the common gravity; from memory, not verified.",
    "halo_density": _halo(),
    "components": [
        _schutz_part("molecular gas", 0.0104, 0.0031, 3.7, gas=True),
        _schutz_part("cold atomic gas", 0.0277, 0.0055, 7.1, gas=True),
        _schutz_part("warm atomic gas", 0.0073, 0.0007, 22.1, gas=True),
        _schutz_part("ionised gas", 0.0005, None, 39.0, gas=True),
        _schutz_part("giants", 0.0006, None, 15.5),
        _schutz_part("stars, M_V < 3", 0.0018, None, 7.5),
        _schutz_part("stars, 3 < M_V < 4", 0.0018, None, 12.0),
        _schutz_part("stars, 4 < M_V < 5", 0.0029, None, 18.0),
        _schutz_part("stars, 5 < M_V < 8", 0.0072, None, 18.5),
        _schutz_part("M dwarfs", 0.0216, 0.0028, 18.5),
        _schutz_part("white dwarfs", 0.0056, 0.0010, 20.0),
        _schutz_part("brown dwarfs", 0.0015, 0.0005, 20.0),
    ],
}

_NONE: _Tree = {
    "format": 1,
    "name": NO_BARYONS,
    "description": "No baryons: all mass counts as dark.",
    "components": [],
}

_TREES = {tree["name"]: tree for tree in (_MCKEE_2015, _SCHUTZ_2018, _NONE)}


def packaged_names() -> list[str]:
    """Names of the models that come with the program, the default first."""
    return list(_TREES)


def packaged(name: str = DEFAULT) -> BaryonModel:
    """Give a model that comes with the program; `UserError` lists the names if there is none."""
    if name not in _TREES:
        raise UserError(
            f"Unknown baryon model {str(name)[:60]!r}.",
            f"Choose one of {', '.join(_TREES)}, or give a JSON file of your own.",
        )
    return model_from_dict(_TREES[name])
