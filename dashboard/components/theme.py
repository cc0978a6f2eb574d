"""Colours and type: a night sky in the dark, paper in the light."""

from __future__ import annotations

from typing import Any

import colorcet

__all__ = [
    "ACCENT",
    "DENSITY_DARK",
    "DENSITY_LIGHT",
    "DIVERGING",
    "FONT",
    "TRUTH",
    "density_map",
    "figure_colours",
    "state_colours",
    "theme_config",
]

#: Roboto comes with the application, so a machine without network draws the same letters.
FONT = '"Roboto", "Helvetica Neue", Arial, sans-serif'

#: Starlight: the one warm colour, for what the user touches and for the Sun.
ACCENT = "#f2b866"
#: The truth of a mock, wherever it is drawn.
TRUTH = "#4cc9a4"

#: Density maps: perceptually uniform, from the page's own background upwards, so that the
#: empty sky is the sky of the page and not a black rectangle on it.
DENSITY_DARK = ["#0d1220", *colorcet.CET_L8[24:]]
DENSITY_LIGHT = ["#ffffff", *colorcet.CET_L20[::-1][10:]]
#: Signed quantities, centred on zero.
DIVERGING = list(colorcet.CET_D1A)

_DARK = {
    "mode": "dark",
    "primary": {"main": ACCENT, "contrastText": "#14161f"},
    "secondary": {"main": "#8fb3ff"},
    "success": {"main": TRUTH},
    "warning": {"main": "#ffb74d"},
    "error": {"main": "#ff7a70"},
    "info": {"main": "#8fb3ff"},
    "background": {"default": "#090d18", "paper": "#0d1220"},
    "divider": "#232b41",
    "text": {"primary": "#e7eaf3", "secondary": "#9aa5c0"},
}
_LIGHT = {
    "mode": "light",
    "primary": {"main": "#33508f"},
    "secondary": {"main": "#a8651a"},
    "success": {"main": "#1c7f63"},
    "warning": {"main": "#b06a00"},
    "error": {"main": "#b8362e"},
    "info": {"main": "#33508f"},
    "background": {"default": "#f6f7fa", "paper": "#ffffff"},
    "divider": "#dde1ea",
    "text": {"primary": "#1b2133", "secondary": "#5b6478"},
}

_TYPE = {
    "fontFamily": FONT,
    "fontSize": 13,
    "h3": {"fontSize": "1.02rem", "fontWeight": 500, "letterSpacing": "0.18em"},
    "h5": {"fontSize": "1.25rem", "fontWeight": 500, "letterSpacing": "0.01em"},
    "h6": {"fontSize": "0.95rem", "fontWeight": 500, "letterSpacing": "0.01em"},
    "overline": {"fontSize": "0.68rem", "letterSpacing": "0.12em", "lineHeight": 1.8},
    "button": {"textTransform": "none", "fontWeight": 500, "letterSpacing": "0.01em"},
}


def theme_config() -> dict[str, Any]:
    """Give the Material theme, for light and dark."""
    return {
        name: {
            "palette": palette,
            "typography": _TYPE,
            "shape": {"borderRadius": 6},
            "components": _components(palette),
        }
        for name, palette in (("light", _LIGHT), ("dark", _DARK))
    }


def _components(palette: dict[str, Any]) -> dict[str, Any]:
    """Flat surfaces with a hairline instead of shadows; an app bar in the page's own colour."""
    line = f"1px solid {palette['divider']}"
    background = palette["background"]
    return {
        "MuiAppBar": {
            "styleOverrides": {
                "root": {
                    "backgroundColor": _DARK["background"]["default"],
                    "color": f"{_DARK['text']['primary']} !important",
                    "backgroundImage": "none",
                    "boxShadow": "none",
                    "borderBottom": f"1px solid {_DARK['divider']}",
                }
            }
        },
        "MuiToolbar": {"styleOverrides": {"root": {"minHeight": "52px !important"}}},
        "MuiDrawer": {
            "styleOverrides": {
                "paper": {
                    "backgroundColor": background["default"],
                    "backgroundImage": "none",
                    "borderRight": line,
                }
            }
        },
        "MuiPaper": {"styleOverrides": {"root": {"backgroundImage": "none"}}},
    }


def density_map(*, dark: bool) -> list[str]:
    """Give the colour map of density panels, from empty to full."""
    return DENSITY_DARK if dark else DENSITY_LIGHT


def figure_colours(*, dark: bool) -> dict[str, str]:
    """Give the colours that figures share with the page.

    Returns
    -------
    dict
        ``background``, ``frame``, ``text``, ``muted``, ``grid``, ``accent``, ``series`` (a
        comma-free base colour for lines), ``truth``.
    """
    palette = _DARK if dark else _LIGHT
    return {
        "background": palette["background"]["paper"],
        "frame": palette["divider"],
        "text": palette["text"]["primary"],
        "muted": palette["text"]["secondary"],
        "grid": palette["divider"],
        "accent": palette["primary"]["main"],
        "series": palette["info"]["main"],
        "truth": palette["success"]["main"],
    }


def state_colours(*, dark: bool) -> dict[str, str]:
    """Give the colours by which parts that are not Material's own look like those that are.

    Returns
    -------
    dict
        ``primary``, ``success``, ``warning``, ``error``, ``info``, ``default`` (of what has no
        state), ``paper``, ``text``, ``muted`` and ``divider``.
    """
    palette = _DARK if dark else _LIGHT
    states = ("primary", "success", "warning", "error", "info")
    return {
        **{name: palette[name]["main"] for name in states},
        "default": palette["text"]["secondary"],
        "paper": palette["background"]["paper"],
        "text": palette["text"]["primary"],
        "muted": palette["text"]["secondary"],
        "divider": palette["divider"],
    }
