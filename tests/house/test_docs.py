"""What the documents quote is true: commands, links, settings, queries and examples."""

import argparse
import gzip
import importlib.util
import os
import re
import shlex
import tomllib
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from dashboard.cli.parser import build_parser
from data.catalogue.ingest import ingest
from data.catalogue.schema import GAIA_NAMES, KNOWN, NOT_6D_REASONS
from data.errors import UserError
from data.population.selection_effects import selection_reasons
from data.population.warnings import spatial_reasons
from data.readers import PACKINGS, SUFFIXES
from data.selection import parse
from engine.cubes.assemble import profiles_cube, provenance
from engine.cubes.grid import make_grid, make_lines
from engine.cubes.store import write_cube
from engine.cubes.trust import FLAGS
from engine.density.plan import MemberPlan
from engine.estimators.budget import correct, without_errors
from engine.estimators.registry import ESTIMATORS
from engine.estimators.solve import PointwiseMap
from engine.mapping.solution import GridSolution

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
GUIDE = (DOCS / "guide.md").read_text()


def without_fences(text):
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def quoted_commands(text):
    """Command lines of via-obscura in fences, indented blocks and inline code."""
    joined = text.replace("\\\n", " ")
    blocks = re.findall(r"^```(?:sh|bash|console|text)?\n(.*?)^```$", joined, re.M | re.S)
    lines = [line for block in blocks for line in block.splitlines()]
    lines += re.findall(r"^ {4}(.*)$", joined, re.M)
    for paragraph in re.split(r"\n\s*\n", without_fences(joined)):
        lines += [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", paragraph)]
    for line in lines:
        if "via-obscura" in line:
            yield from commands_in(line.strip().removeprefix("$ "))


def commands_in(line):
    """The words after the program's name, for each command of a shell line."""
    words = []
    for word in [*shlex.split(line, comments=True), ";"]:
        if word not in {";", "&&", "||", "|", ">", "2>", "&"}:
            words.append(word)
            continue
        while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
            words.pop(0)
        if len(words) > 1 and Path(words[0]).name == "via-obscura":
            yield words[1:]
        words = []


def slug(heading):
    """The anchor that GitHub gives a heading."""
    plain = re.sub(r"[`*_]|\[|\]\([^)]*\)", "", heading.strip().lower())
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


def python_example(word):
    """The one Python block of the guide that has a word in it."""
    blocks = re.findall(r"^```python\n(.*?)^```$", GUIDE, re.M | re.S)
    (found,) = [block for block in blocks if word in block]
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_quoted_commands_parse(page):
    parser = build_parser()
    for words in quoted_commands(page.read_text()):
        try:
            parser.parse_args(words)
        except (UserError, SystemExit) as error:
            if getattr(error, "code", 1) != 0:  # it is 0 after --help and --version
                pytest.fail(f"{page.name}: via-obscura {shlex.join(words)}: {error}")


def test_the_guide_quotes_commands_and_wrong_ones_are_found():
    assert len(list(quoted_commands(GUIDE))) > 20
    (words,) = quoted_commands("then `X=1 via-obscura map a --presets quick > out.json`")
    with pytest.raises(UserError):
        build_parser().parse_args(words)


def test_the_guide_names_every_command_and_option():
    def walk(parser):
        for action in parser._actions:
            yield from (option for option in action.option_strings if option.startswith("--"))
            if isinstance(action, argparse._SubParsersAction):
                yield from action.choices
                for child in action.choices.values():
                    yield from walk(child)

    wanted = set(walk(build_parser())) - {"--help", "--version"}
    assert {"map", "--preset", "resume"} <= wanted
    assert not {word for word in wanted if not re.search(rf"{word}\b", GUIDE)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_images_exist(page):
    text = without_fences(page.read_text())
    targets = re.findall(r"\]\(([^)\s]+)(?:\s[^)]*)?\)", text)
    targets += re.findall(r"<(?:img|a|source)\b[^>]*?(?:src|href|srcset)=\"([^\"]+)\"", text)
    for target in targets:
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        place = page if not path else (page.parent / path).resolve()
        assert place.exists(), f"{page.name} links to {target}"
        if anchor and place.suffix == ".md":
            headings = re.findall(r"^#+ (.*)$", without_fences(place.read_text()), re.M)
            assert anchor in map(slug, headings), f"{page.name} links to {target}"


def test_code_that_the_documents_name_is_there():
    for page in DOCS.rglob("*.md"):
        for path in re.findall(
            r"`((?:data|engine|dashboard|tests|tools)/[\w/.-]+)`", page.read_text()
        ):
            assert (ROOT / path).exists(), f"{page.name} names {path}"


def written_settings():
    """The tool that writes the tables of settings."""
    path = ROOT / "tools" / "write_settings.py"
    spec = importlib.util.spec_from_file_location("write_settings", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_settings_tables_are_those_that_are_declared():
    tool = written_settings()
    for row in tool.settings_rows():
        assert row in GUIDE, f"docs/guide.md should have the row {row}"
    page = (DOCS / "settings.md").read_text()
    assert page == tool.settings_page(), "python tools/write_settings.py writes the page anew"


def test_the_guide_names_flags_reasons_and_formats():
    codes = re.findall(
        r"\"(\w+)\",\n? +f\"", Path(spatial_reasons.__code__.co_filename).read_text()
    )
    assert {"incomplete", "sky_gaps", "longitude_steps"} <= set(codes)
    codes += [f"selection_in_{what}" for what in selection_reasons.__globals__["_WHY"]]
    plain = {suffix for suffix in SUFFIXES if suffix.count(".") == 1} | set(PACKINGS)
    for word in (*codes, *FLAGS, *NOT_6D_REASONS, *plain):
        assert f"`{word}`" in GUIDE, word


def test_selections_of_the_guide_can_be_read():
    section = GUIDE.split("## Selections")[1].split("Columns are those")[0]
    rows = re.findall(r"^\| `((?:[^`])+)` \|", section, re.M)
    assert len(rows) > 7
    for text in rows:
        assert parse(text.replace("\\|", "|")) is not None


def test_dependencies_are_explained():
    text = (DOCS / "decisions/0002-dependencies.md").read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["test"]
    names = {re.match(r"[\w.-]+", requirement)[0] for requirement in wanted}
    assert names == set(re.findall(r"^\| ([\w.-]+) \|", text, re.M)) - {"package"}


def test_decisions_are_numbered_and_listed():
    files = sorted(path.name for path in (DOCS / "decisions").glob("*.md"))
    assert [int(name[:4]) for name in files] == list(range(1, len(files) + 1))
    index = (DOCS / "README.md").read_text()
    for name in files:
        title = (DOCS / "decisions" / name).read_text().splitlines()[0].removeprefix("# ")
        assert f"[{name[:4]}](decisions/{name}) | {title[5:]} |" in index


def archive_columns(text=GUIDE):
    query = re.search(r"SELECT(.*?)FROM gaiadr3", text, re.S)[1]
    return re.findall(r"\w+", query)


def test_queries_ask_for_the_columns_that_the_reader_knows():
    assert set(KNOWN) <= set(archive_columns()) <= GAIA_NAMES  # the others serve the page Quality
    assert set(archive_columns((ROOT / "README.md").read_text())) <= set(KNOWN)


def test_query_asks_for_columns_that_the_archive_has():
    folder = os.environ.get("VIA_OBSCURA_TRIAL_DATA")
    if not folder:
        pytest.skip("VIA_OBSCURA_TRIAL_DATA is not set")
    from astropy.io import fits

    with fits.open(Path(folder) / "gaia-dr3-archive-schema.fits") as file:
        there = {name.lower() for name in file[1].columns.names}
    assert {*archive_columns(), "random_index"} <= there


def test_parts_of_the_archive_are_joined(tmp_path, monkeypatch):
    """The guide's script, on two parts of which one has no radial velocity in its first rows."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "parts").mkdir()
    names = archive_columns()
    first = 4_611_686_018_427_387_904
    for part in range(2):
        rows = [dict.fromkeys(names, "0.5") for _ in range(3)]
        for i, row in enumerate(rows):
            row |= {"source_id": str(first + 3 * part + i), "ra": str(10 * i), "ruwe": "1"}
        rows[0]["radial_velocity"] = ""
        lines = [",".join(names), *(",".join(row.values()) for row in rows)]
        with gzip.open(tmp_path / "parts" / f"{part}-result.csv.gz", "wt") as file:
            file.write("\n".join(lines) + "\n")
    exec(python_example("PARTS").replace("PARTS", "parts"), {})  # noqa: S102 - our own document
    assert pq.read_table("gaia.parquet").num_rows == 6
    catalogue = ingest("gaia.parquet", tmp_path / "home")
    assert (catalogue.n_rows, catalogue.manifest.with_6d) == (6, 4)
    assert catalogue.column("source_id").tolist() == list(range(first, first + 6))


def test_example_reads_the_cubes(tmp_path, capsys):
    grid = make_grid((8.122, 0.0, 0.0208), 2.0, 1.0, 9)
    lines = make_lines((8.122, 0.0, 0.0208), 2.0, (8.122, 0.0, 0.0208), 5)

    def solution(points):
        field = np.stack([points * [-10.0, 0.0, -200.0]])
        names = ESTIMATORS.names
        numbers = dict.fromkeys(names, field[..., 0])
        extras = dict.fromkeys(("density_gradient", "true_gradient", "inflation"), field)
        return PointwiseMap(dict.fromkeys(names, field), numbers, numbers, extras)

    def budget(points):
        return without_errors(correct(solution(points).acceleration["boltzmann"], MemberPlan(1)))

    inside = [line.points[np.isfinite(line.points).all(1)] for line in lines]
    attributes = provenance(volume={"centre": [8.122, 0.0, 0.0208], "radius": 2.0})
    cells = len(grid.points)
    solved = GridSolution(
        grid=grid,
        budgets={"boltzmann": budget(grid.points)},
        flags_by={"boltzmann": np.zeros(cells, np.int32)},
        pointwise=solution(grid.points),
        tracers=np.full(cells, 50, np.int32),
        edge_distance=np.ones(cells),
        radius=4.0,
        potential=None,
        source="boltzmann",
    )
    acceleration = solved.cube(attributes)
    flags = [np.zeros(len(points), np.int32) for points in inside]
    profiles = profiles_cube(
        lines, [{"boltzmann": budget(p).field} for p in inside], flags, attributes
    )
    for name, cube in {"acceleration": acceleration, "profiles": profiles}.items():
        write_cube(cube, tmp_path / "cubes", name)
    example = python_example('Path("RUN")').replace("RUN", str(tmp_path))
    names = {}
    exec(example, names)  # noqa: S102 - our own document
    assert f"trusted cells: {cells}" in capsys.readouterr().out
    np.testing.assert_allclose(
        names["a"].interp(names["place"]), [-81.22, 0.0, -100.0], rtol=1e-4, atol=1e-3
    )
