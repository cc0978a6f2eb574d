"""Add a table: the choice of a table, the name of the file, and remarks."""

import html
from pathlib import Path

import pytest

from dashboard.pages.explore.catalogue_bar import CatalogueBar, details
from dashboard.pages.tracers.page import TracersPage

CASES = Path(__file__).parents[1] / "cases"


@pytest.fixture
def dialog(services, session):
    bar = CatalogueBar(services, session)
    bar.view()
    return bar.ingest


def finish(dialog, wait, done):
    def look():
        dialog.refresh()
        return done()

    wait(look)


def test_several_tables_are_offered_and_one_is_read(dialog, session, wait):
    """The first try names the tables; with the chosen one the file is read."""
    dialog._upload.param.update(
        value=(CASES / "two-groups.h5").read_bytes(), filename="two-groups.h5"
    )
    dialog._begin()
    finish(dialog, wait, lambda: dialog._error.visible)
    select = dialog._tables._select
    assert select.visible, dialog._error.object
    assert {"tracers", "background"} == {name.strip("/") for name in select.options}
    assert "two-groups.h5" in dialog._error.object
    select.value = next(name for name in select.options if "tracers" in name)
    dialog._begin()
    finish(dialog, wait, lambda: session.catalogue is not None)
    manifest = dialog.services.catalogues.open(session.catalogue).manifest
    assert manifest.rows == 15
    assert manifest.provenance["file"] == "two-groups.h5"  # not the path of the upload
    assert manifest.name == "two-groups"
    assert not select.visible
    assert "background" in details(manifest)


def test_remarks_are_shown(dialog, session, wait):
    """What was taken as missing is said at once, and in the details."""
    dialog._path.value = str(CASES / "rv-minus-9999.csv")
    dialog._begin()
    finish(dialog, wait, lambda: session.catalogue is not None)
    said = html.unescape(session.notices.column.objects[-1].object)
    assert "Imported 40 stars (25 with 6D)." in said
    assert "-9999" in said
    shown = details(dialog.services.catalogues.open(session.catalogue).manifest)
    assert "Remark on radial" in shown
    assert "assumed" in shown


def test_tracers_show_the_remarks_without_distrust(services, session, tmp_path):
    """A remark stands beside the warnings and is none of them."""
    import numpy as np

    from data.catalogue.ingest import ingest_arrays
    from tests.dashboard.measured import measured_columns

    columns = measured_columns(3000)
    columns["radial_velocity"] = np.array(columns["radial_velocity"])
    columns["radial_velocity"][:60] = -9999.0
    made = ingest_arrays(columns, services.home, name="m", kind="astrometry", provenance={})
    services.catalogues.look()
    page = TracersPage(services, session)
    page.view()
    session.page = "tracers"
    session.open_catalogue(made.id)
    classes = [alert.css_classes[0] for alert in page._warnings.objects]
    assert "vo-remark-placeholder" in classes
    found = page._shown.population
    assert [remark.code for remark in found.remarks] == ["placeholder"]
    assert "placeholder" not in {reason.code for reason in found.warnings}
