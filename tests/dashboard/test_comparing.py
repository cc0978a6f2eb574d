"""Compare: which runs, what is drawn, and every refusal."""

from __future__ import annotations

import json
from dataclasses import replace

import holoviews as hv
import numpy as np
import pytest
from bokeh.models import ColorBar

from dashboard.pages.acceleration.page import AccelerationPage
from dashboard.pages.compare.page import ComparePage
from dashboard.policy.comparing import choose_pair, differing, pull_words, run_labels
from dashboard.views import compare_maps
from data.errors import UserError
from engine.cubes.slices import take_slice
from engine.cubes.store import MANIFEST, write_cube
from tests.dashboard.synthetic import acceleration_cube
from tests.dashboard.synthetic_runs import make_map, make_run

HOSTILE = '<img src=x onerror="alert(1)">'


def classes(root, name):
    return root.select(lambda part: name in getattr(part, "css_classes", []))


def make_second(home, cube=None, **changes):
    directory = make_map(home, order=changes.pop("order", 5), **changes)
    write_cube(
        acceleration_cube(seed=7) if cube is None else cube, directory.cubes, "acceleration"
    )
    return directory


def opened(services, session, wait):
    services.runs.look()
    page = ComparePage(services, session)
    page._root = page.view()
    page.on_show()
    wait(lambda: page._content.visible or not classes(page._state, "vo-loading"))
    return page


def record(services, directory):
    services.runs.look()
    return services.runs.get(directory.id)


class TestPolicy:
    @pytest.fixture
    def ready(self, services):
        made = [make_map(services.home, order=order) for order in (9, 5, 1)]
        services.runs.look()
        return services.runs.list(), [directory.id for directory in reversed(made)]

    def test_two_runs_are_chosen(self, ready):
        runs, (new, middle, old) = ready
        assert choose_pair(runs, None, None, None) == (new, middle)
        assert choose_pair(runs, None, None, middle) == (middle, new)
        assert choose_pair(runs, old, new, middle) == (old, new)
        assert choose_pair(runs, old, old, None) == (old, new)
        assert choose_pair(runs, "gone", "gone", "gone") == (new, middle)
        assert choose_pair(runs[:1], None, None, None) is None
        assert choose_pair([], None, None, None) is None

    def test_labels_are_never_two_runs(self, ready):
        runs, ids = ready
        twins = [*runs, replace(runs[0], id="x" + runs[0].id)]
        assert sorted(run_labels(twins, 0.0).values()) == sorted(["x" + ids[0], *ids])

    def test_what_differs_is_listed(self, ready):
        runs, _ = ready
        cube = acceleration_cube(n=4)
        other = replace(runs[1], spec={**runs[1].spec, "seed": 3, "overrides": {"members": 8}})
        selection = {"kind": "range", "column": "z", "min": -1, "max": 1}
        attrs = {**cube.attrs, "selection": json.dumps(selection)}
        rows = differing(("a", runs[0], cube.attrs), ("a", other, attrs))
        assert [row[0] for row in rows] == ["Stars", "Seed", "members"]
        assert rows[1:] == [("Seed", "0", "3"), ("members", "—", "8")]
        assert differing(("a", runs[0], cube.attrs), ("a", runs[0], cube.attrs)) == []

    def test_pulls_have_words(self):
        assert "smaller" in pull_words(0.2)
        assert "as far apart" in pull_words(1.0)
        assert "further" in pull_words(2.0)
        assert "no cell" in pull_words(float("nan"))


