"""The tables of the page Dark matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import panel_material_ui as pmui

from dashboard.components.escape import plain
from dashboard.components.parts import pairs_table, rows_table, section, table
from dashboard.policy.baryon_choice import said
from dashboard.policy.captions import provenance_sentence
from dashboard.policy.dark_matter_words import (
    believe,
    fit_rows,
    gauss_text,
    literature_rows,
    missing_rows,
    oort_rows,
    surface_rows,
)
from dashboard.services.density_map import DensityMap
from dashboard.services.results import MapResult
from data.baryons import NO_BARYONS
from engine.cubes.quantities import Unit

if TYPE_CHECKING:
    from dashboard.pages.dark_matter.page import Found

__all__ = ["DarkMatterTables"]


class DarkMatterTables:
    """Tables and words; each is shown where the page puts it."""

    def __init__(self) -> None:
        self.literature = table(css_class="vo-dark-literature")
        self.fits = table(css_class="vo-dark-fits")
        self.surface = table(css_class="vo-surface")
        self._oort = table(css_class="vo-oort")
        self._missing = table(css_class="vo-missing")
        self._provenance = table(css_class="vo-provenance")
        self._words = pmui.Typography("", variant="body2", margin=(4, 10))
        self._gauss = pmui.Typography(
            "", variant="body2", margin=(4, 10), css_classes=["vo-gauss"]
        )
        self.believe = section("Caveats", self._words, css_class="vo-believe")
        self._missing_section = section("What this map cannot say", self._missing)
        self._gauss_section = section("Gauss's law as a test", self._gauss)
        self.below = pmui.Column(
            pmui.Row(
                section("Oort's constants", self._oort),
                self._gauss_section,
                sizing_mode="stretch_width",
                margin=0,
            ),
            self._missing_section,
            section("Provenance", self._provenance),
            sizing_mode="stretch_width",
            margin=0,
        )
        self._result: MapResult | None = None

    def offer(self, result: MapResult) -> None:
        """Take what belongs to the run and not to the choices."""
        self._result = result
        cube = result.cubes["dark_matter"]
        text = gauss_text(cube)
        self._gauss.object = plain(text)
        self._gauss_section.visible = bool(text)
        self._provenance.object = pairs_table(
            [
                ("Source", provenance_sentence(cube.attrs, result.catalogue_name)),
                ("Cube dark_matter", str(result.paths["dark_matter"])),
                ("The cube's own baryons", str(cube.attrs.get("baryon_model", "unknown"))),
            ]
        )

    def show(self, found: Found, unit: Unit, densities: DensityMap) -> None:
        """Show the numbers."""
        rows, ours = literature_rows(found.dark.local, found.true_local, unit)
        head = ("ρ dark at the Sun's distance", unit.label, "this run − published", "source")
        self.literature.object = (
            rows_table(head, rows, ours=ours)
            if rows
            else pairs_table([("Nothing", "is known at the Sun's distance.")])
        )
        fitted = fit_rows(found.dark.fits, unit)
        self.fits.object = (
            rows_table(
                ("Halo", f"ρ at the Sun [{unit.label}]", "r_s [kpc]", "γ", "χ² / d.o.f."), fitted
            )
            if fitted
            else pairs_table([("Halo fits", found.dark.missing.get("fit", "are not there."))])
        )
        surface = surface_rows(found.dark, found.true_surface)
        head = ("surface density", "M☉ pc⁻²", *(["truth"] if found.true_surface else []))
        columns = len(head)
        self.surface.object = (
            rows_table(head, [row[:columns] for row in surface])
            if surface
            else pairs_table([("Surface density", found.dark.missing.get("surface", ""))])
        )
        oort = oort_rows(found.dark)
        self._oort.object = (
            rows_table(("of the local force", "", ""), oort)
            if oort
            else pairs_table([("Oort's constants", found.dark.missing.get("oort", ""))])
        )
        if self._result is not None:
            missing = missing_rows(found.dark, self._result.cubes["dark_matter"])
            self._missing.object = pairs_table(missing)
            self._missing_section.visible = bool(missing)
        bare = found.wanted.baryons.name == NO_BARYONS
        self._words.object = plain(
            believe(
                None if bare else said(found.wanted.baryons),
                mock=densities.truth is not None,
                bandwidths=densities.kernel.bandwidths,
            )
        )
