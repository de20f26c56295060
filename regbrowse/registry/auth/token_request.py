"""Build token requests in both forms of the documents, and parse what a token service answers.

distribution/distribution, docs/content/spec/auth/token.md (GET) and oauth.md (POST). Most services know GET
only; identity tokens need POST, and where that is not offered some services take them as a password.
"""

from __future__ import annotations

import base64
import time
from typing import Literal, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from regbrowse.errors import RegbrowseError
from regbrowse.oci.document import parse_json
from regbrowse.redact import Secret
from regbrowse.registry.auth.errors import token_missing_error
from regbrowse.registry.requests import Request, Response
from regbrowse.settings.login import Login, is_bearer_token

BODY_LIMIT = 2**20
CLIENT_ID = "regbrowse"
GrantType = Literal["get", "password", "refresh_token"]
"""The form of a token request: GET, with Basic or anonymous; or POST with a `grant_type` of OAuth2."""

_MIN_LIFETIME, _MAX_LIFETIME = 60.0, 86_400.0
_AZURE_USER = "00000000-0000-0000-0000-000000000000"
"""The user whose password is an identity token (Azure/acr, docs/AAD-OAuth.md)."""
_POST_UNSUPPORTED = frozenset({400, 401, 404, 405})
"""404: Google; 401: Artifactory; 400: Azure; 405: as containerd understands it (core/remotes/docker/auth)."""
_GET_UNSUPPORTED = frozenset({400, 404, 405})
"""Not 401: a wrong password that is sent twice locks the account sooner."""


class Token(NamedTuple):
    """A bearer token."""

    value: Secret
    valid_until: float
    """Shortly before it expires; on the monotonic clock, because the clocks of servers are often wrong."""

    @property
    def header(self) -> str:
        return f"Bearer {self.value.reveal()}"


class TokenKey(NamedTuple):
    """What identifies a token: where and for what it is valid, and the login that it was issued for."""

    base: str
    """The origin of the registry."""
    realm: str
    service: str
    scopes: tuple[str, ...]
    login: Login | None
    """None: anonymous."""


def grant_types(login: Login | None) -> tuple[GrantType, ...]:
    """Return the forms of the token request to try with a login, in order."""
    if login is None:
        return ("get",)
    if login.kind == "identity" or login.user == _AZURE_USER:
        return ("refresh_token", "get") if login.user else ("refresh_token",)
    return ("get", "password")


def is_unsupported(grant_type: GrantType, status: int) -> bool:
    """Return whether a status means that the service does not support this form, not that the login is wrong."""
    return status in (_GET_UNSUPPORTED if grant_type == "get" else _POST_UNSUPPORTED)


def token_request(key: TokenKey, grant_type: GrantType, request: Request) -> tuple[Request, str]:
    """Build the token request that `request` needs. Returns it and its Authorization header."""
    login, user = key.login, key.login.user if key.login else ""
    headers, body, authorization = {}, b"", ""
    if login is None or grant_type == "get":
        url = token_url(key.realm, key.service, key.scopes, user)
        authorization = basic_authorization(login) if login else ""
    else:
        url = key.realm
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        body = _form(key, grant_type, login)
    built = Request(
        request.registry,
        "token",
        url,
        f"Logging in to {request.host}",
        request.about,
        method="POST" if body else "GET",
        body=body,
        headers=headers,
        limit=BODY_LIMIT,
        deadline=20,
        same_origin=True,
        # A rate limit for one account does not count for another, nor for anonymous requests.
        user=user,
    )
    return built, authorization


def basic_authorization(login: Login) -> str:
    """Return the Authorization header for Basic (RFC 7617, as UTF-8); empty for a login without a user name."""
    if not login.user:
        return ""
    return "Basic " + base64.b64encode(f"{login.user}:{login.password.reveal()}".encode()).decode("ascii")


def bearer_authorization(login: Login) -> str:
    """Return the Authorization header for a saved bearer token; empty when the token may not stand in a header."""
    token = login.password.reveal()
    return f"Bearer {token}" if is_bearer_token(token) else ""


def token_url(realm: str, service: str, scopes: tuple[str, ...], user: str) -> str:
    """Return the URL of a token request by GET: the realm keeps its own query, each scope is a field of its own."""
    fields = [("service", service)] if service else []
    fields += [("scope", scope) for scope in scopes]
    fields += [("account", user)] if user else []
    fields.append(("client_id", CLIENT_ID))
    query = "&".join(f"{name}={quote(value, safe=':/,*')}" for name, value in fields)
    return f"{realm}{'&' if urlsplit(realm).query else '?'}{query}"


def parse_token(response: Response) -> Token:
    """Parse the token in the response of a token service. Raises AuthError without the body, which may hold a secret.

    `issued_at` is ignored: the lifetime counts from the arrival of the response, by the clock of this machine. A token
    for fewer scopes than requested is no error here; the registry will refuse it.
    """
    try:
        value = parse_json(response.decoded(), limit=BODY_LIMIT).value if response.status == 200 else None
    except RegbrowseError:
        value = None
    fields = value if isinstance(value, dict) else {}
    candidates = [fields.get("access_token"), fields.get("token")]
    token = next((candidate for candidate in candidates if isinstance(candidate, str) and candidate), "")
    if not is_bearer_token(token):
        raise token_missing_error(response)
    lifetime = _lifetime(fields.get("expires_in"))
    return Token(Secret(token), time.monotonic() + lifetime - max(5.0, lifetime / 10))


def _form(key: TokenKey, grant_type: GrantType, login: Login) -> bytes:
    secret = login.password.reveal()
    if grant_type == "refresh_token":
        fields = {"refresh_token": secret}
    else:
        fields = {"username": login.user, "password": secret, "access_type": "online"}
    fields |= {"service": key.service, "client_id": CLIENT_ID, "scope": " ".join(key.scopes)}
    present = {name: value for name, value in fields.items() if value}
    return urlencode({"grant_type": grant_type, **present}).encode("ascii")


def _lifetime(expires_in: object) -> float:
    """Return the lifetime of a token in seconds, from `expires_in` as a number or a text, within bounds."""
    try:
        seconds = float(expires_in) if isinstance(expires_in, int | float | str) and expires_in is not True else 0.0
    except ValueError:
        return _MIN_LIFETIME
    return min(_MAX_LIFETIME, max(_MIN_LIFETIME, seconds)) if seconds == seconds else _MIN_LIFETIME
