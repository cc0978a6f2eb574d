"""Stars that do not fill phase space are refused before a run, and thin discs are not."""

import numpy as np
import pytest

from data.catalogue.ingest import ingest_arrays
from data.errors import UserError
from data.frames import SolarParameters
from data.population.degenerate import require_spread
from data.population.population import make_population

SUN = np.asarray(SolarParameters().position)
N = 1_000


def stars(n=N, seed=0, thickness=0.3):
    """Draw positions (n, 3) of a disc round the Sun, and velocities."""
    rng = np.random.default_rng(seed)
    x = SUN + rng.uniform(-2, 2, (n, 3)) * [1, 1, thickness]
    return x, rng.normal([10.0, -220.0, 5.0], [35.0, 25.0, 20.0], (n, 3))


def check(x, v):
    require_spread(x.astype(np.float32), v.astype(np.float32), SUN, 500)


def plane(x, v):
    x[:, 2] = 0
    v[:, 2] = 0


def plane_off_zero(x, v):
    x[:, 2] = 0.3


def line(x, v):
    x[:, 1:] = SUN[1:]


def point(x, v):
    x[:] = SUN


def one_velocity(x, v):
    v[:] = [10.0, -220.0, 7.0]


def one_star(x, v):
    x[:], v[:] = x[0], v[0]


def equal_velocities(x, v):
    v[:, 1] = v[:, 0]


def equal_positions(x, v):
    x[:, 2] = x[:, 1]


def tilted_plane(x, v):
    x[:, 2] = np.round(0.3 * x[:, 0] - 0.4 * x[:, 1] - 2, 3)


def tilted_line(x, v):
    x[:] = SUN + np.outer(x[:, 0] - SUN[0], [0.5, 0.3, -0.2])


def shell(x, v):
    away = x - SUN
    x[:] = SUN + 1.5 * away / np.linalg.norm(away, axis=1, keepdims=True)


def ring(x, v):
    x[:, :2] *= 8 / np.linalg.norm(x[:, :2], axis=1, keepdims=True)


def circles(x, v):
    unit = x[:, :2] / np.linalg.norm(x[:, :2], axis=1, keepdims=True)
    v[:, :2] = np.stack([unit[:, 1], -unit[:, 0]], 1) * 220 * (1 + 0.1 * x[:, 2:])


def two_places(x, v):
    x[::2], x[1::2] = x[0], x[1]


def many_in_one_place(x, v):
    x[: int(0.6 * len(x))] = x[0]


def every_star_twice(x, v):
    x[1::2], v[1::2] = x[::2], v[::2]


def coarse_positions(x, v):
    x[:] = np.round(x, 0)


def one_height_and_outliers(x, v):
    x[: int(0.8 * len(x)), 2] = 0


def five_velocities(x, v):
    v[:] = v[np.arange(len(v)) % 5]


def missing(x, v):
    v[3, 1] = np.nan


def infinite(x, v):
    x[3, 0] = np.inf


REFUSED = {
    plane: "z and vz do not vary",
    plane_off_zero: "z does not vary",
    line: "y and z do not vary",
    point: "x, y and z do not vary",
    one_velocity: "vx, vy and vz do not vary",
    one_star: "x, y, z, vx, vy and vz do not vary",
    equal_velocities: "vx and vy vary only together",
    equal_positions: "y and z vary only together",
    tilted_plane: "x, y and z vary only together.*positions lie in a plane",
    tilted_line: "x, y and z vary only together.*positions lie on a line",
    shell: "distance from the Sun is the same",
    ring: "distance R from the Galactic axis is the same",
    circles: "v_R .* is the same",
    two_places: "vary only together.*on a line|different values|same",
    many_in_one_place: "same x",
    every_star_twice: "share their position",
    coarse_positions: "share their position|same z",
    one_height_and_outliers: "800 of the 1,000 tracers have the same z, 0",
    five_velocities: "only 5 different velocities|vary only together",
    missing: "vy of some tracers is not finite",
    infinite: "x of some tracers is not finite",
}


@pytest.mark.parametrize(
    ("spoil", "sentence"), REFUSED.items(), ids=lambda k: getattr(k, "__name__", "")
)
def test_degenerate_stars_are_refused_by_name(spoil, sentence):
    x, v = stars()
    spoil(x, v)
    with pytest.raises(UserError, match=sentence):
        check(x, v)


def test_few_stars_need_different_places():
    x, v = stars(800)
    x[:390] = x[0]
    with pytest.raises(UserError, match="only 411 different values of their position"):
        check(x, v)


@pytest.mark.parametrize("n", [600, 700_000])
@pytest.mark.parametrize("thickness", [0.3, 0.005])
def test_discs_thick_and_thin_pass(n, thickness):
    check(*stars(n, thickness=thickness))


@pytest.mark.parametrize("places", [3, 2])
def test_rounded_stars_pass(places):
    x, v = stars(20_000)
    check(np.round(x, places), np.round(v, 0))


def test_a_cold_disc_a_small_ball_and_far_stars_pass():
    x, v = stars()
    v[:, 2] *= 0.02
    check(x, v)
    check(SUN + (x - SUN) * 2e-4, v)  # the next parsec: single precision is still fine enough
    check(x + np.array([0, 0, 80]), v)
    cluster = x.copy()
    cluster[:300] = SUN + (x[:300] - SUN) * 1e-3
    check(cluster, v)


@pytest.mark.parametrize("spoil", [plane, every_star_twice, many_in_one_place, equal_velocities])
def test_large_tables_are_judged_alike(spoil):
    x, v = stars(900_000)
    spoil(x, v)
    with pytest.raises(UserError):
        check(x, v)


def simulated(home, x, v):
    columns = dict(zip(("x", "y", "z", "vx", "vy", "vz"), np.hstack([x, v]).T, strict=True))
    return ingest_arrays(columns, home, name="stars", kind="simulation", provenance={})


def test_a_population_of_them_is_refused(tmp_path):
    x, v = stars()
    assert len(make_population(simulated(tmp_path / "good", x, v)).rows) == N
    plane(x, v)
    with pytest.raises(UserError, match="z and vz do not vary among the 1,000 tracers"):
        make_population(simulated(tmp_path / "flat", x, v))
