"""The page Asymmetry: what is drawn is what the cubes say, and every state on the way to it."""

from __future__ import annotations

import json
import math
import re
from html import unescape

import holoviews as hv
import numpy as np
import pytest
from bokeh.models import ColorBar, Plot

import dashboard.services.results
from dashboard.pages.asymmetry.curves import sun_table
from dashboard.pages.asymmetry.page import AsymmetryPage, joint_table, mean_size
from dashboard.policy import asymmetries
from dashboard.policy.asymmetries import ASYMMETRIES
from dashboard.views import asymmetry_maps, rotation_curves
from dashboard.views.asymmetry_maps import planes_with_values, take_asymmetry
from data.literature.rotation_curves import published_curve
from engine.circular_velocity.cube import circular_velocity_cube
from engine.circular_velocity.curve import Curve
from engine.cubes.slices import PLANES
from engine.draws import Draws
from tests.dashboard.synthetic import SUN, acceleration_at
from tests.dashboard.synthetic_runs import make_map, make_run
from tests.dashboard.synthetic_symmetry import symmetry_cubes, truth

hv.extension("bokeh")

HOSTILE = '<img src=x onerror="alert(1)">'
FLAT = {"p_value": 0.42, "mean": 10.0, "mean_sd": 30.0, "mean_significance": 0.33,
        "numbers": 4000, "modes": 31.4, "chi2": 30.0}  # fmt: skip


@pytest.fixture(scope="module")
def cubes():
    return symmetry_cubes(n=13, density=True)


@pytest.fixture
def mock(monkeypatch):
    """Let every run's catalogue be a mock whose truth is the field of the synthetic cubes."""
    monkeypatch.setattr(dashboard.services.results, "_catalogue", lambda *_: ("demo", truth))


def classes(root, name):
    return root.select(lambda part: name in getattr(part, "css_classes", []))


def opened(services, session, wait):
    page = AsymmetryPage(services, session)
    page._root = page.view()
    page.on_show()
    wait(lambda: page._content.visible or not classes(page._state, "vo-loading"))
    return page


def drawn(page, name):
    """The cells that a map pane shows."""
    return next(iter(page._maps._figures[name].pane.object[()])).dframe()


