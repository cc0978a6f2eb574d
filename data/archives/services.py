"""TAP services by name, or by address."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from data.errors import UserError

__all__ = ["SERVICES", "Service", "find_service"]


@dataclass(frozen=True)
class Service:
    """A TAP service.

    Parameters
    ----------
    name
        One word, as on the command line; empty for one that is given by its address.
    title
        What people call it.
    url
        Its address, to which ``/async`` is added.
    release
        The release that it is asked for by default.
    """

    name: str
    title: str
    url: str
    release: str = "gaia-dr3"


SERVICES: dict[str, Service] = {
    service.name: service
    for service in (
        Service("esa", "ESA Gaia Archive", "https://gea.esac.esa.int/tap-server/tap"),
        Service("gavo", "GAVO Data Center", "https://dc.g-vo.org/tap", "gaia-dr3-lite"),
        Service("aip", "Gaia@AIP", "https://gaia.aip.de/tap"),
    )
}
"""The services that are known by name. None of them asks for a login."""


def find_service(text: str) -> Service:
    """Find a service by its name or its address.

    Raises
    ------
    UserError
        If it is neither.
    """
    wanted = text.strip()
    if wanted.lower() in SERVICES:
        return SERVICES[wanted.lower()]
    known = ", ".join(SERVICES)
    hint = f"Known by name are {known}; any other is given as http(s)://HOST/tap."
    try:
        parts = urlsplit(wanted)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise UserError(f"{wanted!r} is not a valid address.", hint) from None
    if parts.scheme not in ("http", "https") or not host or any(c.isspace() for c in wanted):
        raise UserError(f"Unknown TAP service {wanted!r}.", hint)
    if parts.username or parts.password:
        raise UserError(
            "The address of a service must not contain a user name or a password.",
            "They would be stored with the catalogue; logins are not supported.",
        )
    url = wanted.split("?")[0].split("#")[0].rstrip("/")
    for ending in ("/sync", "/async"):
        url = url.removesuffix(ending)
    same = next((service for service in SERVICES.values() if service.url == url), None)
    return same or Service("", host, url)
