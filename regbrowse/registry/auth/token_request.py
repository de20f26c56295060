"""The two forms of a token request, and what comes back.

distribution/distribution, docs/content/spec/auth/token.md (GET) and oauth.md (POST). Most services know GET
only; identity tokens need POST, and where that is not offered some take them as a password.
"""

from __future__ import annotations

import base64
import re
import time
from typing import Literal, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from regbrowse.errors import RegbrowseError
from regbrowse.oci.document import parse_json
from regbrowse.redact import Secret
from regbrowse.registry.auth.errors import no_token
from regbrowse.registry.requests import Request, Response
from regbrowse.settings.login import Login

BODY_LIMIT = 2**20
CLIENT = "regbrowse"
Form = Literal["get", "password", "refresh"]
"""How a token is asked for: with Basic or nobody's name, or with a posted password or identity token."""

_TOKEN = re.compile(r"[\x21-\x7e]{1,65536}")
_SHORTEST, _LONGEST = 60.0, 86_400.0
_AZURE_USER = "00000000-0000-0000-0000-000000000000"
"""Whose password is an identity token (Azure/acr, docs/AAD-OAuth.md)."""
_TRY_GET = frozenset({400, 401, 404, 405})
_TRY_POST = frozenset({400, 404, 405})
"""Not 401: a wrong password sent twice locks accounts sooner."""


class Token(NamedTuple):
    """A bearer token and when to stop using it."""

    value: Secret
    until: float
    """On the monotonic clock: the clocks of servers are often wrong."""

    @property
    def header(self) -> str:
        return f"Bearer {self.value.reveal()}"


class Key(NamedTuple):
    """What a token is good for, and who it was given to."""

    base: str
    """The registry's origin."""
    realm: str
    service: str
    scopes: tuple[str, ...]
    login: Login | None


def forms_for(login: Login | None) -> tuple[Form, ...]:
    """The forms worth trying, in order."""
    if login is None:
        return ("get",)
    if login.kind == "identity" or login.user == _AZURE_USER:
        return ("refresh", "get") if login.user else ("refresh",)
    return ("get", "password")


def try_another(form: Form, status: int) -> bool:
    """Whether a status says that this form is not offered, rather than that the login is wrong.

    404: Google; 401: Artifactory; 400: Azure; 405: as containerd understands it (core/remotes/docker/auth).
    """
    return status in (_TRY_POST if form == "get" else _TRY_GET)


def request(key: Key, form: Form, question: Request) -> tuple[Request, str]:
    """The question to the token service, and its Authorization."""
    login = key.login
    headers, body, authorization, path = {}, b"", "", key.realm
    if form == "get" or login is None:
        path = token_url(key.realm, key.service, key.scopes, login.user if login else "")
        authorization = basic(login) if login else ""
    else:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        body = _form(key, form, login)
    asking = Request(
        question.registry,
        "token",
        path,
        f"Logging in to {question.host}",
        question.about,
        method="POST" if body else "GET",
        body=body,
        headers=headers,
        limit=BODY_LIMIT,
        deadline=20,
        same_origin=True,
        # A limit for one account is none for another, nor for nobody.
        user=login.user if login else "",
    )
    return asking, authorization


def basic(login: Login) -> str:
    """`Authorization` for Basic (RFC 7617, as UTF-8); empty when there is no user to name."""
    if not login.user:
        return ""
    return "Basic " + base64.b64encode(f"{login.user}:{login.password.reveal()}".encode()).decode("ascii")


def raw_bearer(login: Login) -> str:
    """`Authorization` for a token that somebody saved; empty when it could not stand in a header."""
    token = login.password.reveal()
    return f"Bearer {token}" if _TOKEN.fullmatch(token) else ""


def token_url(realm: str, service: str, scopes: tuple[str, ...], user: str) -> str:
    """The realm with its own query kept and ours added; every scope is a field of its own."""
    fields = [("service", service)] if service else []
    fields += [("scope", scope) for scope in scopes]
    fields += [("account", user)] if user else []
    fields.append(("client_id", CLIENT))
    query = "&".join(f"{name}={quote(value, safe=':/,*')}" for name, value in fields)
    return f"{realm}{'&' if urlsplit(realm).query else '?'}{query}"


def read_token(reply: Response) -> Token:
    """The token of a token endpoint's answer. Raises AuthError without its body, which may hold a secret.

    `issued_at` is not looked at: when a token expires is counted from its arrival, by our own clock. Fewer
    scopes than asked for are no failure; the registry will say so.
    """
    try:
        value = parse_json(reply.decoded(), limit=BODY_LIMIT).value if reply.status == 200 else None
    except RegbrowseError:
        value = None
    fields = value if isinstance(value, dict) else {}
    named = [fields.get("access_token"), fields.get("token")]
    token = next((one for one in named if isinstance(one, str) and one), "")
    if not _TOKEN.fullmatch(token):
        raise no_token(reply)
    life = _lifetime(fields.get("expires_in"))
    return Token(Secret(token), time.monotonic() + life - max(5.0, life / 10))


def _form(key: Key, form: Form, login: Login) -> bytes:
    secret = login.password.reveal()
    if form == "refresh":
        fields = {"grant_type": "refresh_token", "refresh_token": secret}
    else:
        fields = {"grant_type": "password", "username": login.user, "password": secret, "access_type": "online"}
    fields |= {"service": key.service, "client_id": CLIENT, "scope": " ".join(key.scopes)}
    return urlencode({name: value for name, value in fields.items() if value}).encode("ascii")


def _lifetime(value: object) -> float:
    try:
        seconds = float(value) if isinstance(value, int | float | str) and value is not True else _SHORTEST
    except ValueError:
        return _SHORTEST
    return min(_LONGEST, max(_SHORTEST, seconds)) if seconds == seconds else _SHORTEST
