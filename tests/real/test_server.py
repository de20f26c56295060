"""The server and what was pushed to it, asked with a bare client: when these fail, the others cannot pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from real.content import APP, MANY
from real.server import AUTHS, PASSWORD, USER, Auth, Server

if TYPE_CHECKING:
    from collections.abc import Callable

    from real.content import Content


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("auth", AUTHS)
def test_what_was_pushed_is_there(
    filled: Callable[[Auth, bool], tuple[Server, Content]], auth: Auth, tls: bool
) -> None:
    server, content = filled(auth, tls)
    headers = {"Accept": content.index.media_type}
    if server.tokens:
        scopes = [f"repository:{name}:pull" for name in (APP, MANY)]
        headers["Authorization"] = "Bearer " + server.tokens.issue(scopes)
    login = (USER, PASSWORD) if auth == "htpasswd" else None
    with server.http(headers, login) as http:
        answer = http.get(f"/v2/{APP}/manifests/latest")
        assert answer.content == content.index.content
        assert answer.headers["docker-content-digest"] == content.index.digest
        assert set(http.get(f"/v2/{MANY}/tags/list").json()["tags"]) == set(content.tags)


@pytest.mark.parametrize("auth", ["htpasswd", "token"])
def test_a_stranger_is_refused(filled: Callable[[Auth, bool], tuple[Server, Content]], auth: Auth) -> None:
    server, _ = filled(auth, False)
    with server.http() as http:
        answer = http.get(f"/v2/{APP}/manifests/latest")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].lower().startswith("basic" if auth == "htpasswd" else "bearer")
