"""Registries for the tests beside this file: started when first asked for, kept until the session ends."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import pytest

from real.content import Content, fill
from real.server import PROGRAM, Auth, Server, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REQUIRE = "REGBROWSE_REQUIRE_REAL"
"""When set, a missing server fails the tests: where it can be installed, nobody wants them skipped."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name == "real":
            item.add_marker(pytest.mark.real)


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Auth, bool], tuple[Server, Content]]]:
    """Gives a registry of that kind, filled; the same one each time, so nobody may write to it."""
    if PROGRAM is None:
        if os.environ.get(REQUIRE):
            pytest.fail(f"docker-registry is not installed, and {REQUIRE} is set")
        pytest.skip("docker-registry is not installed")
    with contextlib.ExitStack() as stack:
        known: dict[tuple[Auth, bool], tuple[Server, Content]] = {}

        def of(auth: Auth, tls: bool) -> tuple[Server, Content]:
            if (auth, tls) not in known:
                folder = tmp_path_factory.mktemp(f"{auth}-{'tls' if tls else 'plain'}")
                server = stack.enter_context(running(folder, auth, tls=tls))
                known[auth, tls] = server, fill(server)
            return known[auth, tls]

        yield of
