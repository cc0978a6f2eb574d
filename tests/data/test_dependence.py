"""What columns and cuts depend on, against stars whose stored columns are changed one by one.

The oracle knows nothing of the implementation: it changes the stored columns of positions, of
velocities or of magnitudes and errors, and looks whether a value or a mask changes.
"""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.catalogue.ingest import ingest_arrays
from data.catalogue.schema import CARTESIAN, CORRECTION, ERRORS, KNOWN
from data.catalogue.schema import DERIVED as ADDED
from data.columns.dependence import column_dependence, dependences
from data.columns.derived import DERIVED, column
from data.columns.families import FAMILIES
from data.columns.nature import nature_of
from data.frames import SolarParameters, from_galactocentric
from data.population.population import make_population
from data.population.warnings import UNCURED
from data.selection import mask, parse, to_text

N = 300
GROUPS = {
    "position": ("ra", "dec", "parallax", "distance", "x", "y", "z"),
    "velocity": ("pmra", "pmdec", "radial_velocity", "vx", "vy", "vz"),
    "brightness": ("phot_g_mean_mag", "phot_bp_mean_mag", "grvs_mag", *ERRORS),
}
OTHER = ("bp_rp", "ruwe", "fe_h", "age", "pmra_pmdec_corr")


class Stars:
    """Stars as the store has them, without errors in their coordinates."""

    def __init__(self, columns):
        self.columns = columns
        self.n_rows = N

    def has(self, name):
        return name in self.columns

    def column(self, name):
        return self.columns[name]


def drawn(seed):
    rng = np.random.default_rng(seed)
    x = np.array(SolarParameters().position) + rng.normal(0, 1.5, (N, 3))
    v = np.array([0.0, -200.0, 0.0]) + rng.normal(0, 40, (N, 3))
    stars = {**dict(zip("xyz", x.T, strict=True)),
             **dict(zip(("vx", "vy", "vz"), v.T, strict=True))}  # fmt: skip
    stars |= from_galactocentric(x, v)
    stars["distance"] = 1.0 / stars["parallax"]
    for name in (*GROUPS["brightness"], *OTHER):
        stars[name] = rng.uniform(0.1, 0.9, N) + (10.0 if name.endswith("_mag") else 0.0)
    return stars


FIRST, SECOND = drawn(0), drawn(1)


def changed(group):
    return Stars({**FIRST, **{name: SECOND[name] for name in GROUPS[group]}})


WAYS = {
    "astrometry": Stars(FIRST),
    "simulation": Stars({name: values for name, values in FIRST.items()
                         if name not in ("ra", "dec", "parallax", "pmra", "pmdec",
                                         "radial_velocity", *ERRORS)}),
}  # fmt: skip


def numerically(name, group):
    """Say whether a column changes with the stored columns of a group."""
    return not np.array_equal(column(Stars(FIRST), name), column(changed(group), name),
                              equal_nan=True)  # fmt: skip


CALLS = [
    f"{family}({argument})"
    for family in FAMILIES
    for argument in (
        ("bovy", "two_discs", "mw2022")
        if family in ("E", "circularity")
        else ("gd1", "pal5", "pole, 34.6, 29.8", "points, 10, 20, 50, 40")
    )
]
LUMINOSITIES = {"absolute_g", "absolute_grvs"}


@pytest.mark.parametrize("name", [*DERIVED, *CALLS])
def test_every_derived_column_depends_on_what_it_changes_with(name):
    found = column_dependence(name, Stars(FIRST))
    if name in LUMINOSITIES:
        assert numerically(name, "position")
        assert numerically(name, "brightness")
        assert found == set()
        return
    assert found == {group for group in GROUPS if numerically(name, group)}


@pytest.mark.parametrize("name", ["E", "L", "v_phi", "phi1(gd1)", "pm_phi1(gd1)", "l", "speed",
                                  "circularity", "pm_phi2_rest(pal5)", "L_perp"])  # fmt: skip
def test_the_dependence_of_a_simulation_is_the_same(name):
    expected = {
        group
        for group in ("position", "velocity")
        if not np.array_equal(
            column(WAYS["simulation"], name),
            column(Stars({**WAYS["simulation"].columns,
                          **{n: SECOND[n] for n in GROUPS[group] if n in CARTESIAN}}), name),
            equal_nan=True,
        )
    }  # fmt: skip
    assert column_dependence(name, WAYS["simulation"]) == expected


