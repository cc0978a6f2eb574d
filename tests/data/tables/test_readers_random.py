"""Two hundred random tables in every format: what is read is what was written.

And it is what astropy, pandas and pyarrow read of the same file, where they read it.
"""

import importlib.util
import math
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from data.readers import open_table
from data.readers.written import EMPTY
from data.units import tidy_unit

_SPEC = importlib.util.spec_from_file_location(
    "random_tables", Path(__file__).with_name("random_tables.py")
)
tables = importlib.util.module_from_spec(_SPEC)
sys.modules[_SPEC.name] = tables
_SPEC.loader.exec_module(tables)

PER_FORMAT = 9
"""Tables in each format; more than 200 in all."""


def read(path, rows):
    """Give all columns of a file: names to cells, None where missing, and units."""
    reader = open_table(path)
    texts = [f.name for f in reader.fields if f.kind in ("text", "other")]
    names = [f.name for f in reader.fields]
    cells = {name: [] for name in names}
    for chunk in reader.chunks(names, rows, as_text=texts):
        assert not chunk.broken
        for name in names:
            column = chunk.columns[name]
            assert column.wrong is None or not column.wrong.any(), name
            gone = np.zeros(chunk.rows, bool) if column.missing is None else column.missing
            cells[name] += [
                None if out or (isinstance(v, float) and math.isnan(v)) else v
                for v, out in zip(column.values.tolist(), gone, strict=True)
            ]
    reader.close()
    return cells, {f.name: f.unit for f in reader.fields if f.unit}


def same(ours, theirs, dtype):
    """Say whether two cells hold the same."""
    if isinstance(theirs, str):
        theirs = None if theirs.strip().lower() in EMPTY else theirs.strip()
    if isinstance(theirs, float) and math.isnan(theirs):
        theirs = None
    if ours is None or theirs is None:
        return ours is None and theirs is None
    if dtype == "str":
        return str(ours) == str(theirs) or float(ours) == float(theirs)
    if dtype == "bool":
        return bool(ours) == (theirs in (True, "True", "true", 1))
    if dtype.startswith("i"):
        return int(ours) == int(theirs) and not isinstance(ours, float)
    single = np.float32 if dtype == "f4" else float
    return single(ours) == single(float(theirs))


@pytest.mark.parametrize("form", sorted(tables.WRITERS))
def test_random_tables_are_read_as_they_were_written(form, tmp_path):
    ending, write, options = tables.WRITERS[form]
    for seed in range(PER_FORMAT):
        rng = np.random.default_rng([seed, *form.encode()])
        table = tables.random_table(rng, **options)
        path = tmp_path / f"{seed}{ending}"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            write(table, path, rng)
            library = tables.read_by_library(path, form)
        if rng.random() < 0.3:
            path = tables.packed(path, rng)
        elif rng.random() < 0.3 and form not in ("arrow",):
            path = path.rename(path.with_suffix(".dat"))
        ours, units = read(path, int(rng.integers(1, 50)))
        about = f"{form}, seed {seed}"
        index = {"__index_level_0__"}
        assert set(ours) - index == set(table), about
        for name, values in table.items():
            for row, (mine, true) in enumerate(zip(ours[name], values.cells, strict=True)):
                assert same(mine, true, values.dtype), (about, name, row, mine, true)
            wanted = values.unit and tidy_unit(values.unit)
            assert (units.get(name) and tidy_unit(units[name])) == wanted, (about, name)
        if library is None:
            continue
        theirs, _ = library
        for name, values in table.items():
            for row, (mine, other) in enumerate(zip(ours[name], theirs[name], strict=True)):
                assert same(mine, other, values.dtype), (about, name, row, mine, other)
