"""Published curves are what the papers say, and a user's table is read or refused."""

import os
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table

from data.errors import UserError
from data.literature.own_curve import read_rotation_curve
from data.literature.rotation_curves import published_curve, published_curves

TRIAL = os.environ.get("VIA_OBSCURA_TRIAL_DATA")


def test_shipped_curves_have_their_citation():
    assert published_curves() == ["eilers2019", "ou2024"]
    for name in published_curves():
        curve = published_curve(name)
        assert curve.meta["doi"].startswith("10.")
        assert curve.citation
        assert len(curve.R) > 30
        assert (np.diff(curve.R) > 0).all()
        assert (curve.minus > 0).all()
        assert (curve.plus > 0).all()
        assert ((curve.v_circ > 150) & (curve.v_circ < 250)).all()


def test_eilers_agrees_with_what_its_abstract_says():
    """v_c(R0) = 229.0 +- 0.2 km/s, slope -1.7 +- 0.1 km/s/kpc, from 5 to 25 kpc."""
    curve = published_curve("eilers2019")
    error = (curve.minus + curve.plus) / 2
    slope, at_sun = np.polyfit(curve.R - 8.122, curve.v_circ, 1, w=1 / error)
    assert slope == pytest.approx(-1.7, abs=0.15)
    assert at_sun == pytest.approx(229.0, abs=0.7)
    assert 5 < curve.R[0] < 6
    assert 24 < curve.R[-1] < 25


def test_unknown_curve_names_those_that_there_are():
    with pytest.raises(UserError, match="eilers2019, ou2024"):
        published_curve("sofue2020")


@pytest.mark.skipif(not TRIAL, reason="VIA_OBSCURA_TRIAL_DATA does not name the trial tables")
@pytest.mark.parametrize(
    ("file", "name"), [("rc_Eilers19.txt", "eilers2019"), ("rc_Ou24.txt", "ou2024")]
)
def test_trial_tables_are_read_as_a_users_own(file, name):
    found = read_rotation_curve(Path(TRIAL) / "rotation-curves" / file)
    wanted = published_curve(name)
    for column in ("R", "v_circ", "minus", "plus"):
        np.testing.assert_array_equal(getattr(found, column), getattr(wanted, column))


def test_csv_with_one_error_in_any_order(tmp_path):
    path = tmp_path / "mine.v2.csv"
    path.write_text("VC,Radius,note,sigma\n230,8.5,b,2\n228,7.5,a,3\n,9.5,c,1\n")
    curve = read_rotation_curve(path)
    assert (curve.name, curve.citation) == ("mine", "mine.v2.csv")
    np.testing.assert_array_equal(curve.R, [7.5, 8.5])
    np.testing.assert_array_equal(curve.v_circ, [228, 230])
    np.testing.assert_array_equal(curve.minus, [3, 2])
    np.testing.assert_array_equal(curve.plus, [3, 2])


def test_ecsv_with_units_of_its_own(tmp_path):
    table = Table({"R": [7000.0, 8000.0], "v_c": [2.3e5, 2.2e5]})
    table["R"].unit, table["v_c"].unit = "pc", "m/s"
    table.write(tmp_path / "mine.ecsv")
    curve = read_rotation_curve(tmp_path / "mine.ecsv")
    np.testing.assert_allclose(curve.R, [7, 8])
    np.testing.assert_allclose(curve.v_circ, [230, 220])
    assert np.isnan(curve.minus).all()


@pytest.mark.parametrize(
    "text",
    [
        "# R vc minus plus\n# from a paper of mine\n8 230 2 3\n9 231 2 3\n",
        "R vc minus plus\n8 230 2 3\n9 231 2 3\n",
        "R vc minus plus\n9 231 -2 3\n\n8 230 -2 3\n",
    ],
)
def test_text_with_blanks(tmp_path, text):
    path = tmp_path / "mine.txt"
    path.write_text(text)
    curve = read_rotation_curve(path)
    np.testing.assert_array_equal(curve.R, [8, 9])
    np.testing.assert_array_equal(curve.v_circ, [230, 231])
    np.testing.assert_array_equal(curve.minus, [2, 2])
    np.testing.assert_array_equal(curve.plus, [3, 3])


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "R,speed\n8,230\n9,231\n", "no column for the circular velocity"),
        ("a.csv", "x,v\n8,230\n9,231\n", "no column for the radius"),
        ("a.csv", "R,r,v\n8,8,230\n9,9,231\n", "two columns for one quantity"),
        ("a.csv", "R,R,v\n8,8,230\n9,9,231\n", "two columns with the same name"),
        ("a.csv", "R,v\n8,230\n9,\n", "fewer than two rows"),
        ("a.csv", "R,v\n8,-230\n9,231\n", "negative"),
        ("a.csv", "R,v,err\n8,230,1\n9,231,-1\n", "negative error"),
        ("a.csv", "R,v,minus\n8,230,1\n9,231,1\n", "minus of two errors only"),
        ("a.csv", "", "is empty"),
        ("a.txt", "R v\n8 230 1\n9 231\n", "1 lines with more or fewer cells"),
        ("a.txt", "", "is empty"),
        ("a.txt", "R v\n8 fast\n9 200\n", "holds text where numbers belong"),
        ("a.png", "a picture\n", "names no table format"),
    ],
)
def test_what_is_no_curve_is_refused_in_a_sentence(tmp_path, name, text, message):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        read_rotation_curve(path)


def test_wrong_unit_and_missing_file_are_refused(tmp_path):
    table = Table({"R": [7.0, 8.0], "v": [230.0, 220.0]})
    table["R"].unit = "km/s"
    table.write(tmp_path / "a.ecsv")
    with pytest.raises(UserError, match="cannot be converted to kpc"):
        read_rotation_curve(tmp_path / "a.ecsv")
    with pytest.raises(UserError, match=r"File .*b\.csv not found"):
        read_rotation_curve(tmp_path / "b.csv")
    with pytest.raises(UserError, match="not found"):
        read_rotation_curve(tmp_path / "b.txt")
    (tmp_path / "c.txt").write_bytes(b"\x00\x01\x00")
    with pytest.raises(UserError, match=r"c\.txt is not a text table"):
        read_rotation_curve(tmp_path / "c.txt")
