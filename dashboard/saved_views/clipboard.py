"""The clipboard of the browser, which only the browser itself can write to."""

from __future__ import annotations

from collections.abc import Callable

import param
from panel.custom import JSComponent

__all__ = ["Clipboard"]


class Clipboard(JSComponent):
    """An invisible part of the page that copies what it is given.

    A text that begins with ``?`` is completed to the address under which the browser sees the
    page, which behind a proxy only the browser knows.
    """

    text = param.String(default="", doc="What was copied last.")
    asked = param.Integer(default=0, doc="Grows with every wish.")

    _esm = """
    const byHand = (text) => {
      const field = document.createElement('textarea');
      field.value = text;
      field.style.position = 'fixed';
      field.style.opacity = '0';
      document.body.appendChild(field);
      field.select();
      let done = false;
      try { done = document.execCommand('copy'); } catch { done = false; }
      field.remove();
      return done;
    };
    export function render({ model, el }) {
      el.style.display = 'none';
      model.on('asked', async () => {
        const text = model.text.startsWith('?')
          ? new URL(model.text, window.location.href.split(/[?#]/)[0]).href : model.text;
        let failed = false;
        try {
          // Only pages of this machine or with a certificate have the newer way.
          if (navigator.clipboard) await navigator.clipboard.writeText(text);
          else failed = !byHand(text);
        } catch { failed = !byHand(text); }
        model.send_msg({ text, failed });
      });
    }
    """

    def __init__(self, told: Callable[[str, bool], None] | None = None, **params: object) -> None:
        super().__init__(width=0, height=0, margin=0, **params)
        self._told = told

    def copy(self, text: str) -> None:
        """Ask the browser to copy a text."""
        self.text = text
        self.asked += 1

    def _handle_msg(self, message: object) -> None:
        """Tell whoever asked what was copied, and whether it was."""
        if self._told is None or not isinstance(message, dict):
            return
        self._told(str(message.get("text", ""))[:2000], message.get("failed") is False)