@pytest.mark.parametrize("name", [*KNOWN, *ADDED, *CORRECTION])
def test_every_known_stored_column_declares_its_dependence(name):
    found = column_dependence(name, Stars({name: np.zeros(N)}))
    for group, names in GROUPS.items():
        if name in names:
            assert found == {group}
    if name.endswith(("_corr", "_id")) or name in ("ruwe", "bp_rp", "has_6d", "not_6d_reason"):
        assert found == set()


FIVE = {
    "circularity > 0.8": {"position", "velocity"},
    "L > 1500": {"position", "velocity"},
    "E < -100000": {"position", "velocity"},
    "v_tan < 100": {"position", "velocity"},
    "phi1(gd1) > -30": {"position"},
    "pm_phi1(gd1) < 3": {"position", "velocity"},
    "L_perp < 300": {"position", "velocity"},
    "E(bovy) < -120000": {"position", "velocity"},
    "circularity(bovy) > 0.8": {"position", "velocity"},
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *FIVE.items(),
        ("phot_g_mean_mag < 12", {"brightness"}),
        ("phot_g_mean_mag < 15 and distance < 3", {"brightness", "position"}),
        ("not (phot_g_mean_mag < 15 or distance < 3)", {"brightness", "position"}),
        ("xor(ruwe < 1.4, not (pmra < 3))", {"velocity"}),
        ("pmra in (1, 2, 3)", {"velocity"}),
        (
            "polygon(distance, phot_g_mean_mag, (0, 9), (3, 9), (3, 15))",
            {"position", "brightness"},
        ),
        ("polygon(bp_rp, absolute_g, (0, 0), (3, 0), (3, 5))", set()),
        ("polygon(bp_rp, v_phi, (0, 0), (3, 0), (3, 5))", {"position", "velocity"}),
        ("absolute_g < 3", set()),
        ("phot_g_mean_mag + 5 * log10(parallax) - 10 < 3", set()),
        ("phot_g_mean_mag - 5 * log10(distance) - 10 < 3 + 2 * bp_rp", set()),
        ("phot_g_mean_mag < 13 + 5 * log10(distance)", set()),
        ("phot_g_mean_mag - 5 * log10(distance_sun * 1000) + 5 < 3", set()),
        ("phot_g_mean_mag - 2.5 * log10(distance * distance) < 13", set()),
        ("10 ** (0.4 * phot_g_mean_mag) < 5 / parallax ** 2", set()),
        ("parallax * 10 ** (0.2 * grvs_mag) > 40", set()),
        ("min(absolute_g, absolute_grvs) < 3", set()),
        ("phot_g_mean_mag - grvs_mag < 1", set()),
        ("hypot(absolute_g, bp_rp) < 3", set()),
        ("phot_g_mean_mag - ag_gspphot - 5 * log10(distance) - 10 < 3", set()),
        ("bp_rp - ebpminrp_gspphot < 1", set()),
        ("ag_gspphot < 0.1", {"position"}),
        ("phot_g_mean_mag - 5 * log10(distance) < 3 * distance", {"position", "brightness"}),
        ("absolute_g < 3 + b / 10", {"position", "brightness"}),
        ("max(distance, phot_g_mean_mag) < 12", {"position", "brightness"}),
        ("phot_g_mean_mag - 4 * log10(distance) < 12", {"position", "brightness"}),
        ("phot_g_mean_mag < 12 + distance", {"position", "brightness"}),
        ("absolute_g - parallax_error < 3", {"position", "brightness"}),
        ("absolute_g < 3 + pmra", {"velocity"}),
        ("phot_g_mean_mag + 5 * log10(pm) < 10", {"brightness", "velocity"}),
        ("parallax_over_error > 5", {"position", "brightness"}),
        ("radial_velocity_error < 2", {"brightness"}),
        ("v_phi_error < 5", {"position", "velocity", "brightness"}),
        ("fe_h > -1 and age < 5 and bp_rp < 1 and ruwe < 1.4 and source_id > 5", set()),
        ("everything", set()),
        ("vx == vx", {"velocity"}),
        ('column("phi1") < 3', {"position"}),
        ("Lz > 100", {"position", "velocity"}),
    ],
)
def test_cuts_depend_on_what_they_are_made_of(text, expected):
    stars = Stars({**FIRST, "ag_gspphot": FIRST["ruwe"], "ebpminrp_gspphot": FIRST["ruwe"],
                   "phi1": FIRST["x"], "Lz": FIRST["x"]})  # fmt: skip
    assert dependences(parse(text), stars) == expected


