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
    PageEntry("explore", "Explore", "blur_on", "dashboard.pages.explore.page", "ExplorePage"),
    PageEntry(
        "archives", "Archives", "cloud_download", "dashboard.pages.archives.page", "ArchivesPage"
    ),
    PageEntry("quality", "Quality", "fact_check", "dashboard.pages.quality.page", "QualityPage"),
    PageEntry("tracers", "Tracers", "filter_alt", "dashboard.pages.tracers.page", "TracersPage"),
    PageEntry("runs", "Runs", "timeline", "dashboard.pages.runs.page", "RunsPage"),
    PageEntry("model", "Model", "scatter_plot", "dashboard.pages.model.page", "ModelPage"),
    PageEntry(
        "acceleration",
        "Acceleration",
        "explore",
        "dashboard.pages.acceleration.page",
        "AccelerationPage",
    ),
    PageEntry("density", "Density", "grain", "dashboard.pages.density.page", "DensityPage"),
    PageEntry(
        "dark_matter",
        "Dark matter",
        "dark_mode",
        "dashboard.pages.dark_matter.page",
        "DarkMatterPage",
    ),
    PageEntry(
        "asymmetry",
        "Asymmetry",
        "balance",
        "dashboard.pages.asymmetry.page",
        "AsymmetryPage",
    ),
    PageEntry("streams", "Streams", "gesture", "dashboard.pages.streams.page", "StreamsPage"),
    PageEntry("compare", "Compare", "compare", "dashboard.pages.compare.page", "ComparePage"),
    PageEntry(
        "sweeps", "Sweeps", "stacked_line_chart", "dashboard.pages.sweeps.page", "SweepsPage"
    ),
    PageEntry("present", "Present", "slideshow", "dashboard.pages.present.page", "PresentPage"),
)
