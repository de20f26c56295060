"""A token server as distribution wants one (distribution, docs/spec/auth/token.md), on a real socket."""

from __future__ import annotations

import base64
import contextlib
import json
import threading
import time
import urllib.parse
import uuid
from typing import TYPE_CHECKING, Any

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence
    from pathlib import Path

    from real.certificates import Signer

ISSUER = "regbrowse tests"
SERVICE = "registry.test"


class TokenServer:
    """Answers `GET /token?service=…&scope=…`; only the one login it knows gets a token."""

    def __init__(self, signer: Signer, user: str, password: str) -> None:
        self.signer = signer
        self.asked: list[tuple[str, ...]] = []
        """The scopes of every question."""
        self._basic = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self._user = user

    def issue(self, scopes: Sequence[str]) -> str:
        """A signed token for everything the scopes name."""
        now = int(time.time())
        access = []
        for scope in scopes:
            kind, _, rest = scope.partition(":")
            name, _, actions = rest.rpartition(":")
            access.append({"type": kind, "name": name, "actions": actions.split(",")})
        return self.signer.jwt(
            {
                "iss": ISSUER,
                "sub": self._user,
                "aud": SERVICE,
                "exp": now + 600,
                "nbf": now - 10,
                "iat": now,
                "jti": uuid.uuid4().hex,
                "access": access,
            }
        )

    async def __call__(
        self,
        scope: dict[str, Any],
        _receive: Callable[[], Awaitable[dict[str, Any]]],
        send: Callable[[dict[str, Any]], Awaitable[None]],
    ) -> None:
        """The ASGI application."""
        query = urllib.parse.parse_qs(scope["query_string"].decode())
        scopes = tuple(" ".join(query.get("scope", [])).split())
        self.asked.append(scopes)
        login = dict(scope["headers"]).get(b"authorization", b"").decode()
        status: int
        value: dict[str, object]
        if scope["path"] != "/token" or query.get("service") != [SERVICE]:
            status, value = 404, {"details": "not here"}
        elif login != self._basic:
            status, value = 401, {"details": "incorrect username or password"}
        else:
            status, value = 200, {"token": self.issue(scopes), "expires_in": 600}
        body = json.dumps(value).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


@contextlib.contextmanager
def serving(app: TokenServer, tls: tuple[Path, Path] | None) -> Iterator[int]:
    """Runs the application in a thread; gives its port."""
    certificate, key = tls or (None, None)
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=0,
        log_level="error",
        lifespan="off",
        ws="none",
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        end = time.monotonic() + 10
        while not server.started:
            if not thread.is_alive() or time.monotonic() > end:
                raise RuntimeError("the token server did not start")
            time.sleep(0.01)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(10)
