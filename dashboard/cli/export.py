"""The command that exports figures and data of a run."""

from __future__ import annotations

from argparse import Namespace
from functools import partial
from pathlib import Path

from dashboard.cli.output import Output
from dashboard.cli.parser import WrongUseError
from data.errors import UserError
from data.home import home
from engine.export.files import check_free, place

__all__ = ["export"]


def export(arguments: Namespace, output: Output) -> int:
    """Export cubes of a finished run, or the saved views."""
    if arguments.views == (arguments.run is not None):
        raise WrongUseError(
            "Give a run or --views, not both." if arguments.views else "No run was given.",
            "`via-obscura runs` lists the runs; --views exports the saved views.",
        )
    return _views(arguments, output) if arguments.views else _run(arguments, output)


def _views(arguments: Namespace, output: Output) -> int:
    """Write all saved views into one file for each format."""
    from dashboard.export.views import VIEW_FORMATS, export_views
    from dashboard.saved_views.store import SavedViews

    folder = Path(arguments.to).expanduser()
    forms = list(dict.fromkeys(arguments.format or ["pdf"]))
    wrong = [form for form in forms if form not in VIEW_FORMATS]
    if wrong:
        raise UserError(
            f"Views cannot be exported as {wrong[0]!r}.", "The formats are pdf and html."
        )
    targets = {form: folder / f"views.{form}" for form in forms}
    check_free(list(targets.values()), overwrite=arguments.overwrite)
    views, damaged = SavedViews(home(arguments.home)).list()
    for sentence in damaged:
        output.note(sentence)
    for form, target in targets.items():
        content = export_views(home(arguments.home), views, form)
        place(target, partial(_write, content), overwrite=arguments.overwrite)
    files = [str(path.resolve()) for path in targets.values()]
    output.result(
        {"views": [view.id for view in views], "files": files},
        "\n".join(str(path) for path in targets.values()),
    )
    return 0


def _write(content: bytes, path: Path) -> None:
    path.write_bytes(content)


def _run(arguments: Namespace, output: Output) -> int:
    """Export cubes of a finished run."""
    from dashboard.export.run import (
        export_run,
        finished,
        planned,
    )  # draws in HoloViews and matplotlib
    from dashboard.export.view import View

    result = finished(home(arguments.home), arguments.run)
    view = View(
        plane=arguments.plane,
        at=arguments.at,
        quantity=arguments.quantity,
        unit=arguments.unit,
        estimator=arguments.estimator,
        show_untrusted=arguments.untrusted,
        arrows=arguments.arrows,
    )
    folder = Path(arguments.to).expanduser()
    forms = list(dict.fromkeys(arguments.format or ["pdf"]))
    for form in forms:  # all or none, as far as names go
        targets = planned(result, arguments.what, form, folder)
        check_free(list(targets.values()), overwrite=arguments.overwrite)
    written = [
        path
        for form in forms
        for path in export_run(
            result, arguments.what, form, folder, view, overwrite=arguments.overwrite
        )
    ]
    paths = [str(path.resolve()) for path in written]
    output.result({"run": result.record.id, "files": paths}, "\n".join(map(str, written)))
    return 0
