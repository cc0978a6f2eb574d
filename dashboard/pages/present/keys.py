"""What only the browser can do for a talk: keys, the full screen, and how large the window is."""

from __future__ import annotations

from collections.abc import Callable

import param
from panel.custom import JSComponent

__all__ = ["STARTS", "PresentKeys"]

#: Class of the button that starts a presentation: browsers open the full screen only from a
#: click itself, not from what the server answers to it.
STARTS = "vo-present-start"


class PresentKeys(JSComponent):
    """An invisible part of the page that listens while a presentation runs."""

    active = param.Boolean(default=False, doc="Whether a presentation is on the screen.")
    size = param.List(default=[1440, 900], doc="Width and height of the window, pixels.")

    _esm = """
    const KEYS = {
      ArrowRight: 'next', ArrowDown: 'next', PageDown: 'next', ' ': 'next', Enter: 'next',
      ArrowLeft: 'previous', ArrowUp: 'previous', PageUp: 'previous', Backspace: 'previous',
      Home: 'first', End: 'last', Escape: 'leave',
    };
    export function render({ model, el }) {
      let full = false;
      const measure = () => {
        if (model.size[0] !== window.innerWidth || model.size[1] !== window.innerHeight)
          model.size = [window.innerWidth, window.innerHeight];
      };
      const clicked = (event) => {
        const path = event.composedPath();
        if (path.some((part) => part.classList?.contains('STARTS'))) {
          measure();
          document.documentElement.requestFullscreen?.().catch(() => {});
        }
      };
      const pressed = (event) => {
        const name = KEYS[event.key];
        if (!model.active || !name || event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        event.stopPropagation();
        model.send_msg(name);
      };
      const changed = () => {
        if (full && !document.fullscreenElement && model.active) model.send_msg('leave');
        full = Boolean(document.fullscreenElement);
      };
      const resized = () => { if (model.active) measure(); };
      document.addEventListener('click', clicked, true);
      document.addEventListener('keydown', pressed, true);
      document.addEventListener('fullscreenchange', changed);
      window.addEventListener('resize', resized);
      model.on('active', () => {
        if (model.active) { measure(); document.activeElement?.blur?.(); }
        else if (document.fullscreenElement) document.exitFullscreen().catch(() => {});
      });
      model.on('remove', () => {
        document.removeEventListener('click', clicked, true);
        document.removeEventListener('keydown', pressed, true);
        document.removeEventListener('fullscreenchange', changed);
        window.removeEventListener('resize', resized);
      });
      el.style.display = 'none';
    }
    """.replace("STARTS", STARTS)

    def __init__(self, pressed: Callable[[str], None], **params: object) -> None:
        super().__init__(**params)
        self._pressed = pressed

    def _handle_msg(self, name: object) -> None:
        """Hand on which key was pressed."""
        self._pressed(str(name))
