"""Baryon models as JSON: round trips, and refusals that name what is wrong."""

import copy
import json

import pytest

from data.baryons import (
    BaryonModel,
    ForceTable,
    Measured,
    model_from_dict,
    model_to_dict,
    packaged,
    packaged_names,
    read_model,
    write_model,
)
from data.errors import UserError

MINE = {
    "name": "mine",
    "components": [
        {
            "name": "thin disc",
            "surface_density": {"value": 33, "error": 3, "unit": "Msun pc-2"},
            "scale_height": {"value": 300, "error": 30, "unit": "pc", "source": "a paper"},
            "scale_length": {"value": 2.6, "error": 0.5, "unit": "kpc"},
        }
    ],
}


@pytest.mark.parametrize("name", packaged_names())
def test_round_trip_through_a_file(name, tmp_path):
    model = packaged(name)
    write_model(model, tmp_path / "model.json")
    assert read_model(tmp_path / "model.json") == model


def test_round_trip_of_what_sliders_and_tables_add():
    model = packaged("schutz-2018").scaled(height_factor=1.2, density_factor=0.9)
    model = BaryonModel(
        model.name,
        model.description,
        model.components,
        8.2,
        Measured(0.01, 0.002),
        ForceTable((0.0, 1.0), (0.0, 2000.0)),
    )
    assert model_from_dict(json.loads(json.dumps(model_to_dict(model)))) == model


def test_units_are_converted():
    part = model_from_dict(MINE).components[0]
    assert part.quantities["scale_height"] == Measured(0.3, 0.03, "a paper")
    assert part.midplane_density == pytest.approx(33 / 600)


def changed(*path, value):
    tree = copy.deepcopy(MINE)
    node = tree
    for key in path[:-1]:
        node = node[key]
    if value is None:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return tree


def quantity(name, **entries):
    old = MINE["components"][0][name]
    return changed("components", 0, name, value={**old, **entries})


REFUSALS = {
    "negative density": (quantity("surface_density", value=-3), "surface_density.*thin disc"),
    "negative error": (quantity("surface_density", error=-3), "error of the surface_density"),
    "huge error": (quantity("surface_density", error=1e3), "exceeds 10 times"),
    "height of zero": (quantity("scale_height", value=0), "must be positive"),
    "infinite": (quantity("scale_height", value=float("inf")), "finite number"),
    "overflow": (quantity("scale_height", value=1e304, unit="Gpc"), "finite number"),
    "integer beyond floats": (quantity("scale_height", value=10**400), "finite number"),
    "not a number": (quantity("scale_height", value="300"), "finite number"),
    "wrong unit": (quantity("scale_height", unit="km s-1"), "km s-1"),
    "unknown unit": (quantity("scale_height", unit="furlongs"), "furlongs"),
    "no unit": (quantity("scale_height", unit=None), "no unit"),
    "unknown entry of a quantity": (quantity("scale_height", sigma=1), "sigma"),
    "unknown entry of a component": (changed("components", 0, "colour", value=1), "colour"),
    "unknown entry of the model": (changed("sun", value=1), "sun"),
    "missing height": (changed("components", 0, "scale_height", value=None), "scale_height"),
    "missing length": (changed("components", 0, "scale_length", value=None), "scale_length"),
    "missing name": (changed("name", value=None), "name"),
    "unknown kind": (changed("components", 0, "kind", value="bar"), "bar"),
    "kind of a wrong type": (changed("components", 0, "kind", value=["disc"]), "kind"),
    "unknown profile": (changed("components", 0, "profile", value="gauss"), "gauss"),
    "profile without its quantity": (
        changed("components", 0, "profile", value="isothermal"),
        "isothermal",
    ),
    "two amplitudes": (
        changed("components", 0, "local_density", value={"value": 0.1, "unit": "Msun pc-3"}),
        "either local_density or surface_density",
    ),
    "twins": (changed("components", value=MINE["components"] * 2), "thin disc"),
    "no list": (changed("components", value={}), "list"),
    "newer": (changed("format", value=2), "format"),
    "falling heights": (
        changed(
            "force",
            value={"z": [0, 2, 1], "z_unit": "kpc", "force": [0, 1, 2],
                   "force_unit": "km2 s-2 kpc-1"},
        ),
        "increasing from 0",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS)
def test_refusals_say_what_is_wrong(case):
    tree, match = REFUSALS[case]
    with pytest.raises(UserError, match=match):
        model_from_dict(tree)


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, '{"name": NaN}'])
def test_a_file_that_is_no_model_is_refused(text, tmp_path):
    path = tmp_path / "model.json"
    path.write_text(text)
    with pytest.raises(UserError):
        read_model(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        read_model(tmp_path / "nowhere.json")