class TestSlices:
    @pytest.mark.parametrize("plane", PLANES)
    @pytest.mark.parametrize("key", ASYMMETRIES)
    def test_a_trusted_cell_is_the_cell_of_the_cube(self, cubes, plane, key):
        cube, item = cubes["asymmetry"], ASYMMETRIES[key]
        index = int(planes_with_values(cube, plane, key)[2])
        cut = take_asymmetry(cube, cubes["acceleration"], plane, index, key)
        table = asymmetry_maps.asymmetry_map(cut).values()[0].dframe()
        shown = table[table.believe == "yes"]
        assert len(shown) == cut.trusted.sum() > 5
        assert shown.drawn.notna().all()
        for row in shown.sample(5, random_state=1).itertuples():
            h, v, across = PLANES[plane]
            at = {across: cut.at}
            at |= {
                axis: values[np.flatnonzero((low < values) & (values < high)).item()]
                for axis, values, low, high in (
                    (h, cut.horizontal, row.h0, row.h1),
                    (v, cut.vertical, row.v0, row.v1),
                )
            }
            cell = cube.sel(at, method="nearest")
            if item.component:
                cell = cell.sel(component=item.component)
            assert row.drawn == pytest.approx(float(cell[item.variable]) * item.unit.factor)
            assert row.sd == pytest.approx(float(cell[f"{item.variable}_sd"]) * item.unit.factor)

    @pytest.mark.parametrize("plane", PLANES)
    @pytest.mark.parametrize("key", [key for key in ASYMMETRIES if key != "density"])
    def test_doubtful_cells_have_what_the_map_gives_them(self, cubes, plane, key):
        """The same working out, where the cube has numbers, gives those of the cube."""
        cube, item = cubes["asymmetry"], ASYMMETRIES[key]
        index = int(planes_with_values(cube, plane, key)[2])
        emptied = cube.copy()
        emptied[item.variable] = cube[item.variable] * np.nan
        kept = take_asymmetry(cube, cubes["acceleration"], plane, index, key)
        again = take_asymmetry(emptied, cubes["acceleration"], plane, index, key)
        assert not again.trusted.any()
        assert kept.trusted.sum() > 5
        known = kept.trusted
        np.testing.assert_allclose(again.value[known], kept.value[known], rtol=2e-3, atol=1e-4)
        assert np.isfinite(again.value).sum() > known.sum()
        assert (again.sd[np.isfinite(again.value)] > 0).all()

    def test_doubtful_cells_are_grey_until_asked_for_and_say_why(self, cubes):
        cut = take_asymmetry(cubes["asymmetry"], cubes["acceleration"], "x-z", 6, "size")
        hidden = asymmetry_maps.asymmetry_map(cut).values()[0].dframe()
        assert hidden.drawn.isna().sum() == (~cut.trusted & np.isfinite(cut.value)).sum() > 0
        assert set(hidden[hidden.drawn.isna()].believe.str[:3]) == {"no:"}
        shown = asymmetry_maps.asymmetry_map(cut, show_untrusted=True).values()[0].dframe()
        assert shown.drawn.notna().all()

    def test_a_doubtful_mirror_cell_is_named(self, cubes):
        """A cell is not compared with a cell that is not to be believed."""
        acceleration = cubes["acceleration"].copy(deep=True)
        south = acceleration["z"] < 0
        flags = acceleration["trust_flags"].where(~south, 1)
        acceleration["trust_flags"] = flags.where(south, 0).astype(np.int32)
        acceleration["trust_flags"].attrs = cubes["acceleration"]["trust_flags"].attrs
        emptied = cubes["asymmetry"].copy()
        emptied["north_south_size"] = emptied["north_south_size"] * np.nan
        cut = take_asymmetry(emptied, acceleration, "x-z", 6, "size")
        reasons = set(cut.reasons[np.isfinite(cut.value)])
        assert reasons
        assert all(reason.startswith("no, its mirror cell: ") for reason in reasons)

    def test_doubtful_cells_are_of_the_estimator_of_the_cube(self, cubes):
        both = cubes["acceleration"].isel(estimator=[0, 0]).copy(deep=True)
        both = both.assign_coords(estimator=["boltzmann", "potential"])
        both["acceleration"].loc[{"estimator": "potential", "component": "y"}] += 900.0
        cube = cubes["asymmetry"].copy()
        named = {}
        for estimator in ("boltzmann", "potential"):
            cube.attrs["estimator"] = estimator
            cut = take_asymmetry(cube, both, "x-z", 6, "azimuthal")
            named[estimator] = cut.value[~cut.trusted & np.isfinite(cut.value)]
        assert (named["potential"] < named["boltzmann"] - 5).all()  # +y is against rotation

    def test_significance_is_value_over_error(self, cubes):
        cut = take_asymmetry(cubes["asymmetry"], cubes["acceleration"], "x-z", 6, "azimuthal")
        table = asymmetry_maps.significance_map(cut, show_untrusted=True).values()[0].dframe()
        np.testing.assert_allclose(table.drawn, table.value / table.sd)

    def test_the_truth_of_a_symmetric_galaxy_is_zero_but_for_its_tilt(self, cubes):
        acceleration = cubes["acceleration"]
        for key in ("size", "x", "z", "azimuthal", "mirror_tilt"):
            cut = take_asymmetry(cubes["asymmetry"], acceleration, "x-z", 6, key, truth)
            assert np.isfinite(cut.truth).sum() == np.isfinite(cut.value).sum() > 20
            np.testing.assert_allclose(cut.truth[np.isfinite(cut.truth)], 0, atol=1e-9)
        cut = take_asymmetry(cubes["asymmetry"], acceleration, "x-z", 6, "tilt", truth)
        at = np.argwhere(np.isfinite(cut.truth) & (np.abs(cut.vertical) > 1))[5]
        x, y, z = cut.horizontal[at[0]], cut.at, cut.vertical[at[1]]
        a = acceleration_at(x, y, z)
        radius = math.hypot(x, y)
        inward = -(a[0] * x + a[1] * y) / radius
        expected = math.degrees(math.atan2(-a[2], inward) - math.atan2(z, radius))
        assert cut.truth[tuple(at)] == pytest.approx(expected)
        assert abs(expected) > 1

    def test_north_against_south_is_offered_in_the_north_only(self, cubes):
        cube = cubes["asymmetry"]
        assert (cube["z"].to_numpy()[planes_with_values(cube, "x-y", "size")] > 0).all()
        assert len(planes_with_values(cube, "x-y", "tilt")) == cube.sizes["z"]
        assert len(planes_with_values(cube, "x-z", "size")) == cube.sizes["y"]


