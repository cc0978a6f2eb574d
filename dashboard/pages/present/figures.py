"""The figures of a page, found in its sections, and how large they may be on a slide."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import panel as pn
import panel_material_ui as pmui
from bokeh.models import ColorBar, Plot
from panel.viewable import Viewable

__all__ = ["PageFigure", "fit", "page_figures"]

#: Pages whose figures stand in no section with a heading: class of the part that holds them.
_WITHOUT_SECTIONS = {"explore": ("vo-panels", "Panels")}

_LEFT, _BAR, _RIGHT, _ABOVE, _BELOW = 68, 66, 20, 36, 50
"""Pixels beside a frame: axis, colour bar or none; title with toolbar, axis."""
_TEXT = 180
"""Height that is left for a table whose height is not known."""
_LARGEST, _SMALLEST, _STEP = 3.0, 0.55, 0.05


@dataclass(frozen=True)
class PageFigure:
    """One section of a page that draws something.

    Parameters
    ----------
    key
        Name of the section: its inert class, or its heading.
    label
        Its heading.
    parts
        What to put on a slide: all parts that hold figures, without the controls.
    caption
        The line that says what is drawn, or None.
    """

    key: str
    label: str
    parts: tuple[Viewable, ...]
    caption: Viewable | None

    @property
    def drawn(self) -> bool:
        """Whether every figure that is to be seen has been drawn."""
        panes = [pane for part in self.parts for pane in _seen(part) if _is_figure(pane)]
        return bool(panes) and all(pane.object is not None for pane in panes)


def page_figures(page: Viewable, slug: str) -> list[PageFigure]:
    """Find the figures of a page that is on the screen, from top to bottom.

    Parameters
    ----------
    page
        What the page's ``view()`` gave.
    slug
        The page's name.
    """
    if slug in _WITHOUT_SECTIONS:
        css_class, label = _WITHOUT_SECTIONS[slug]
        whole = [part for part in _seen(page) if css_class in part.css_classes]
        return [PageFigure(css_class, label, (part,), None) for part in whole if _holds(part)]
    found: list[PageFigure] = []
    for part in _seen(page):
        if isinstance(part, pmui.Paper) and _holds(part):
            heading = next((p for p in part.objects if _is_heading(p)), None)
            if heading is None:
                continue
            classes = [c for c in part.css_classes if c.startswith("vo-")]
            label = str(heading.object)
            found.append(
                PageFigure(
                    classes[0] if classes else label.lower(),
                    label,
                    tuple(child for child in part.objects if _holds(child)),
                    next((p for p in part.objects if "vo-map-caption" in p.css_classes), None),
                )
            )
    return found


def fit(parts: tuple[Viewable, ...], width: int, height: int, natural: dict[str, Any]) -> None:
    """Scale the figures of a slide, so that they fill it without running over.

    Figures that stretch by themselves are left as they are.

    Parameters
    ----------
    parts
        The parts of a `PageFigure`, on the screen.
    width, height
        Room on the slide, pixels.
    natural
        Sizes of the figures as their page made them, by id: filled at the first call.
    """
    items = [item for part in parts for item in _items(part)]
    for item in items:
        for figure in _models(item):
            size = (figure.frame_width, figure.frame_height)
            natural.setdefault(figure.id, size)
    scale = _LARGEST
    while scale > _SMALLEST and not _fits(items, natural, scale, width, height):
        scale -= _STEP
    for item in items:
        for figure in _models(item):
            wide, high = natural[figure.id]
            if wide and high:
                figure.update(frame_width=int(wide * scale), frame_height=int(high * scale))
                _enlarge_type(figure, min(max(scale, 1.0), 1.45))


def _seen(part: Any) -> Iterator[Any]:  # noqa: ANN401  any part of a page
    if getattr(part, "visible", True) and not isinstance(part, pmui.Dialog):
        yield part
        for child in getattr(part, "objects", ()):
            yield from _seen(child)


def _is_figure(part: object) -> bool:
    return isinstance(part, pn.pane.HoloViews | pn.pane.Bokeh)


def _is_heading(part: object) -> bool:
    return isinstance(part, pmui.Typography) and part.variant == "overline"


def _holds(part: Viewable) -> bool:
    return any(_is_figure(inner) for inner in _seen(part))


def _items(part: Any) -> list[Any]:  # noqa: ANN401
    """Give what flows in lines: the children of a box that wraps, else the part itself."""
    if isinstance(part, pn.FlexBox | pmui.FlexBox):
        return [child for child in part.objects if child.visible]
    return [part]


def _models(part: Any) -> list[Plot]:  # noqa: ANN401
    """Give the Bokeh figures that show a part."""
    figures = []
    for pane in _seen(part):
        if _is_figure(pane):
            for model, *_ in pane._models.values():
                figures += [model] if isinstance(model, Plot) else [*model.select({"type": Plot})]
    return figures


def _fits(
    items: list[Any], natural: dict[str, Any], scale: float, width: int, height: int
) -> bool:
    """Whether items that flow in lines have room."""
    used, line_width, line_height = 0.0, 0.0, 0.0
    for item in items:
        wide, high = _size(item, natural, scale)
        if wide > width:
            return False
        if line_width + wide > width:
            used, line_width, line_height = used + line_height, 0.0, 0.0
        line_width, line_height = line_width + wide, max(line_height, high)
    return used + line_height <= height


def _size(part: Any, natural: dict[str, Any], scale: float) -> tuple[float, float]:  # noqa: ANN401
    """Width and height of a part at a scale, pixels."""
    if _is_figure(part):
        sizes = [_figure_size(f, natural[f.id], scale) for f in _models(part)]
        return max((w for w, _ in sizes), default=0.0), sum(h for _, h in sizes)
    inner = [
        _size(child, natural, scale) for child in getattr(part, "objects", ()) if child.visible
    ]
    if not inner:
        return float(part.width or 0), float(part.height or _TEXT)
    across = isinstance(part, pn.Row | pmui.Row | pn.FlexBox | pmui.FlexBox)
    wide, high = zip(*inner, strict=True)
    if across:
        return sum(wide), max(high)
    return max(part.width or 0, *wide, 0.0), sum(high)


def _figure_size(
    figure: Plot, natural: tuple[int | None, int | None], scale: float
) -> tuple[float, float]:
    wide, high = natural
    if not (wide and high):
        return 0.0, 0.0
    beside = _BAR if any(isinstance(part, ColorBar) for part in figure.right) else _RIGHT
    above = _ABOVE if figure.title is not None and figure.title.text else 12
    return wide * scale + _LEFT + beside, high * scale + above + _BELOW


def _enlarge_type(figure: Plot, factor: float) -> None:
    axis, label, title = (f"{size * factor:.0f}px" for size in (12, 11, 14))
    for part in (*figure.below, *figure.left):
        if hasattr(part, "axis_label_text_font_size"):
            part.update(axis_label_text_font_size=axis, major_label_text_font_size=label)
    for part in figure.right:
        if isinstance(part, ColorBar):
            part.update(title_text_font_size=axis, major_label_text_font_size=label)
    if figure.title is not None:
        figure.title.text_font_size = title
    for legend in figure.legend:
        legend.label_text_font_size = label