# --- any expression, any tree -------------------------------------------------------------------

COLUMNS = ["ra", "b", "parallax", "distance", "x", "R", "phi1(gd1)", "pmra", "radial_velocity",
           "vz", "v_phi", "L", "E", "pm_phi1(gd1)", "bp_rp", "ruwe", "fe_h", "speed", "v_tan",
           "phot_g_mean_mag", "absolute_g", "parallax_error", "x_error"]  # fmt: skip
numbers = st.integers(-8, 8).map(lambda n: n / 2 + 0.3)
expressions = st.recursive(
    st.sampled_from(COLUMNS).map(lambda name: {"column": name}) | numbers,
    lambda parts: st.builds(
        lambda op, a, b: {"op": op, "of": [a, b]},
        st.sampled_from(["+", "-", "*", "/", "hypot", "min", "max"]), parts, parts,
    ) | st.builds(lambda op, a: {"op": op, "of": [a]},
                  st.sampled_from(["abs", "sqrt", "log10", "sin", "neg", "exp"]), parts),
    max_leaves=5,
)  # fmt: skip
cuts = (
    st.builds(
        lambda left, op, right: {"kind": "compare", "left": left, "op": op, "right": right},
        expressions, st.sampled_from(["<", ">="]), expressions,
    )
    | st.builds(lambda name, low: {"kind": "range", "column": name, "min": low, "max": None},
                st.sampled_from(COLUMNS), numbers)
    | st.builds(lambda u, v: {"kind": "polygon", "columns": [u, v],
                              "points": [[-9, -9], [90, -9], [9, 90]]},
                st.sampled_from(COLUMNS), st.sampled_from(COLUMNS))
)  # fmt: skip
trees = st.recursive(
    cuts,
    lambda nodes: st.builds(
        lambda kind, of: {"kind": kind, "of": of},
        st.sampled_from(["and", "or", "xor"]), st.lists(nodes, min_size=1, max_size=3),
    ) | nodes.map(lambda node: {"kind": "not", "of": node}),
    max_leaves=4,
)  # fmt: skip


def moved(kept):
    """The same stars elsewhere on the sky and at other distances, with the magnitudes there."""
    shift = 5.0 * np.log10(SECOND["distance"] / FIRST["distance"])
    star = {**FIRST, **{name: SECOND[name] for name in GROUPS["position"]}}
    for name in kept:
        star[name] = FIRST[name] + shift
    return Stars(star)


@settings(deadline=None, max_examples=250)
@given(trees)
def test_whatever_changes_with_positions_or_velocities_is_said_to(tree):
    """A mask that changes proves a dependence; a luminosity alone may change without one."""
    found = dependences(tree, Stars(FIRST))
    before = mask(tree, Stars(FIRST))
    if not np.array_equal(before, mask(tree, changed("velocity"))):
        assert "velocity" in found, to_text(tree)
    if not np.array_equal(before, mask(tree, moved(("phot_g_mean_mag", "grvs_mag")))):
        # Beyond the rounding of single precision, which derived columns have.
        assert found & {"position", "brightness"} or _near_a_bound(tree), to_text(tree)
    magnitude_free = "phot_g" not in to_text(tree) and "absolute" not in to_text(tree)
    if magnitude_free and not np.array_equal(before, mask(tree, changed("position"))):
        assert "position" in found, to_text(tree)
    if magnitude_free and not np.array_equal(before, mask(tree, changed("brightness"))):
        assert "brightness" in found, to_text(tree)


def _near_a_bound(tree):
    """Say whether single stars change sides by the rounding of absolute magnitudes."""
    differs = mask(tree, Stars(FIRST)) ^ mask(tree, moved(("phot_g_mean_mag", "grvs_mag")))
    return differs.sum() <= 3