class TestViews:
    @pytest.fixture
    def cuts(self):
        cubes = [acceleration_cube(n=9, seed=seed) for seed in (1, 2)]
        cubes[1]["trusted"][:4] = False
        return tuple(take_slice(cube, "x-y", 4, "R") for cube in cubes)

    def test_difference_and_pull_are_those_of_the_cells(self, cuts):
        a, b = cuts
        both = a.trusted & b.trusted
        inside = np.isfinite(a.value)
        for draw, expected in (
            (compare_maps.difference_map, b.value - a.value),
            (compare_maps.pull_map, (b.value - a.value) / np.hypot(a.sd, b.sd)),
        ):
            drawn = draw(a, b).dframe().drawn
            np.testing.assert_allclose(drawn, np.where(both, expected, np.nan)[inside])
            np.testing.assert_allclose(
                draw(a, b, show_untrusted=True).dframe().drawn, expected[inside]
            )
            assert 0 < drawn.notna().sum() <= a.trusted.sum()

    def test_both_sides_share_their_colours(self, cuts):
        a, b = cuts
        limits = [
            hv.Store.lookup_options("bokeh", compare_maps.side_map(*pair), "plot").kwargs["clim"]
            for pair in ((a, b), (b, a))
        ]
        assert limits[0] == limits[1]
        for cut in (a, b):
            assert np.percentile(np.abs(cut.value[cut.trusted]), 95) < limits[0][1]

    def test_the_summary_is_of_the_whole_volume(self):
        a, b = (acceleration_cube(n=13, seed=seed) for seed in (1, 2))
        found = compare_maps.summary(a, b, "x", "1e-10 m/s2", "boltzmann")
        assert found.cells == int((a["trusted"] & b["trusted"]).sum())
        assert found.rms_pull == pytest.approx(1, abs=0.06), "the noise is what its error says"
        assert found.within_one == pytest.approx(0.683, abs=0.03)


class TestPage:
    def test_one_run_is_too_few(self, services, session, wait):
        make_map(services.home)
        make_run(services.home, "running", order=3)
        page = opened(services, session, wait)
        assert classes(page._state, "vo-compare-too-few")
        assert not page._selectors.visible
        classes(page._state, "vo-go-tracers")[0].clicks += 1
        assert session.page == "tracers"

    def test_a_second_run_appears_by_itself(self, services, session, wait):
        make_map(services.home)
        page = opened(services, session, wait)
        make_second(services.home)
        services.runs.look()
        page.refresh()
        wait(lambda: page._content.visible)
        assert page._selectors.visible

    def test_the_run_of_the_other_pages_is_the_first(self, services, session, wait):
        make_map(services.home)
        older = make_second(services.home)
        session.run = older.id
        page = opened(services, session, wait)
        assert page.first.value == older.id
        assert older.id not in page.second.options.values()

    def test_slices_follow_the_widgets_on_both_sides(self, services, session, wait):
        make_map(services.home)
        make_second(services.home)
        page = opened(services, session, wait)
        figures = {name: f.pane.object for name, f in page._panel._figures.items()}
        controls = page._panel.controls
        controls.plane.value = "x-z"
        controls.quantity.value = "phi"
        controls.unit.value = "1e-10 m/s2"
        a, b = page._panel.cuts
        assert (a.plane, b.plane, a.quantity.key, b.unit.key) == (
            "x-z",
            "x-z",
            "phi",
            "1e-10 m/s2",
        )
        assert {n: f.pane.object for n, f in page._panel._figures.items()} == figures
        assert "as far apart" in page._panel.tiles["pull"].object
        assert "a_φ" in page._panel.tiles["difference"].object.replace("&#95;", "_")

    def test_colour_bars_follow_what_is_drawn(self, services, session, wait):
        make_map(services.home)
        make_second(services.home)
        page = opened(services, session, wait)
        root = page._root.get_root()
        page._panel.controls.quantity.value = "phi"
        titles = [bar.title for bar in root.select({"type": ColorBar})]
        assert len(titles) == 4
        assert all("a_φ" in title for title in titles), titles

    def test_the_two_can_be_exchanged(self, services, session, wait):
        make_map(services.home)
        make_second(services.home)
        page = opened(services, session, wait)
        a, b = page._panel.cuts
        before = page.first.value, page.second.value
        classes(page._root, "vo-compare-swap")[0].clicks += 1
        assert (page.second.value, page.first.value) == before
        np.testing.assert_array_equal(page._panel.cuts[0].value, b.value)
        np.testing.assert_array_equal(page._panel.cuts[1].value, a.value)

    @pytest.mark.parametrize(
        ("spoil", "said"),
        [
            (lambda cube: acceleration_cube(n=12), "grids differ"),
            (lambda cube: cube["acceleration"].attrs.update(units="m s-2") or cube, "units"),
            (lambda cube: cube.drop_vars("acceleration_sd"), "no &#x27;acceleration&#95;sd&#x27;"),
            (lambda cube: acceleration_cube(estimators=("other",)), "no estimator in common"),
        ],
    )
    def test_what_cannot_be_compared_is_refused_with_a_reason(
        self, services, session, wait, spoil, said
    ):
        make_map(services.home)
        make_second(services.home, spoil(acceleration_cube()))
        good = make_second(services.home, order=9)
        page = opened(services, session, wait)
        (refusal,) = classes(page._state, "vo-compare-refused")
        texts = [part.object for part in refusal.select(lambda p: hasattr(p, "object"))]
        assert any(said in text for text in texts), texts
        assert page._selectors.visible
        assert not page._content.visible
        page.second.value = good.id
        wait(lambda: page._content.visible)
        assert not page._state.visible

    def test_a_missing_or_damaged_cube_is_refused(self, services, session, wait):
        make_map(services.home)
        damaged = make_second(services.home)
        (damaged.cubes / "acceleration.zarr" / MANIFEST).unlink()
        bare = make_run(services.home, "done", order=8, result={"cubes": {"model": "m.zarr"}})
        page = opened(services, session, wait)
        for run in (damaged.id, bare.id):
            page.second.value = run
            (refusal,) = classes(page._state, "vo-compare-refused")
            texts = [part.object for part in refusal.select(lambda p: hasattr(p, "object"))]
            assert any("Run B cannot be read" in text for text in texts)
        assert not session.notices.column.objects, "a refusal is no error"

    def test_nothing_to_believe_is_said_not_raised(self, services, session, wait):
        make_map(services.home)
        make_second(services.home, acceleration_cube(trusted=False))
        page = opened(services, session, wait)
        assert page._content.visible
        assert "no cell" in page._panel.tiles["pull"].object

    def test_light_and_dark_and_markup_from_outside(self, services, session, wait):
        make_map(services.home)
        make_second(services.home, spec={"catalogue": HOSTILE, "preset": HOSTILE})
        page = opened(services, session, wait)
        assert page._root.get_root() is not None
        session.dark = not session.dark
        assert page._root.get_root() is not None
        html = [
            part.object
            for part in page._root.select(lambda p: isinstance(getattr(p, "object", None), str))
        ]
        assert any("onerror" in text for text in html)
        assert not any("<img" in text for text in html)