class TestVerdicts:
    def test_nothing_beyond_the_errors(self):
        assert asymmetries.verdict("north_south_x", FLAT) == (
            "no asymmetry beyond the errors: p = 0.42"
        )

    def test_a_clear_difference_has_its_mean_in_per_cent(self):
        test = FLAT | {"p_value": 1e-5, "mean": 72.0, "mean_sd": 18.0, "mean_significance": 4.0}
        said = asymmetries.verdict("north_south_z", test, 6000.0)
        assert said == (
            "north and south differ in a_z: p = 1e−5, mean difference (1.20 ± 0.30)%, 4.0 σ"
        )

    def test_a_mean_of_one_sign_decides_where_the_joint_test_sees_nothing(self):
        test = FLAT | {"p_value": 0.3, "mean": 72.0, "mean_sd": 12.0, "mean_significance": 6.0}
        assert asymmetries.judge(test) == "clear"
        assert "(all cells together: p = 0.30)" in asymmetries.verdict("azimuthal", test)

    def test_an_uneven_field_without_a_mean_is_seen_too(self):
        test = FLAT | {"p_value": 2e-8}
        assert asymmetries.judge(test) == "clear"
        assert "mean" not in asymmetries.verdict("azimuthal", test, 6000.0)

    def test_a_hint_is_called_a_hint(self):
        assert asymmetries.verdict("azimuthal", FLAT | {"p_value": 0.004}) == (
            "a hint of an asymmetry: p = 0.004"
        )

    def test_too_few_draws(self):
        unknown = dict.fromkeys(FLAT) | {"numbers": 12}
        assert asymmetries.judge(unknown) == "unknown"
        assert "too few draws" in asymmetries.verdict("north_south", unknown)
        assert "? of 12" in joint_table({"north_south": unknown}, math.nan)

    def test_the_strongest_of_several_speaks_only_if_something_is_found(self):
        tests = {"north_south": FLAT, "north_south_x": FLAT | {"p_value": 0.2}}
        assert asymmetries.strongest(tests, list(tests)) == "north_south"
        tests["north_south_x"] = FLAT | {"p_value": 1e-6}
        assert asymmetries.strongest(tests, list(tests)) == "north_south_x"
        assert asymmetries.strongest({}, ["north_south"]) is None

    @pytest.mark.parametrize("p", [0.97, 0.0123, 0.004, 3.4e-6, 1e-300, math.nan])
    def test_p_is_short(self, p):
        assert re.fullmatch(r"p (= 0\.\d+|= \de−\d+|< 1e−12|unknown)", asymmetries.p_text(p))

    @pytest.mark.parametrize("stored", ["", "no json", "[1]", None, '{"azimuthal": 3}'])
    def test_tests_that_cannot_be_read_are_none(self, stored):
        assert asymmetries.read_tests({"significance": stored}) == {}


