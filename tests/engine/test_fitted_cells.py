"""Which cells the potential is fitted to."""

import numpy as np

from engine.cubes.trust import populated


def test_cells_with_few_tracers_are_left_out():
    near = np.array([3, 39, 40, 41, 500, 900, 1000, 1000])
    usable = np.array([True, True, True, True, True, True, True, False])
    assert populated(usable, near).tolist() == [False, False, True, True, True, True, True, False]


def test_of_a_small_sample_no_more_than_a_quarter_is_left_out():
    near = np.arange(20)
    usable = np.ones(20, bool)
    usable[:4] = False
    kept = populated(usable, near)
    assert kept.sum() == 12
    assert not kept[:8].any()


def test_where_every_cell_is_alike_all_stay():
    assert populated(np.ones(9, bool), np.full(9, 2)).all()
