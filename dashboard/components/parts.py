"""Small pieces that the pages of results are built from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

import panel_material_ui as pmui
from panel.viewable import Viewable

from dashboard.components.escape import plain

__all__ = [
    "headline",
    "narrow",
    "one_by_one",
    "pairs_table",
    "rows_table",
    "section",
    "table",
    "tile",
    "tile_text",
    "wide",
]

_TABLE = {
    "& table": {
        "borderCollapse": "collapse",
        "width": "100%",
        "fontSize": "0.84rem",
        "border": "none",
    },
    "& th, & td, & tr": {"border": "none"},
    "& th": {
        "textAlign": "left",
        "fontWeight": 500,
        "color": "text.secondary",
        "padding": "4px 14px 4px 0",
        "whiteSpace": "nowrap",
        "verticalAlign": "top",
    },
    "& th.long": {"whiteSpace": "normal", "overflowWrap": "anywhere", "width": "75%"},
    "& td": {"padding": "4px 14px 4px 0", "verticalAlign": "top", "overflowWrap": "anywhere"},
    "& tr + tr > td, & tr + tr > th": {"borderTop": "1px solid", "borderColor": "divider"},
    "& td.number": {"fontVariantNumeric": "tabular-nums", "whiteSpace": "nowrap"},
    "& tr.ours td": {"fontWeight": 600, "color": "primary.main"},
}

_LONG = 40
"""Labels of more characters are sentences, and may take several lines."""


def headline(text: str, *, css_class: str = "") -> pmui.Typography:
    """Write the title of a page or of a large part of one."""
    return pmui.Typography(
        text, variant="h5", margin=(4, 10), css_classes=[css_class] if css_class else []
    )


def section(
    title: str, *content: Viewable, css_class: str = "", note: str = "", min_width: int = 0
) -> pmui.Paper:
    """Frame a part of a page: a quiet heading over its content."""
    parts: list[Viewable] = [
        pmui.Typography(
            title, variant="overline", margin=(4, 10, 0, 10), sx={"color": "text.secondary"}
        )
    ]
    if note:
        parts.append(
            pmui.Typography(
                note,
                variant="caption",
                margin=(0, 10, 4, 10),
                sx={"color": "text.secondary"},
                sizing_mode="stretch_width",
            )
        )
    return pmui.Paper(
        *parts,
        *content,
        elevation=0,
        variant="outlined",
        margin=6,
        sizing_mode="stretch_width",
        min_width=min_width or None,
        css_classes=[css_class] if css_class else [],
        sx={"padding": "6px"},
    )


def tile_text(label: str, value: str, note: str = "") -> str:
    """Give the HTML of a number with its label; all text is escaped."""
    return (
        f"<div class='label'>{plain(label)}</div><div class='value'>{plain(value)}</div>"
        f"<div class='note'>{plain(note)}</div>"
    )


def tile(label: str, value: str = "—", note: str = "", *, css_class: str = "") -> pmui.Typography:
    """Show one number large, what it is above and a remark below."""
    return pmui.Typography(
        tile_text(label, value, note),
        margin=(6, 6),
        min_width=170,
        sizing_mode="stretch_width",
        css_classes=[css_class] if css_class else [],
        sx={
            "display": "block",
            "padding": "10px 14px",
            "border": "1px solid",
            "borderColor": "divider",
            "borderRadius": "6px",
            "backgroundColor": "background.paper",
            "& .label": {"fontSize": "0.72rem", "color": "text.secondary"},
            "& .value": {
                "fontSize": "1.25rem",
                "fontWeight": 500,
                "lineHeight": 1.5,
                "fontVariantNumeric": "tabular-nums",
            },
            "& .note": {"fontSize": "0.72rem", "color": "text.secondary", "minHeight": "1.1em"},
        },
    )


def pairs_table(lines: Iterable[tuple[str, str]]) -> str:
    """Give the HTML of labels with their text, one pair a row; all text is escaped."""
    rows = "".join(
        f"<tr><th{' class=long' if len(label) > _LONG else ''}>{plain(label)}</th>"
        f"<td>{plain(text)}</td></tr>"
        for label, text in lines
    )
    return f"<table>{rows}</table>"


def rows_table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    ours: int | None = None,
    texts: Collection[int] = (0,),
) -> str:
    """Give the HTML of a table with a head; all text is escaped.

    Parameters
    ----------
    head, rows
        What is written in each cell.
    ours
        Index of a row that is set off from the others.
    texts
        Columns of text, which may take several lines; the others are set as numbers.
    """
    top = "".join(f"<th>{plain(cell)}</th>" for cell in head)
    body = []
    for index, row in enumerate(rows):
        cells = "".join(
            f"<td{'' if column in texts else ' class=number'}>{plain(cell)}</td>"
            for column, cell in enumerate(row)
        )
        body.append(f"<tr{' class=ours' if index == ours else ''}>{cells}</tr>")
    return f"<table><tr>{top}</tr>{''.join(body)}</table>"


def table(html: str = "", *, css_class: str = "") -> pmui.Typography:
    """Show the HTML that `pairs_table` or `rows_table` gave."""
    return pmui.Typography(
        html,
        margin=(4, 10),
        sizing_mode="stretch_width",
        css_classes=[css_class] if css_class else [],
        sx=_TABLE,
    )


def wide(css_class: str) -> dict[str, object]:
    """Give the look of a widget in a column of controls."""
    return {
        "sizing_mode": "stretch_width",
        "size": "small",
        "margin": (6, 8),
        "css_classes": [css_class],
    }


def narrow(view: pmui.Paper) -> None:
    """Make a section a column of controls beside what they steer."""
    view.param.update(width=232, sizing_mode="fixed", height=None)
    view.sizing_mode = None


def one_by_one(
    on_loop: Callable[[Callable[[], None]], None], jobs: Sequence[Callable[[], None]]
) -> None:
    """Do one job at a time on the session's loop, so that others are served in between.

    Parameters
    ----------
    on_loop
        Runs a call on the loop soon, as `dashboard.services.background.Background.on_loop` does.
    jobs
        Drawing a figure, for example.
    """
    if not jobs:
        return

    def step() -> None:
        jobs[0]()
        one_by_one(on_loop, jobs[1:])

    on_loop(step)
