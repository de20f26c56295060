"""Bearer tokens: fetched once for everyone who needs the same, kept until shortly before they expire.

distribution/distribution, docs/content/spec/auth/token.md; the policy on realms is ours.
"""

from __future__ import annotations

import base64
import re
import time
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

from regbrowse.errors import AuthError, AuthRejected, AuthRequired, Evidence, PolicyError, RegbrowseError
from regbrowse.oci.document import parse_json
from regbrowse.redact import Secret, redact
from regbrowse.registry.content.cache import Flights
from regbrowse.registry.errors_from import LOGIN_HINT, login_needed, server_words, status_error
from regbrowse.registry.login.challenge import Challenge
from regbrowse.registry.net.policy import is_special, origin_of, problem_with
from regbrowse.registry.net.transport import Transport
from regbrowse.registry.question import Question, Reply
from regbrowse.settings.login import Login
from regbrowse.text import visible

BODY_LIMIT = 2**20
_TOKEN = re.compile(r"[\x21-\x7e]{1,65536}")
_SHORTEST, _LONGEST = 60.0, 86_400.0


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token and when to stop using it."""

    value: Secret
    until: float
    """On the monotonic clock: the clocks of servers are often wrong."""

    @property
    def header(self) -> str:
        return f"Bearer {self.value.reveal()}"


Key = tuple[str, str, tuple[str, ...], str]
"""Realm, service, scopes, user."""


class Tokens:
    """Every token of this process. Nothing of it is ever written down."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._tokens: dict[Key, Token] = {}
        self._flights: Flights[Token] = Flights()

    def key(self, question: Question, base: str, challenge: Challenge, login: Login | None) -> Key:
        """What the token for this question is known by. Raises PolicyError when its realm is refused."""
        realm = check_realm(question, base, challenge.get("realm"))
        scopes = [scope for scope in (challenge.get("scope"), question.scope) if scope]
        return realm, challenge.get("service"), tuple(dict.fromkeys(scopes)), login.user if login else ""

    def known(self, key: Key) -> Token | None:
        token = self._tokens.get(key)
        return token if token is not None and token.until > time.monotonic() else None

    def forget(self, key: Key, token: Token) -> None:
        """Drops a token that was refused, unless somebody already fetched a newer one."""
        if self._tokens.get(key) is token:
            del self._tokens[key]

    async def fetch(self, key: Key, question: Question, login: Login | None) -> Token:
        token = self.known(key)
        if token is None:
            token = await self._flights.share(key, lambda: self._request(key, question, login))
        return token

    async def _request(self, key: Key, question: Question, login: Login | None) -> Token:
        realm, service, scopes, user = key
        asking = Question(
            question.registry,
            "token",
            token_url(realm, service, scopes, user),
            f"Logging in to {question.host}",
            question.about,
            limit=BODY_LIMIT,
            deadline=20,
            stay=True,
        )
        reply = await self._transport.send(asking, asking.path, basic(login) if login else "")
        if reply.status in (401, 403):
            raise _refused(question, reply, login)
        if reply.status == 429 or reply.status >= 500:
            raise status_error(reply)
        token = read_token(reply)
        self._tokens[key] = token
        return token


def basic(login: Login) -> str:
    return "Basic " + base64.b64encode(f"{login.user}:{login.password.reveal()}".encode()).decode("ascii")


def token_url(realm: str, service: str, scopes: tuple[str, ...], user: str) -> str:
    """The realm with its own query kept and ours added; every scope is a field of its own."""
    fields = [("service", service)] if service else []
    fields += [("scope", scope) for scope in scopes]
    fields += [("account", user)] if user else []
    fields.append(("client_id", "regbrowse"))
    query = "&".join(f"{name}={quote(value, safe=':/,*')}" for name, value in fields)
    return f"{realm}{'&' if urlsplit(realm).query else '?'}{query}"


def check_realm(question: Question, base: str, realm: str) -> str:
    """The address logins are sent to, if we are willing to send them there."""
    host = question.host
    problem = problem_with(realm)
    if problem:
        raise _policy(question, realm, f"{host} wants the login sent to an address with {problem}. Refused.")
    url = urljoin(f"{base}/v2/", realm).partition("#")[0]
    scheme, there, _ = origin_of(url)
    home_scheme, home, _ = origin_of(base)
    shown = visible(there, 260)
    if scheme != "https" and home_scheme == "https":
        why = f"{host} (https) wants the login sent in clear to {shown} (http). Refused."
        hint = "The registry's external URL is probably wrong; its administrator must set an https address for logins."
        raise _policy(question, url, why, hint)
    if scheme != "https" and there != home:
        raise _policy(question, url, f"{host} wants the login sent in clear to another host ({shown}). Refused.")
    if there != home and is_special(there) and not is_special(home):
        raise _policy(question, url, f"{host} wants the login sent to the internal address {shown}. Refused.")
    return url


def read_token(reply: Reply) -> Token:
    """The token of a token endpoint's answer; its body is never shown, for it may hold a secret."""
    try:
        value = parse_json(reply.decoded(), limit=BODY_LIMIT).value if reply.status == 200 else None
    except RegbrowseError:
        value = None
    fields = value if isinstance(value, dict) else {}
    token = fields.get("access_token") or fields.get("token")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        where = visible(urlsplit(reply.url).hostname or "", 260)
        kind = visible(reply.content_type, 60) or "no content type"
        why = f"The login service {where} of {reply.question.host} did not return a token ({kind})."
        wanted = reply.question.wanted
        raise AuthError(why, evidence=reply.evidence(), wanted=wanted, hint="Try again in a while.")
    life = _lifetime(fields.get("expires_in"))
    return Token(Secret(token), time.monotonic() + life - max(5.0, life / 10))


def _lifetime(value: object) -> float:
    try:
        seconds = float(value) if isinstance(value, int | float | str) and value is not True else _SHORTEST
    except ValueError:
        return _SHORTEST
    return min(_LONGEST, max(_SHORTEST, seconds)) if seconds == seconds else _SHORTEST


def _refused(question: Question, reply: Reply, login: Login | None) -> AuthError:
    codes, said = server_words(reply.body)
    evidence = reply.evidence(codes, said)
    if login is None:
        return AuthRequired(login_needed(question), evidence=evidence, wanted=question.wanted, hint=LOGIN_HINT)
    why = f"{question.host} refused the credentials from {login.source}."
    hint = f"They may have expired. {LOGIN_HINT}"
    return AuthRejected(why, evidence=evidence, wanted=question.wanted, hint=hint)


def _policy(question: Question, url: str, why: str, hint: str = "") -> PolicyError:
    return PolicyError(why, evidence=Evidence(question.host, url=redact(url)), wanted=question.wanted, hint=hint)
