"""The command that exports figures and data of a run."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from dashboard.cli.output import Output
from data.home import home
from engine.export.files import check_free

__all__ = ["export"]


def export(arguments: Namespace, output: Output) -> int:
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