class TestCurves:
    def test_the_truth_is_that_of_the_field(self):
        speed = rotation_curves.true_curve(truth, np.array([5.0, 8.0]))
        np.testing.assert_allclose(speed, 229.0 / np.sqrt(1 + 0.1 / np.array([25.0, 64.0])))

    def test_a_method_keeps_its_own_radii(self):
        """`R` of the cube has the radii of all methods; a band must not break at the others'."""
        coarse, fine = np.array([6.0, 8.0, 10.0]), np.arange(5.0, 11.0, 0.5)
        cube = circular_velocity_cube(
            {
                "map": Curve(coarse, Draws(coarse + 220, np.ones((4, 3))), np.array([5, 6, 7])),
                "jeans": Curve(
                    fine, Draws(fine + 210, np.ones((4, 12))), np.arange(12, dtype=np.int64) + 1
                ),
            },
            {},
        )
        own = {curve.method: curve for curve in rotation_curves.take_curves(cube)}
        np.testing.assert_array_equal(own["map"].R, coarse)
        np.testing.assert_array_equal(own["map"].v, coarse + 220)
        np.testing.assert_array_equal(own["jeans"].R, fine)
        assert rotation_curves.at_radius(coarse, own["map"].v, own["map"].sd, 9.0) == (229, 1)
        assert np.isnan(rotation_curves.at_radius(coarse, own["map"].v, own["map"].sd, 11.0)[0])

    def test_bands_stop_at_gaps(self):
        curve = rotation_curves.RadiusCurve(
            "map",
            np.arange(6.0),
            np.array([220.0, 221, np.nan, 223, 224, 225]),
            np.ones(6),
            np.ones(6, np.int64),
        )
        wide, narrow = rotation_curves._bands(curve, "red")
        assert len(wide.split()) == len(narrow.split()) == 2
        top, bottom = (side(wide.dimension_values("v")) for side in (np.nanmax, np.nanmin))
        assert (top, bottom) == pytest.approx((225 + 1.96, 220 - 1.96), abs=0.01)

    def test_ranges_show_the_map_or_everything(self, cubes):
        own = rotation_curves.take_curves(cubes["circular_velocity"])
        published = [published_curve("eilers2019"), published_curve("ou2024")]
        near, _ = rotation_curves.view_ranges(own, published, everything=False)
        far, _ = rotation_curves.view_ranges(own, published, everything=True)
        assert near[1] < 13 < 27 < far[1]
        assert rotation_curves.view_ranges([], [], everything=False)[0] == (0.0, 25.0)

    def test_the_table_compares_with_the_published_at_the_sun(self, cubes):
        own = rotation_curves.take_curves(cubes["circular_velocity"])
        html = sun_table(own, [published_curve("eilers2019")], truth, math.hypot(*SUN[:2]))
        assert "229.05 ± 0.77" in html  # between the rows at 7.82 and 8.19 of Table 1
        assert html.count(" σ") == 3
        assert "228.8" in html


class TestPage:
    @pytest.fixture
    def page(self, services, session, wait, mock):
        make_map(services.home, more=symmetry_cubes(n=13, push=400.0))
        return opened(services, session, wait)

    def test_a_planted_asymmetry_is_said_in_words(self, page):
        assert "differ" in page._tiles["north_south"].object
        assert "even" in page._tiles["azimuthal"].object
        stored = json.loads(page.result.cubes["asymmetry"].attrs["significance"])
        scale = mean_size(page.result.cubes["acceleration"].sel(estimator="boltzmann"))
        share = 100 * stored["north_south_z"]["mean"] / scale
        assert f"({share:.2f} ± " in unescape(page._tests.object)
        assert "no asymmetry beyond the errors" in unescape(page._tests.object)

    def test_the_circular_speed_stands_beside_published_curves_and_the_truth(self, page):
        html = unescape(page._curves._sun.object)
        for text in ("Eilers+ 2019", "Ou+ 2024", "truth", "Jeans"):
            assert text in html
        citations = page._curves._citations.object
        assert "ApJ 871" in citations
        assert "MNRAS 528" in citations
        labels = {element.label for element in page._curves._figure.pane.object[()]}
        assert {"truth", "Eilers+ 2019", "Ou+ 2024"} < labels
        assert re.search(r"22\d\.\d|23\d\.\d", page._tiles["speed"].object)

    def test_whatever_is_chosen_the_figures_change_in_place(self, page):
        figures = {n: f.pane.object for n, f in page._maps._figures.items()}
        controls = page._maps.controls
        root = page._root.get_root()
        for beside, label in (("significance", "over its error"), ("truth", "true N − S")):
            controls.beside.value = beside
            bars = [
                bar.title
                for figure in root.select({"type": Plot})
                for bar in figure.right
                if isinstance(bar, ColorBar)
            ]
            assert any(label in title for title in bars)
        controls.quantity.value = "azimuthal"
        controls.plane.value = "y-z"
        assert page._maps._cut.quantity.key == "azimuthal"
        assert page._maps._cut.at == pytest.approx(SUN[0], abs=0.4)
        assert {n: f.pane.object for n, f in page._maps._figures.items()} == figures

    def test_colours_are_centred_on_zero(self, page):
        for key in page._maps.controls.quantity.options.values():
            page._maps.controls.quantity.value = key
            element = next(iter(page._maps._figures["value"].pane.object[()]))
            low, high = element.opts.get("plot").kwargs["clim"]
            assert low == -high < 0

    def test_a_plane_of_north_against_south_is_in_the_north(self, page):
        page._maps.controls.plane.value = "x-y"
        assert page._maps._cut.at > 0
        assert drawn(page, "value").drawn.notna().any()
        page._maps.controls.quantity.value = "tilt"
        offered = page._maps.controls.index.options
        assert len(offered) == page.result.cubes["asymmetry"].sizes["z"]

    def test_doubtful_cells_come_when_asked_for(self, page):
        assert drawn(page, "value").drawn.isna().any()
        page._maps.controls.show_untrusted.value = True
        assert drawn(page, "value").drawn.notna().all()
        assert drawn(page, "beside").drawn.notna().all()

    def test_the_page_is_drawn_light_and_dark(self, page, session):
        root = page._root.get_root()
        session.dark = not session.dark
        figures = [figure for figure in root.select({"type": Plot}) if figure.below]
        assert len(figures) == 3
        assert len({figure.background_fill_color for figure in figures}) == 1