class TestExportMenu:
    @pytest.fixture
    def page(self, services, session, wait):
        make_map(services.home, estimators=("boltzmann", "potential"))
        page = AccelerationPage(services, session)
        page._root = page.view()
        page.on_show()
        wait(lambda: page._content.visible)
        return page

    def test_a_click_downloads_what_is_on_the_screen(self, page, monkeypatch):
        asked = []

        def download(result, what, form, view):
            asked.append((result.record.id, what, form, view))
            return "name.svg", b"content"

        monkeypatch.setattr("dashboard.export.run.download", download)
        controls, menu = page._maps.controls, page._export
        controls.plane.value, controls.index.value = "x-z", 3
        controls.quantity.value, controls.estimator.value = "phi", "potential"
        controls.show_untrusted.value = True
        menu.form.value = "svg"
        for _ in range(2):
            menu.button._clicks += 1
        (run, what, form, view), _ = asked
        assert (run, what, form) == (page.result.record.id, "acceleration", "svg")
        assert (view.plane, view.quantity, view.estimator) == ("x-z", "phi", "potential")
        assert view.show_untrusted
        assert view.at == pytest.approx(page._maps._cut.at)
        assert menu.button.filename == "name.svg"
        assert menu.button.data.endswith("Y29udGVudA==")
        assert not menu.button.loading

    def test_a_failure_is_a_notice_and_the_button_works_again(self, page, session, monkeypatch):
        def download(*_):
            raise UserError("The disk is full.")

        monkeypatch.setattr("dashboard.export.run.download", download)
        page._export.button._clicks += 1
        assert not page._export.button.loading
        assert len(session.notices.column.objects) == 1

    def test_only_the_slice_has_a_script(self, page):
        menu = page._export
        menu.form.value = "py"
        menu.what.value = "profiles"
        assert menu.form.value == "pdf"
        assert "py" not in menu.form.options.values()