# --- stored columns of unknown meaning ----------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "unit", "expected"),
    [
        ("R", "", {"position"}), ("R", "kpc", {"position"}), ("phi1", "", {"position"}),
        ("phi1", "deg", {"position"}), ("pm_phi1", "", {"velocity"}),
        ("pm_phi1", "mas / yr", {"velocity"}), ("something", "deg", {"position"}),
        ("something", "pc", {"position"}), ("something", "km / s", {"velocity"}),
        ("something", "mas / yr", {"velocity"}), ("something", "mag", {"brightness"}),
        ("something", "kpc km / s", {"position", "velocity"}),
        ("something", "km2 / s2", {"position", "velocity"}), ("something", "Jy", {"brightness"}),
        ("something", "erg / (cm2 s)", {"brightness"}), ("something", "K", set()),
        ("something", "Gyr", set()), ("something", "", set()), ("something", "solRad", set()),
        ("rgeo", "", {"position"}), ("R_MED_GEO", "pc", {"position"}),
        ("dist_bj", "", {"position"}), ("GLON", "", {"position"}),
        ("x_table", "", {"position"}), ("distance_table", "kpc", {"position"}),
        ("RA_ICRS", "deg", {"position"}), ("DE_ICRS", "", {"position"}),
        ("vlos", "", {"velocity"}), ("rv_survey", "", {"velocity"}), ("VHELIO", "", {"velocity"}),
        ("pmRA", "", {"velocity"}), ("ecc", "", {"position", "velocity"}),
        ("zmax", "kpc", {"position"}), ("Lz", "", {"position", "velocity"}),
        ("E", "", {"position", "velocity"}), ("L", "", {"position", "velocity"}),
        ("Jmag", "", {"brightness"}), ("G", "", {"brightness"}), ("B", "mag", {"brightness"}),
        ("V", "", {"brightness", "velocity"}), ("MG", "mag", set()), ("J-K", "mag", set()),
        ("B_V", "mag", set()), ("A_V", "mag", {"position"}), ("ebv", "", {"position"}),
        ("e_Plx", "mas", {"brightness"}), ("rv_err", "km / s", {"brightness"}),
        ("snr", "", {"brightness"}), ("e_dist", "pc", {"brightness", "position"}),
        ("fe_h", "", set()), ("[Fe/H]", "dex", set()), ("mg_fe", "", set()), ("age", "Gyr", set()),
        ("teff", "K", set()), ("vsini", "km / s", set()), ("member_prob", "", set()),
        ("healpix", "", {"position"}), ("flag_rv", "", set()), ("period", "d", set()),
    ],
)  # fmt: skip
def test_a_stored_column_is_judged_by_its_unit_then_by_its_name(name, unit, expected):
    assert nature_of(name, unit).depends == expected


def test_the_name_in_the_table_counts_where_the_one_in_the_store_says_nothing():
    assert nature_of("survey", "", "VHELIO_AVG").depends == {"velocity"}
    noted = {"survey": SimpleNamespace(unit="", source="dist50", missing=None)}
    stars = Stars({"survey": FIRST["x"]})
    stars.manifest = SimpleNamespace(columns=noted, sun=SolarParameters(), kind="astrometry")
    assert dependences(parse("survey > 1"), stars) == {"position"}


