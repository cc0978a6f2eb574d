"""A question before something that cannot be taken back."""

from __future__ import annotations

from collections.abc import Callable

import panel_material_ui as pmui

from dashboard.components.dialogs import dialog

__all__ = ["Confirm"]


class Confirm:
    """A dialog with a question and two buttons.

    Parameters
    ----------
    title, sentence
        The question, and what will happen; written by the program, not from outside.
    yes
        What the button that goes ahead says.
    act
        Called when the user goes ahead.
    css_class
        Inert class by which tests find the dialog's button.
    no
        What the button that does not says.
    """

    def __init__(
        self,
        title: str,
        sentence: str,
        yes: str,
        act: Callable[[], None],
        css_class: str,
        *,
        no: str = "Keep it",
    ) -> None:
        self._act = act
        back = pmui.Button(label=no, variant="text", on_click=self._close)
        go = pmui.Button(
            label=yes,
            color="error",
            variant="contained",
            on_click=self._go,
            css_classes=[css_class],
        )
        self.sentence = pmui.Typography(sentence, margin=(0, 0, 16, 0))
        self.view = dialog(
            self.sentence,
            pmui.Row(back, go, align="end"),
            title=title,
            title_variant="h6",
            close_on_click=True,
            width_option="xs",
        )

    def ask(self, _: object = None) -> None:
        """Open the dialog."""
        self.view.open = True

    def _close(self, _: object) -> None:
        self.view.open = False

    def _go(self, _: object) -> None:
        self.view.open = False
        self._act()
