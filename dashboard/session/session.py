"""The state of one browser session: what makes the screen what it is."""

from __future__ import annotations

import functools
import json
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import param

from dashboard.policy.access import Access
from dashboard.policy.session_document import VERSION, checked
from dashboard.services.background import Background
from dashboard.session.actions import Acts
from dashboard.session.history import History
from dashboard.session.notices import Notices
from data.columns.derived import check_columns
from data.errors import UserError
from data.selection.tree import columns

if TYPE_CHECKING:
    from dashboard.services.services import Services

__all__ = ["DOCUMENT_VERSION", "Session"]

#: Version of the JSON document, as `dashboard.policy.session_document` explains.
DOCUMENT_VERSION = VERSION

_log = logging.getLogger(__name__)


class Session(param.Parameterized):
    """One browser session: its state, its history and its way to speak to the user.

    The parameters are the state document; pages watch those that concern them. A session is
    bound to one document of the server and never seen by another session.

    Parameters
    ----------
    services
        The long-lived services shared by all sessions.
    access
        What it may do; by default everything.
    """

    page = param.String("explore", doc="Slug of the page on screen.")
    catalogue = param.String(None, allow_None=True, doc="Id of the catalogue.")
    selection = param.Dict(None, allow_None=True, doc="Selection tree; None keeps every star.")
    volume = param.Dict(None, allow_None=True, doc='{"centre": [x, y, z], "radius": r} in kpc.')
    run = param.String(None, allow_None=True, doc="Id of the run that pages show.")
    axes = param.List([], item_type=dict, doc='Panels of Explore: {"x": column, "y": column}.')
    colour = param.Selector(default="equalised", objects=["linear", "log", "equalised"])
    dark = param.Boolean(True, doc="Whether the page is drawn dark.")
    controls = param.Dict({}, doc="Values that the controls of the page are to have, by name.")

    #: Fields of the state document, in the order in which they are restored.
    FIELDS = (
        "catalogue", "selection", "volume", "run", "axes", "colour", "dark", "page", "controls",
    )  # fmt: skip

    def __init__(self, services: Services, access: Access | None = None, **state: object) -> None:
        super().__init__(**state)
        self.services = services
        self.access = access or Access()
        self.acts = Acts(services, self.access)
        self.notices = Notices()
        self.history: History[dict[str, Any] | None] = History(self.selection)
        self.background = Background(services.executor, self.report)
        #: Gives what the controls of the page on the screen show; set by whoever shows pages.
        self.read_controls: Callable[[], dict[str, Any]] = lambda: self.controls

    # --- the document ---------------------------------------------------------------------

    def document(self) -> dict[str, Any]:
        """Give the whole state as one JSON-ready document."""
        state = {name: getattr(self, name) for name in self.FIELDS}
        state["controls"] = self.read_controls()
        return json.loads(json.dumps({"version": DOCUMENT_VERSION, **state}))

    def restore(self, document: dict[str, Any]) -> None:
        """Take the state from a document; unknown fields are ignored, missing ones kept.

        The selection can be undone where the catalogue stays the same.

        Raises
        ------
        UserError
            If the document is of another version, or a field has a wrong form; the state is then
            what it was.
        """
        known = checked(document)
        if known.get("colour", self.colour) not in self.param.colour.objects:
            raise UserError(f"Unknown colour scale {known['colour']!r}.")
        before = {name: getattr(self, name) for name in self.FIELDS}
        same = known.get("catalogue", self.catalogue) == self.catalogue
        tree = known.get("selection", self.selection)
        if not same:
            self.history = History(tree)
        elif tree != self.selection:
            self.history.push(tree)
        self.param.update(**known)
        if same and self.axes != before["axes"]:
            self.param.trigger("catalogue")  # panels are made when a catalogue is opened
        if "controls" in known and self.controls == before["controls"]:
            self.param.trigger("controls")  # the user may have moved them since

    # --- the selection --------------------------------------------------------------------

    def select(self, tree: dict[str, Any] | None) -> None:
        """Make ``tree`` the selection and remember the one before; old messages go.

        Raises
        ------
        UserError
            The open catalogue has not all of its columns and cannot derive them; the selection
            stays what it was.
        """
        if tree == self.selection:
            return
        self._check_columns(tree)
        self.notices.clear()
        self.history.push(tree)
        self.selection = tree

    def _check_columns(self, tree: dict[str, Any] | None) -> None:
        if tree is None or self.catalogue is None:
            return
        try:
            catalogue = self.services.catalogues.open(self.catalogue)
        except UserError:
            return  # it is gone, which is told where its stars are wanted
        check_columns(catalogue, columns(tree))

    def undo(self) -> None:
        """Go back to the selection before; nothing happens where there is none."""
        self.selection = self.history.back()

    def redo(self) -> None:
        """Take back the last undo."""
        self.selection = self.history.forward()

    def open_catalogue(self, catalogue: str | None) -> None:
        """Show another catalogue: a selection of stars of the old one means nothing in it."""
        if catalogue == self.catalogue:
            return
        self.history = History(None)
        self.param.update(catalogue=catalogue, selection=None, volume=None, axes=[])

    def go(self, page: str, **state: object) -> None:
        """Show a page, with other fields set first, as in ``go("acceleration", run=id)``."""
        self.param.update(**state)
        self.page = page

    # --- speaking to the user -------------------------------------------------------------

    def report(self, error: BaseException) -> None:
        """Show an error: a UserError as its sentence and hint, anything else calmly."""
        if isinstance(error, UserError):
            self.notices.show("error", error.sentence, error.hint)
            return
        _log.error("unexpected error in a session", exc_info=error)
        self.notices.show(
            "error",
            "Something went wrong that this program did not expect.",
            "The details are in the log of the server. What you had on screen is unharmed.",
        )

    def notify(self, sentence: str, hint: str = "", level: str = "info") -> None:
        """Show a message (``info``, ``success`` or ``warning``); text is escaped."""
        self.notices.show(level, sentence, hint)

    def guarded(self, callback: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a callback so that whatever it raises is reported, not lost."""

        @functools.wraps(callback)
        def wrapper(*args: object, **kwargs: object) -> object:
            try:
                return callback(*args, **kwargs)
            except Exception as error:  # the boundary between a page and the user
                self.report(error)
                return None

        return wrapper
