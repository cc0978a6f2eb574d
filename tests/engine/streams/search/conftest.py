"""A small patch with a strong stream in a store of its own."""

from __future__ import annotations

import pytest

from data.mocks.streams.injection import Injection
from data.mocks.streams.patch import make_stream


@pytest.fixture(scope="session")
def patch_home(tmp_path_factory):
    """A home with a patch of 6,000 stars and 300 members; do not write into it."""
    home = tmp_path_factory.mktemp("patch")
    catalogue = make_stream(
        home, stars=6_000, members=300, seed=2, streams=(Injection(angle=30.0, offset=1.0),)
    )
    return home, catalogue.id
