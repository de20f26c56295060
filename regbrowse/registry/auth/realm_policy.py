"""Where logins go: which addresses a registry may name for that, and which it named before.

The policy is that of go-containerregistry (pkg/v1/remote/transport, validateRealmURL) and regclient
(internal/auth, AllowRedirect). That a login service which moves is asked about is our own: whoever
can change one answer of a registry could otherwise collect the passwords of its users.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from regbrowse.errors import Evidence, PolicyError, RealmChanged
from regbrowse.redact import redact
from regbrowse.reference import Registry
from regbrowse.registry.auth.challenge import Challenge
from regbrowse.registry.requests import Request
from regbrowse.registry.transport.url_policy import is_special, origin_of, problem_with
from regbrowse.state.realm_hosts import HOSTS, read_hosts, write_hosts
from regbrowse.text import visible


def check_realm(question: Request, base: str, realm: str) -> str:
    """The address logins are sent to, if we are willing to send them there. Raises PolicyError."""
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
        hint = (
            "The registry's external URL is probably misconfigured; its administrator must set an https token URL."
        )
        raise _policy(question, url, why, hint)
    if scheme != "https" and there != home:
        raise _policy(question, url, f"{host} wants the login sent in clear to another host ({shown}). Refused.")
    if there != home and is_special(there) and not is_special(home):
        raise _policy(question, url, f"{host} wants the login sent to the internal address {shown}. Refused.")
    return url


def place_of(url: str) -> str:
    """The host of an address, with its port where that is not the usual one."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    host = f"[{host}]" if ":" in host else host
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    return host if parts.port in (None, usual) else f"{host}:{parts.port}"


def logins_go_to(base: str, challenge: Challenge | None) -> str:
    """The host that a challenge sends logins to; empty when it sends them nowhere we would follow."""
    if challenge is None:
        return ""
    if challenge.scheme == "basic":
        return place_of(base)
    realm = challenge.get("realm")
    return "" if problem_with(realm) else place_of(urljoin(f"{base}/v2/", realm))


class RealmStore:
    """Which host each registry sends logins to: in memory, and in a file when there is a folder for it."""

    def __init__(self, folder: Path | None) -> None:
        self._file = folder / "realms.json" if folder else None
        self._known: dict[str, tuple[str, ...]] = {}
        self._pending: dict[str, set[str]] = {}
        """The hosts that were asked about since the last answer."""
        self._unwritten: set[str] = set()
        self._read = self._file is None
        self._lock = asyncio.Lock()

    async def check(self, question: Request, base: str, url: str) -> None:
        """To be called when credentials are about to go to `url`. Raises RealmChanged when they never went there.

        The first host is believed; so is the registry itself, which could ask for the login at any time.
        """
        registry, place = question.registry, place_of(url)
        if place == place_of(base):
            return
        async with self._lock:
            await self._load()
            known = self._known.get(registry.key, ())
            if not known:
                self._remember(registry.key, place)
            await self._save()
        if known and place not in known:
            self._pending.setdefault(registry.key, set()).add(place)
            host = question.host
            old, new = visible(known[-1], 260), visible(place, 260)
            raise RealmChanged(
                f"{host} used to send logins to {old}; now it names {new}. Continue only if you expected this.",
                evidence=Evidence(host, url=redact(url)),
                wanted=question.wanted,
            )

    def allow(self, registry: Registry) -> None:
        """Accepts for good the host that was asked about; written at the next check.

        Nothing when there were several since the last answer: whoever said yes may have seen another one of them.
        """
        places = self._pending.pop(registry.key, set())
        if len(places) == 1:
            self._remember(registry.key, places.pop())

    def _remember(self, key: str, place: str) -> None:
        kept = [one for one in self._known.get(key, ()) if one != place]
        self._known[key] = (*kept, place)[-HOSTS:]
        self._unwritten.add(key)

    async def _load(self) -> None:
        if not self._read and self._file is not None:
            self._known = {**await asyncio.to_thread(read_hosts, self._file), **self._known}
            self._read = True

    async def _save(self) -> None:
        while self._unwritten:
            key = self._unwritten.pop()
            if self._file is not None:
                await asyncio.to_thread(write_hosts, self._file, key, self._known[key])


def _policy(question: Request, url: str, why: str, hint: str = "") -> PolicyError:
    return PolicyError(why, evidence=Evidence(question.host, url=redact(url)), wanted=question.wanted, hint=hint)