GAIA = """
position: ra dec parallax l b ecl_lon ecl_lat astrometric_n_obs_al astrometric_n_obs_ac
 astrometric_n_good_obs_al astrometric_n_bad_obs_al astrometric_matched_transits
 visibility_periods_used matched_transits new_matched_transits matched_transits_removed
 scan_direction_strength_k1 scan_direction_mean_k4 phot_g_n_obs phot_bp_n_obs phot_rp_n_obs
 phot_bp_n_contaminated_transits phot_rp_n_blended_transits rv_nb_transits
 rv_nb_deblended_transits rv_visibility_periods_used rv_time_duration vbroad_nb_transits
 grvs_mag_nb_transits in_andromeda_survey distance_gspphot distance_gspphot_lower
 distance_gspphot_upper azero_gspphot ag_gspphot_lower ebpminrp_gspphot_upper
velocity: pm pmra pmdec radial_velocity
brightness: ra_error dec_error parallax_error pmra_error pmdec_error astrometric_excess_noise
 astrometric_excess_noise_sig pseudocolour_error astrometric_sigma5d_max phot_g_mean_flux
 phot_g_mean_flux_error phot_g_mean_flux_over_error phot_g_mean_mag phot_bp_mean_flux
 phot_bp_mean_flux_error phot_bp_mean_flux_over_error phot_bp_mean_mag phot_rp_mean_flux
 phot_rp_mean_flux_error phot_rp_mean_flux_over_error phot_rp_mean_mag radial_velocity_error
 rv_expected_sig_to_noise vbroad_error grvs_mag grvs_mag_error rvs_spec_sig_to_noise
position+brightness: parallax_over_error
none: solution_id source_id random_index ref_epoch ra_dec_corr pmra_pmdec_corr
 parallax_pseudocolour_corr astrometric_gof_al astrometric_chi2_al astrometric_params_solved
 astrometric_primary_flag nu_eff_used_in_astrometry pseudocolour ipd_gof_harmonic_amplitude
 ipd_gof_harmonic_phase ipd_frac_multi_peak ipd_frac_odd_win ruwe duplicated_source
 phot_bp_rp_excess_factor phot_proc_mode bp_rp bp_g g_rp rv_method_used rv_renormalised_gof
 rv_chisq_pvalue rv_amplitude_robust rv_template_teff rv_template_logg rv_template_fe_h
 rv_atm_param_origin vbroad phot_variable_flag in_qso_candidates non_single_star
 has_xp_continuous has_rvs has_epoch_rv has_mcmc_msc classprob_dsc_combmod_star teff_gspphot
 teff_gspphot_lower logg_gspphot_upper mh_gspphot libname_gspphot
"""
UNITS = {
    "_gspphot": "", "vbroad": "km / s", "rv_amplitude_robust": "km / s", "rv_time_duration": "d",
    "ipd_gof_harmonic_phase": "deg", "bp_rp": "mag", "bp_g": "mag", "g_rp": "mag", "l": "deg",
    "pm": "mas / yr", "phot_g_mean_flux": "electron / s", "ag_gspphot_lower": "mag",
    "azero_gspphot": "mag", "distance_gspphot": "pc", "astrometric_sigma5d_max": "mas",
    "astrometric_excess_noise": "mas", "pseudocolour": "1 / um", "rv_template_teff": "K",
}  # fmt: skip


def gaia_columns():
    for block in GAIA.strip().replace("\n ", " ").splitlines():
        kind, names = block.split(":")
        for name in names.split():
            yield name, set() if kind == "none" else set(kind.split("+"))


@pytest.mark.parametrize(("name", "expected"), list(gaia_columns()))
def test_the_columns_of_gaia_are_classified_with_and_without_their_units(name, expected):
    assert nature_of(name).depends == expected
    assert nature_of(name, UNITS.get(name, "")).depends == expected


# --- populations --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    rng = np.random.default_rng(2)
    n = 6000
    direction = rng.normal(size=(n, 3))
    direction /= np.linalg.norm(direction, axis=1)[:, None]
    x = direction * 3.9 * rng.uniform(size=(n, 1)) ** (1 / 3) + SolarParameters().position
    v = rng.normal(size=(n, 3)) * [60, 50, 40] + [0, -210, 0]
    sky = from_galactocentric(x, v)
    del sky["distance"]
    table = {"source_id": np.arange(n), **sky}
    return ingest_arrays(
        table, tmp_path_factory.mktemp("home"), name="ball", kind="astrometry", provenance={}
    )


@pytest.mark.parametrize(("text", "expected"), FIVE.items())
def test_cuts_in_derived_columns_are_reasons_for_distrust(catalogue, text, expected):
    warnings = {reason.code: reason for reason in make_population(catalogue, parse(text)).warnings}
    for what in expected:
        sentence = warnings[f"selection_in_{what}"].sentence
        assert "and so removes" in sentence
        assert text.split()[0] in sentence
    assert any(code in UNCURED for code in warnings) == ("velocity" in expected)
    json.dumps([reason.to_dict() for reason in warnings.values()])


def test_a_cut_in_energy_is_a_cut_in_motion_at_a_place(catalogue):
    warnings = make_population(catalogue, parse("E < -100000")).warnings
    sentences = {reason.code: reason.sentence for reason in warnings}
    assert "changes from place to place" in sentences["selection_in_position"]
    warnings = make_population(catalogue, parse("abs(z) < 2 and E < -100000")).warnings
    sentences = {reason.code: reason.sentence for reason in warnings}
    assert "imitates an acceleration" in sentences["selection_in_position"]