def test_a_map_without_mirror_cells_says_why(services, session, wait):
    make_map(services.home, more=symmetry_cubes(n=12, middle=0.7, curves=False))
    page = opened(services, session, wait)
    assert page._missing.visible
    assert "not symmetric about the plane" in page._missing.object
    assert "not compared" in page._tiles["north_south"].object
    assert "even" in page._tiles["azimuthal"].object
    assert page._maps.controls.quantity.value == "azimuthal"
    assert page._curves._missing.visible
    assert "—" in page._tiles["speed"].object
    assert page._maps.controls.beside.options == ["error", "significance"]
    for key in page._maps.controls.quantity.options.values():  # also what has no values at all
        page._maps.controls.quantity.value = key
        assert len(drawn(page, "value")) == np.isfinite(page._maps._cut.value).sum()


def test_a_map_that_is_not_to_be_believed_is_grey(services, session, wait):
    cubes = symmetry_cubes(n=12, trusted=False, curves=False)
    make_map(services.home, trusted=False, warnings=["Steps in longitude."], more=cubes)
    page = opened(services, session, wait)
    assert page._trust.visible
    assert "Steps in longitude" in page._trust.object
    assert drawn(page, "value").drawn.isna().all()
    assert "Nothing" in unescape(page._tests.object)


def test_an_older_run_is_met_calmly_and_a_newer_one_shown_again(services, session, wait):
    old = make_map(services.home, order=1)
    new = make_map(services.home, order=9, more=symmetry_cubes(n=12))
    page = opened(services, session, wait)
    assert classes(page._state, "vo-made-without")
    assert not classes(page._state, "vo-unreadable")
    assert not page._content.visible
    page._runs.value = new.id
    wait(lambda: page._content.visible)
    page._runs.value = old.id
    wait(lambda: not page._content.visible)
    page._runs.value = new.id
    wait(lambda: page._content.visible)


@pytest.mark.parametrize(
    ("state", "css_class"),
    [(None, "vo-no-map"), ("running", "vo-map-waiting"), ("failed", "vo-map-unfinished")],
)
def test_states_on_the_way_to_a_map(services, session, wait, state, css_class):
    if state:
        make_run(services.home, state, error={"sentence": "Ten stars.", "hint": "Widen."})
    page = opened(services, session, wait)
    assert classes(page._state, css_class)


def test_markup_from_outside_is_inert(services, session, wait):
    cubes = symmetry_cubes(n=12, middle=0.7)
    cubes["asymmetry"].attrs |= {"north_south_missing": HOSTILE, "preset": HOSTILE}
    make_map(services.home, warnings=[HOSTILE], more=cubes, spec={"catalogue": HOSTILE})
    page = opened(services, session, wait)
    assert page._content.visible
    texts = page._root.select(lambda p: isinstance(getattr(p, "object", None), str))
    assert not any("<img" in text.object for text in texts)
