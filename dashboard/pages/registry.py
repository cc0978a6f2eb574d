"""Which pages there are, in the order of the way of the data."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

from dashboard.pages.base import Page

__all__ = ["PAGES", "PageEntry"]


@dataclass(frozen=True)
class PageEntry:
    """A page by name; its module is imported when it is first visited.

    Parameters
    ----------
    slug
        The word in the session document and in addresses.
    title, icon
        What the navigation shows.
    module, cls
        Where the page lives.
    """

    slug: str
    title: str
    icon: str
    module: str
    cls: str

    def load(self) -> type[Page]:
        """Import the page's module and give its class."""
        return getattr(importlib.import_module(self.module), self.cls)


PAGES = (
    PageEntry("explore", "Explore", "blur_on", "dashboard.pages.explore", "ExplorePage"),
    PageEntry(
        "archives", "Archives", "cloud_download", "dashboard.pages.archives", "ArchivesPage"
    ),
    PageEntry("quality", "Quality", "fact_check", "dashboard.pages.quality", "QualityPage"),
    PageEntry("tracers", "Tracers", "filter_alt", "dashboard.pages.tracers", "TracersPage"),
    PageEntry("runs", "Runs", "timeline", "dashboard.pages.runs", "RunsPage"),
    PageEntry("model", "Model", "scatter_plot", "dashboard.pages.model", "ModelPage"),
    PageEntry(
        "acceleration",
        "Acceleration",
        "explore",
        "dashboard.pages.acceleration",
        "AccelerationPage",
    ),
    PageEntry("density", "Density", "grain", "dashboard.pages.density", "DensityPage"),
    PageEntry(
        "dark_matter",
        "Dark matter",
        "dark_mode",
        "dashboard.pages.dark_matter",
        "DarkMatterPage",
    ),
    PageEntry(
        "asymmetry",
        "Asymmetry",
        "balance",
        "dashboard.pages.asymmetry",
        "AsymmetryPage",
    ),
    PageEntry("streams", "Streams", "gesture", "dashboard.pages.streams", "StreamsPage"),
    PageEntry("compare", "Compare", "compare", "dashboard.pages.compare", "ComparePage"),
    PageEntry("sweeps", "Sweeps", "stacked_line_chart", "dashboard.pages.sweeps", "SweepsPage"),
    PageEntry("present", "Present", "slideshow", "dashboard.pages.present", "PresentPage"),
)
