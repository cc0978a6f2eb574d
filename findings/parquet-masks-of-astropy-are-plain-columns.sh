#!/usr/bin/env bash
# What:     a masked astropy table in Parquet has no nulls: other readers see the values under
#           the mask.
# Package:  astropy==8.0.2, pyarrow==26.0.1, polars==2.1.0
# Expected: Parquet has nulls (section Nulls of the format's documentation), so a missing radial
#           velocity is null to every reader.
# Happens:  Table.write stores the values hidden under the mask as valid ones and the mask as
#           one more column, radial_velocity.mask. Only astropy puts the two together; pyarrow
#           and polars count 0 nulls and average the hidden values. The same holds for HDF5.
# Matters:  what hides under a mask is often the filler of an earlier format: here 1e20, whose
#           mean is then the survey's mean velocity. Selecting columns by name leaves the mask
#           behind altogether.
# Instead:  write with pyarrow from arrays with nulls (Table.to_df("pyarrow")); on reading,
#           apply every boolean column NAME.mask to NAME.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
    astropy==8.0.2 pyarrow==26.0.1 polars==2.1.0 pandas==3.1.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import sys
import warnings

import astropy
import numpy as np
import polars
import pyarrow
import pyarrow.compute as pc
import pyarrow.parquet as pq
from astropy.table import MaskedColumn, Table

warnings.simplefilter("ignore")
velocity = MaskedColumn(np.array([10.0, 20.0, 1e20]), mask=[False, False, True])
Table({"source_id": np.arange(3), "radial_velocity": velocity}).write("stars.parquet")
table = pq.read_table("stars.parquet")
frame = polars.read_parquet("stars.parquet")
own = Table.read("stars.parquet")
column = table["radial_velocity"]
print(f"astropy {astropy.__version__}, pyarrow {pyarrow.__version__}, polars {polars.__version__}")
print(f"columns {table.column_names}")
print(f"astropy: mean {own['radial_velocity'].mean()}, missing {int(own['radial_velocity'].mask.sum())}")
print(f"pyarrow: mean {pc.mean(column).as_py()}, nulls {column.null_count}")
print(f"polars:  mean {frame['radial_velocity'].mean()}, nulls {frame['radial_velocity'].null_count()}")
if "radial_velocity.mask" not in table.column_names or column.null_count:
    sys.exit("CHANGED: masks are written otherwise now")
print("SEEN: the star without velocity counts as 1e20 km/s outside astropy")
PYTHON
