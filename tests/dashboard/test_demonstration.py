"""The demonstration catalogue is made once."""

from dashboard.services.demonstration import NAME, make_if_missing
from data.catalogue.store import CatalogueStore


def test_demonstration_catalogue_is_made_once_and_has_a_truth(tmp_path):
    stages = []
    assert make_if_missing(tmp_path, lambda done, stage: stages.append((done, stage)), stars=300)
    catalogue = CatalogueStore(tmp_path).open(NAME)
    assert catalogue.n_rows == 300
    assert catalogue.truth_path.is_file()
    assert stages[-1][0] == 1.0
    stages.clear()
    assert not make_if_missing(tmp_path, lambda done, stage: stages.append((done, stage)))
    assert stages == []
    assert len(CatalogueStore(tmp_path).list()) == 1
