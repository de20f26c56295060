"""Which realms logins may be sent to: the policy for the address, and the hosts that each registry named before.

The policy is that of go-containerregistry (pkg/v1/remote/transport, validateRealmURL) and regclient
(internal/auth, AllowRedirect). That the user is asked when the host changes is our own addition: otherwise
an attacker who can change one response of a registry could collect the passwords of its users.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import urljoin

from regbrowse.errors import Evidence, PolicyError, RealmChanged
from regbrowse.redact import redact
from regbrowse.reference import Registry, bracketed
from regbrowse.registry.auth.challenge import Challenge
from regbrowse.registry.requests import Request
from regbrowse.registry.transport.url_policy import PORTS, is_special, origin_of, problem_with
from regbrowse.state.realm_hosts import HOSTS, read_hosts, write_hosts
from regbrowse.text import visible


def check_realm(request: Request, base: str, realm: str) -> str:
    """Return the URL of a realm, resolved against the origin of the registry. Raises PolicyError when it is refused."""
    host = request.host
    problem = problem_with(realm)
    if problem:
        raise _refused(request, realm, f"{host} wants the login sent to an address with {problem}. Refused.")
    url = urljoin(f"{base}/v2/", realm).partition("#")[0]
    scheme, realm_host, _ = origin_of(url)
    registry_scheme, registry_host, _ = origin_of(base)
    shown = visible(realm_host, 260)
    if scheme != "https" and registry_scheme == "https":
        why = f"{host} (https) wants the login sent in clear to {shown} (http). Refused."
        hint = "The registry's external URL is probably misconfigured; its administrator must set an https token URL."
        raise _refused(request, url, why, hint)
    if scheme != "https" and realm_host != registry_host:
        raise _refused(request, url, f"{host} wants the login sent in clear to another host ({shown}). Refused.")
    if realm_host != registry_host and is_special(realm_host) and not is_special(registry_host):
        raise _refused(request, url, f"{host} wants the login sent to the internal address {shown}. Refused.")
    return url


def host_of(url: str) -> str:
    """Return the host of a URL, with its port unless that is the default of the scheme: `[::1]:5000`, `ghcr.io`."""
    scheme, host, port = origin_of(url)
    return bracketed(host) if port in (0, PORTS.get(scheme)) else f"{bracketed(host)}:{port}"


def login_host(base: str, challenge: Challenge | None) -> str:
    """Return the host that a challenge asks to send the login to; empty for none, or for an impossible address."""
    if challenge is None:
        return ""
    if challenge.scheme == "basic":
        return host_of(base)
    realm = challenge.get("realm")
    return "" if problem_with(realm) else host_of(urljoin(f"{base}/v2/", realm))


class RealmStore:
    """The hosts that each registry had logins sent to: in memory, and in a file when there is a folder for it."""

    def __init__(self, folder: Path | None) -> None:
        self._file = folder / "realms.json" if folder else None
        self._loaded = self._file is None
        self._hosts: dict[str, tuple[str, ...]] = {}
        """Key of the registry -> its hosts, the newest last."""
        self._unsaved: set[str] = set()
        self._pending: dict[str, set[str]] = {}
        """Key of the registry -> the hosts that the user was asked about since the last answer."""
        self._lock = asyncio.Lock()

    async def check(self, request: Request, base: str, url: str) -> None:
        """Check the realm that a login is about to be sent to. Raises RealmChanged for another host than before.

        The first host is trusted, and so is the registry itself, which could ask for the login at any time.
        """
        registry, host = request.registry, host_of(url)
        if host == host_of(base):
            return
        async with self._lock:
            await self._load()
            known = self._hosts.get(registry.key, ())
            if not known:
                self._add(registry.key, host)
            await self._save()
        if known and host not in known:
            self._pending.setdefault(registry.key, set()).add(host)
            old, new = visible(known[-1], 260), visible(host, 260)
            raise RealmChanged(
                f"{request.host} used to send logins to {old}; now it names {new}. Continue only if you expected this.",
                evidence=Evidence(request.host, url=redact(url)),
                wanted=request.wanted,
            )

    def allow(self, registry: Registry) -> None:
        """Trust the host that the last RealmChanged named, from now on; it is saved with the next check.

        Does nothing when several hosts were named since the last answer: the user may have seen another one of them.
        """
        hosts = self._pending.pop(registry.key, set())
        if len(hosts) == 1:
            self._add(registry.key, hosts.pop())

    def _add(self, key: str, host: str) -> None:
        others = [known for known in self._hosts.get(key, ()) if known != host]
        self._hosts[key] = (*others, host)[-HOSTS:]
        self._unsaved.add(key)

    async def _load(self) -> None:
        if not self._loaded and self._file is not None:
            self._hosts = {**await asyncio.to_thread(read_hosts, self._file), **self._hosts}
            self._loaded = True

    async def _save(self) -> None:
        while self._unsaved:
            key = self._unsaved.pop()
            if self._file is not None:
                await asyncio.to_thread(write_hosts, self._file, key, self._hosts[key])


def _refused(request: Request, url: str, why: str, hint: str = "") -> PolicyError:
    return PolicyError(why, evidence=Evidence(request.host, url=redact(url)), wanted=request.wanted, hint=hint)
