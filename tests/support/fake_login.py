"""Authentication of the registry for tests: challenges, Basic, and a token service with both of its forms."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Literal

from regbrowse.reference import Registry
from regbrowse.settings.login import Login, Source
from support.fake_content import Answer, Asked, Gate, Headers, error_answer, scope_of


@dataclass
class FakeLogin:
    """The switches are plain attributes; set them before or while it runs."""

    auth: Literal["none", "basic", "bearer"] = "none"
    users: dict[str, str] = field(default_factory=lambda: {"ann": "s3cr3t-canary-1"})
    identities: dict[str, str] = field(default_factory=dict)
    """Identity token -> user."""
    public: bool = True
    """With `bearer`: whether a token without a login may read."""
    ping_challenge: bool = True
    resource_challenge: bool = True
    open_ping: bool = False
    """`/v2/` answers 200 to everybody, and still carries its challenge (zot)."""
    challenge: str = ""
    """Sent instead of the usual WWW-Authenticate, one header for each line; `-` sends none at all."""
    realm: str = ""
    expires_in: object = 300
    token_key: str = "token"
    token_fields: dict[str, object] = field(default_factory=dict)
    """Further members of the token answer."""
    token_status: dict[str, int] = field(default_factory=dict)
    """Method -> status with which the token service refuses it, whatever the login."""
    refused_with: int = 401
    """What the token service says to wrong credentials."""
    denies_strangers: bool = False
    """Wrong credentials get 403 DENIED from a resource, without a challenge (ghcr.io)."""
    demands: str = ""
    """A scope without which a resource answers 403 insufficient_scope."""
    insatiable: bool = False
    """Every token is refused."""
    tokens: dict[str, list[str]] = field(default_factory=dict)
    """Token -> its scopes."""
    port: int = 0

    @property
    def name(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.name}"

    def refusal(self, asked: Asked) -> Answer | None:
        """Return the response to a request without the right; None for one that has it."""
        if self.auth == "none":
            return None
        sent = asked.headers.get("authorization", "")
        ping = asked.path == "/v2/"
        if self.auth == "basic":
            if self._user(sent):
                return None
            usual = 'Basic realm="fake"'
            if sent and self.denies_strangers:
                return error_answer(403, "DENIED", "denied")
            if not sent and not ping and self.open_ping and self.public:
                return None
        else:
            scope = scope_of(asked.path)
            granted = self.tokens.get(sent.removeprefix("Bearer "))
            if granted is not None and not self.insatiable and (not scope or _reaches(scope, granted)):
                return self._too_narrow(granted) if scope else None
            usual = f'Bearer realm="{self.realm or self.url + "/token"}",service="fake"'
            usual += f',scope="{scope}"' if scope else ""
            usual += ',error="invalid_token"' if sent else ""
        headers: Headers = []
        if self.challenge != "-" and (self.ping_challenge if ping else self.resource_challenge):
            headers += [("WWW-Authenticate", line) for line in (self.challenge or usual).splitlines()]
        if ping and self.open_ping:
            return Answer(200, b"{}", headers)
        return error_answer(401, "UNAUTHORIZED", "authentication required", headers)

    def token(self, asked: Asked) -> Answer:
        """The answer of the token service."""
        if asked.method in self.token_status:
            return error_answer(self.token_status[asked.method], "UNSUPPORTED")
        if asked.method == "POST":
            user, scopes = self._posted(asked), " ".join(asked.form("scope")).split(" ")
            allowed = bool(user)
        else:
            sent = asked.headers.get("authorization", "")
            user, scopes = self._user(sent), asked.field("scope")
            allowed = bool(user) if sent else self.public
        if not allowed:
            return error_answer(self.refused_with, "UNAUTHORIZED" if self.refused_with == 401 else "DENIED", "who?")
        token = f"s3cr3t-canary-token-{len(self.tokens) + 1}"
        self.tokens[token] = scopes
        body = {self.token_key: token, "expires_in": self.expires_in, **self.token_fields}
        return Answer(200, json.dumps(body).encode(), [("Content-Type", "application/json")])

    def _too_narrow(self, granted: list[str]) -> Answer | None:
        if not self.demands or self.demands in granted:
            return None
        challenge = f'Bearer realm="{self.realm or self.url + "/token"}",service="fake",scope="{self.demands}"'
        challenge += ',error="insufficient_scope"'
        return error_answer(403, "DENIED", "more is needed", [("WWW-Authenticate", challenge)])

    def _user(self, authorization: str) -> str:
        scheme, _, value = authorization.partition(" ")
        if scheme != "Basic":
            return ""
        user, _, password = base64.b64decode(value).decode().partition(":")
        known = self.users.get(user) == password or self.identities.get(password) == user != ""
        return user if known else ""

    def _posted(self, asked: Asked) -> str:
        if asked.form("grant_type") == ["refresh_token"]:
            return self.identities.get("".join(asked.form("refresh_token")), "")
        user = "".join(asked.form("username"))
        known = asked.form("grant_type") == ["password"] and self.users.get(user) == "".join(asked.form("password"))
        return user if known else ""


@dataclass
class FakeKeychain:
    """Saved logins by repository path, or for everything under the empty path; asked like the real keychain."""

    logins: dict[str, Login] = field(default_factory=dict)
    behind_the_terminal: Login | None = None
    """What its helper says in the foreground."""
    slow: set[str] = field(default_factory=set)
    asking: str = ""
    """The credential helper that is running."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    gate: Gate | None = None

    async def find(self, registry: Registry, path: str = "") -> Login | None:
        self.asked.append((registry.key, path))
        if self.gate is not None:
            self.gate.arrived.set()
            await self.gate.opened.wait()
        return self.logins.get(path, self.logins.get(""))

    async def sources(self, registry: Registry, path: str = "") -> tuple[Source, ...]:
        login = await self.find(registry, path)
        return (Source(login.source, login.user, "kept here", True),) if login else ()

    async def in_foreground(self, registry: Registry) -> Login | None:
        if self.behind_the_terminal is not None:
            self.logins[""] = self.behind_the_terminal
            self.slow.discard(registry.key)
        return self.behind_the_terminal

    def helper_for(self, _: Registry) -> str | None:
        return "docker-credential-pass" if self.logins or self.slow else None

    def forget(self, registry: Registry) -> None:
        self.forgotten.append(registry.key)


def _reaches(scope: str, granted: list[str]) -> bool:
    """`repository:a/b:pull` is reached by itself, by more rights, and by everything."""
    name, _, right = scope.rpartition(":")
    for one in granted:
        theirs, _, rights = one.rpartition(":")
        if one == "*" or (theirs == name and right in rights.split(",")):
            return True
    return False
