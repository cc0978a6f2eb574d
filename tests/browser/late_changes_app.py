"""A page whose parts change while the browser builds them: ``python -m ... HOME PORT``."""

import sys
from pathlib import Path

import panel as pn
import panel_material_ui as pmui

from dashboard.server.server import ServeOptions, make_server
from dashboard.services.services import Services

PARTS = 40
#: Milliseconds after the parts were sent.
LATE_MS = 800


def page():
    """Build a page with one button."""
    below = pmui.Column()
    button = pmui.Button(label="Build", css_classes=["vo-build"])

    def build(_):
        filled = [pmui.Column() for _ in range(PARTS)]
        said = [pmui.Typography("before") for _ in range(PARTS)]

        def change():
            for number, (column, text) in enumerate(zip(filled, said, strict=True)):
                column.append(pmui.Typography(f"late {number}"))
                text.object = f"after {number}"

        below.objects = [*filled, *said]
        pn.state.curdoc.add_timeout_callback(change, LATE_MS)

    button.on_click(build)
    return pmui.Page(main=[pmui.Column(button, below)])


if __name__ == "__main__":
    pn.extension()
    server = make_server(Services(Path(sys.argv[1])), page, ServeOptions(port=int(sys.argv[2])))
    server.start()
    server.io_loop.start()
