"""The rows of the list of runs as one part of the page.

A row of six Material components took 70 ms of the server and 200 ms of the browser; a list of
twenty-five was most of what one waited for. Here the browser builds the rows from plain data.
"""

from __future__ import annotations

from collections.abc import Callable

import param
from panel.custom import JSComponent

from dashboard.components.theme import FONT, state_colours

__all__ = ["RunRows"]

_STYLE = """
:host { font: 400 0.92rem/1.43 FONT; }
.vo-run { border: 1px solid var(--divider); border-radius: 6px; margin: 3px 6px; padding: 4px 0;
          background: var(--paper); color: var(--text); cursor: pointer; }
.vo-run.member { margin-left: 24px; }
.vo-run.chosen { border-color: var(--primary); }
.head { display: flex; align-items: center; gap: 4px; }
button { font: inherit; color: inherit; background: none; border: none; border-radius: 6px;
         cursor: pointer; padding: 4px 8px; }
button:hover { background: color-mix(in srgb, var(--text) 8%, transparent); }
button:focus-visible { outline: 2px solid var(--primary); outline-offset: -2px; }
.vo-run-title { flex: 1 1 auto; min-width: 0; text-align: left; font-weight: 500;
                overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.vo-group-results { color: var(--primary); font-size: 0.82rem; }
.vo-run-chip { flex: none; margin-right: 10px; padding: 2px 9px; border-radius: 12px;
               font-size: 0.78rem; color: var(--paper); background: var(--state); }
.vo-run-chip.default { color: var(--text);
                       background: color-mix(in srgb, var(--text) 16%, transparent); }
.vo-run-line { margin: 2px 10px 4px 12px; font-size: 0.72rem; color: var(--muted);
               font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.bar { height: 5px; margin: 6px 12px 2px 12px; border-radius: 3px; overflow: hidden;
       background: color-mix(in srgb, var(--primary) 25%, transparent); }
.bar > div { height: 100%; background: var(--primary); transition: width 0.4s; }
.bar.unknown > div { width: 30%; animation: go 1.4s ease-in-out infinite; }
@keyframes go { from { margin-left: -30%; } to { margin-left: 100%; } }
@media (prefers-reduced-motion: reduce) { .bar.unknown > div { animation: none; } }
""".replace("FONT", FONT)


class RunRows(JSComponent):
    """Rows that can be clicked; those that stay are changed in place.

    Parameters
    ----------
    acts
        What the browser may ask for by name (``choose``, ``unfold``, ``results``), each called
        with the id of the row.
    """

    rows = param.List(default=[], item_type=dict, doc="As `dashboard.policy.run_groups` says.")
    colours = param.Dict(default={}, doc="Colour by name, of the theme.")

    _stylesheets = [_STYLE]  # noqa: RUF012  as Panel has it

    _esm = """
    const part = (name, css, parent) => {
      const made = document.createElement(name);
      made.className = css;
      parent.append(made);
      return made;
    };
    const say = (where, text) => { if (where.textContent !== text) where.textContent = text; };

    export function render({ model, el }) {
      const list = part('div', 'vo-run-rows', el);
      const made = new Map();

      const build = (id, group) => {
        const root = document.createElement('div');
        const head = part('div', 'head', root);
        const title = part('button', 'vo-run-title', head);
        root.onclick = () => model.send_msg({ act: group ? 'unfold' : 'choose', id });
        if (group) {
          const results = part('button', 'vo-group-results', head);
          results.textContent = 'Results';
          results.onclick = (event) => {
            event.stopPropagation();
            model.send_msg({ act: 'results', id });
          };
        }
        const chip = part('span', '', head);
        const bar = part('div', 'bar', root);
        const done = part('div', '', bar);
        return { root, title, chip, bar, done, line: part('div', 'vo-run-line', root) };
      };

      const draw = () => {
        const there = new Set(model.rows.map((row) => row.id));
        for (const [id, row] of made)
          if (!there.has(id)) { row.root.remove(); made.delete(id); }
        model.rows.forEach((what, place) => {
          if (!made.has(what.id)) made.set(what.id, build(what.id, what.unfolded !== null));
          const row = made.get(what.id);
          const css = `${what.member ? ' member' : ''}${what.chosen ? ' chosen' : ''}`;
          row.root.className = `vo-run ${what.css}${css}`;
          if (what.unfolded !== null) row.title.setAttribute('aria-expanded', what.unfolded);
          say(row.title, what.mark + what.title);
          row.title.title = what.title;
          say(row.chip, what.state);
          row.chip.className = `vo-run-chip ${what.colour}`;
          row.chip.style.setProperty('--state', `var(--${what.colour})`);
          row.bar.hidden = !what.active;
          row.bar.classList.toggle('unknown', what.share === null);
          row.done.style.width = what.share === null ? '' : `${what.share}%`;
          say(row.line, what.line);
          if (list.children[place] !== row.root)
            list.insertBefore(row.root, list.children[place] ?? null);
        });
      };
      const paint = () => {
        for (const [name, value] of Object.entries(model.colours))
          list.style.setProperty(`--${name}`, value);
      };
      paint();
      draw();
      model.on('rows', draw);
      model.on('colours', paint);
    }
    """

    def __init__(
        self, acts: dict[str, Callable[[str], None]], *, dark: bool, **params: object
    ) -> None:
        super().__init__(colours=state_colours(dark=dark), **params)
        self._acts = acts

    def set_dark(self, dark: bool) -> None:
        """Draw in the dark or in the light colours."""
        self.colours = state_colours(dark=dark)

    def _handle_msg(self, message: object) -> None:
        """Do what was clicked, if it is a row that is there."""
        if not isinstance(message, dict):
            return
        act, row = self._acts.get(str(message.get("act"))), message.get("id")
        if act is not None and any(one["id"] == row for one in self.rows):
            act(str(row))
