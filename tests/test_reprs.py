"""What prints itself in a traceback or a debugger holds no secret."""

from __future__ import annotations

import httpx

from regbrowse.redact import Secret
from regbrowse.reference import Registry
from regbrowse.registry.auth.auth_attempt import Authorization
from regbrowse.registry.auth.token_request import Token, TokenKey, token_request
from regbrowse.registry.models import Settings
from regbrowse.registry.requests import Request, Response
from regbrowse.registry.transport.body import RequestState
from regbrowse.settings.login import Login
from regbrowse.settings.proxies import parse_proxy

ANN = Login("ann", Secret("s3cr3t-canary-password"))
REGISTRY = Registry.parse("registry.example")
SIGNED = "https://storage.example/x?sig=s3cr3t-canary-signature"


def test_nothing_prints_a_secret() -> None:
    request = Request(REGISTRY, "tags", "/v2/a/tags/list", "Listing", "a")
    key = TokenKey("https://registry.example", "https://login.example/token", "s", ("a",), ANN)
    headers = httpx.Headers([("location", SIGNED), ("set-cookie", "s3cr3t-canary-cookie")])
    token = Token(Secret("s3cr3t-canary-token"), 0.0)
    errand = RequestState(request, "https://registry.example/v2/", "Bearer s3cr3t-canary-token", 1.0)
    errand.body += b"s3cr3t-canary-body"
    errand.headers = headers
    things = [
        key,
        token,
        Authorization(token.header, key, token),
        token_request(key, "password", request)[0],
        errand,
        Response(request, 200, headers, b'{"token": "s3cr3t-canary-token"}', SIGNED, 0.1),
        Settings(user=ANN),
        parse_proxy("http://ann:s3cr3t-canary-proxy@proxy.example:3128", "HTTPS_PROXY"),
    ]
    for thing in things:
        assert "canary" not in repr(thing), type(thing)
        assert "canary" not in str(thing), type(thing)
