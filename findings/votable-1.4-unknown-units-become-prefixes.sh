#!/usr/bin/env bash
# What:     one unit text means an unknown unit in a VOTable 1.3 and a prefixed invented unit in
#           1.4.
# Package:  astropy==8.0.2
# Expected: `Msun`, `days` or `year` are not among the units of VOUnits 1.0 (those are solMass,
#           d, a or yr), so one expects an UnrecognizedUnit with its text kept, as in version
#           1.3, or a warning. VOUnits 1.0, section 2.11, lets a parser take a known prefix off
#           an unknown unit, so the behaviour is within the standard and far from what a reader
#           of units checks for (astropy's issue 8978 discusses it).
# Happens:  in 1.4 and 1.5 Msun is mega-`sun`, days is deca-`ys`, year is yocto-`ear`, hr is
#           hecto-`r`, parsec is pico-`arsec`: valid PrefixUnits of invented bases, and no
#           warning. A test for UnrecognizedUnit passes them as good units.
# Matters:  the masses and ages of simulations come with these texts; the same table saved as
#           1.3 and as 1.4 goes down two paths, and a decomposed unit brings a stray power of
#           ten (1e6 for Msun).
# Instead:  take the unit's text from the FIELD, compare it with one's own list of known texts
#           before astropy's parser sees it, and accept only units that convert to the dimension
#           wanted.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
    astropy==8.0.2 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import sys
import warnings
from io import BytesIO

import astropy
import astropy.units as u
from astropy.table import Table


def unit_of(text, version):
    document = f"""<VOTABLE version="{version}" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">
    <RESOURCE><TABLE><FIELD name="x" datatype="double" unit="{text}"/>
    <DATA><TABLEDATA><TR><TD>1</TD></TR></TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        unit = Table.read(BytesIO(document.encode()), format="votable")["x"].unit
    return unit, len(caught)


print(f"astropy {astropy.__version__}")
prefixed = unknown = 0
for text in ("days", "year", "hr", "parsec", "degrees", "Msun"):
    (old, _), (new, n_warnings) = unit_of(text, "1.3"), unit_of(text, "1.4")
    print(f"{text:8}: 1.3 {type(old).__name__} {old}; "
          f"1.4 {type(new).__name__} = {new.decompose()}, {n_warnings} warnings")
    prefixed += isinstance(new, u.PrefixUnit) and n_warnings == 0
    unknown += isinstance(old, u.UnrecognizedUnit)
if prefixed != 6 or unknown < 4:
    sys.exit(f"CHANGED: {prefixed} of 6 texts are prefixed units in 1.4, {unknown} unknown in 1.3")
print("SEEN: in 1.4 all six parse as prefix and invented base, without a warning")
PYTHON
