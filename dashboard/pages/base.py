"""What a page is: the protocol between the application and its screens."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from panel.viewable import Viewable

    from dashboard.services.services import Services
    from dashboard.session.session import Session

__all__ = ["Page"]


class Page(ABC):
    """One screen of one browser session.

    The application builds a page when it is first visited and keeps it, so a page may hold
    widgets and figures but never a long-lived service. All methods are called on the session's
    event loop: nothing in them may take longer than about 0.2 s; longer work goes through
    ``session.background(work, done)``.

    A page never raises for the user's sake: it calls ``session.report(error)``, or wraps its
    callbacks in ``session.guarded``, and the application shows the sentence.

    Parameters
    ----------
    services
        The long-lived services, shared by all sessions: store, runs, caches.
    session
        The state of this browser session.
    """

    #: Name in the navigation and at the head of the page.
    title: ClassVar[str]
    #: Name of a Material icon for the navigation.
    icon: ClassVar[str]

    def __init__(self, services: Services, session: Session) -> None:
        self.services = services
        self.session = session

    @abstractmethod
    def view(self) -> Viewable:
        """Build the screen; called once, when the page is first visited."""

    def on_show(self) -> None:  # noqa: B027  an empty hook is a fine default
        """Answer to being shown, also the first time (after ``view``)."""

    def on_hide(self) -> None:  # noqa: B027
        """Answer to another page taking the place."""

    def refresh(self) -> None:  # noqa: B027
        """Pull what has changed; called about once a second while the page is visible.

        Compare versions (``services.runs.version``, ``services.catalogues.version``, the
        session's own fields) with those last drawn and return at once when they are equal.
        """
