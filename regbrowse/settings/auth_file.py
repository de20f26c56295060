"""Auth files: docker's config.json, podman's auth.json and the old .dockercfg, read without trust.

docker/cli, cli/config/configfile and cli/config/types (AuthConfig); containers/image, docs/containers-auth.json.5.
A file with a fault loses only what is faulty; notices name the file and the key, never a value.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import re
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from regbrowse.errors import BadReference, RegbrowseError, TooLarge
from regbrowse.oci.document import Document, JsonValue, parse_json
from regbrowse.redact import Secret
from regbrowse.reference import DOCKER_HUB, Registry
from regbrowse.settings.login import TOKEN_USER, Login, is_bearer_token, login_from, sendable
from regbrowse.text import size, visible

FILE_LIMIT = 4 * 2**20
HUB_URL = "https://index.docker.io/v1/"
"""The key under which Docker keeps the login for Docker Hub."""
Style: TypeAlias = Literal["docker", "containers"]
"""Whose rules for keys a file follows: Docker's or those of podman and skopeo (containers/image)."""
_NOTICE_LIMIT = 20
_POSITION = re.compile(r" \(line ([0-9]+), column ([0-9]+)\)\.$")
_HUB_HOSTS = ("index.docker.io", "docker.io", "registry-1.docker.io")
_HUB_TOKENS = frozenset({"v1/access-token", "v1/refresh-token"})
_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_DEFAULT_PORT = re.compile(r":(?:443|80)$")
_LAST_DOT = re.compile(r"\.(?=(?::[0-9]+)?$)")


class AuthFileLocation(NamedTuple):
    """Where an auth file may be."""

    source: str
    """As shown to people: `docker config`, `auth.json`, `DOCKER_AUTH_CONFIG`."""
    path: Path | None
    """None when `text` holds the content."""
    style: Style = "containers"
    flat: bool = False
    """Whether the logins are the top level, as in .dockercfg."""
    named: bool = False
    """Whether the user named this very file, so that its absence deserves a notice."""
    text: Secret | None = None
    helper: str = ""
    """The suffix of a credential helper for every registry; `path` is then the file that names it."""

    @property
    def shown(self) -> str:
        return visible(str(self.path), 300) if self.path else self.source


@dataclass(frozen=True, slots=True)
class AuthFile:
    """What an auth file says."""

    state: Literal["read", "missing", "unusable"]
    style: Style = "containers"
    logins: Mapping[str, Login | None] = field(default_factory=dict)
    """By key as written; None for an entry without a secret, which a credential store may have, or with a fault."""
    helpers: Mapping[str, str] = field(default_factory=dict)
    """The suffix of a credential helper by key as written."""
    store: str = ""
    """The suffix of the credential helper for all other registries; empty for none."""
    notices: tuple[str, ...] = ()

    @property
    def says_something(self) -> bool:
        """Whether the file is about logins at all (docker/cli, ContainsAuth)."""
        return self.state == "unusable" or bool(self.logins or self.helpers or self.store)

    @property
    def registries(self) -> list[Registry]:
        """The registries that keys of logins and helpers name, each once."""
        found: dict[str, Registry] = {}
        for key in (*self.logins, *self.helpers):
            scheme = _SCHEME.match(key)
            host, _, rest = key[scheme.end() if scheme else 0 :].partition("/")
            with contextlib.suppress(BadReference):
                if rest.strip("/") not in _HUB_TOKENS:
                    registry = Registry(DOCKER_HUB) if host in _HUB_HOSTS else Registry.parse(host)
                    found.setdefault(registry.key, registry)
        return list(found.values())

    def login(self, registry: Registry, path: str) -> Login | None:
        """Find the login that the file itself holds for a repository."""
        keys = _matching_keys(self.logins, registry, path, self.style)
        return next((login for key in keys if (login := self.logins[key]) is not None), None)

    def helper(self, registry: Registry) -> tuple[str, list[str]]:
        """Find the suffix of the credential helper to ask, empty for none, and the keys to ask it for, in order."""
        key = _helper_key(self.helpers, registry)
        if key is None:
            return self.store, _store_keys(registry, self.logins, self.style)
        hub = self.style == "docker" and registry.name == DOCKER_HUB
        return self.helpers[key], [HUB_URL if hub else key]


def read_auth_file(location: AuthFileLocation) -> AuthFile:
    """Read the auth file at a location. Raises nothing; blocks on the disk."""
    path = location.path
    if location.helper:
        return AuthFile("read", location.style, store=location.helper)
    if path is None:
        text = location.text.reveal() if location.text else ""
        return parse_auth_file(text.encode("utf-8", "surrogateescape"), location)
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            return _unusable(location, "it is a directory.")
        if stat.S_ISCHR(mode):  # /dev/null says that there is no file
            return AuthFile("missing", location.style)
        if not stat.S_ISREG(mode):  # opening a pipe would wait for a writer
            return _unusable(location, "it cannot be read.")
        with path.open("rb") as file:
            return parse_auth_file(file.read(FILE_LIMIT + 1), location, mode)
    except (FileNotFoundError, NotADirectoryError):
        notices = (f"Ignoring {location.shown}: there is no such file.",) if location.named else ()
        return AuthFile("missing", location.style, notices=notices)
    except PermissionError:
        return _unusable(location, "this user may not read it.")
    except (OSError, ValueError):
        return _unusable(location, "it cannot be read.")


def _unusable(location: AuthFileLocation, reason: str) -> AuthFile:
    return AuthFile("unusable", location.style, notices=(f"Ignoring {location.shown}: {reason}",))


def parse_auth_file(content: bytes, location: AuthFileLocation, mode: int = 0) -> AuthFile:
    """Parse the content of an auth file; `mode` holds its permission bits. Raises nothing."""
    try:
        document = _parse_as_go(content)
    except TooLarge:
        return _unusable(location, f"it is larger than {size(FILE_LIMIT)}.")
    except RegbrowseError as error:
        reason = _POSITION.sub(r" at line \1, column \2.", error.why)
        return _unusable(location, reason[:1].lower() + reason[1:])
    top, flat, shown = document.value, location.flat, location.shown
    if not isinstance(top, dict):
        return _unusable(location, "it holds no JSON object.")
    top = top if flat else _folded(top)
    notices = [f"{shown} has the same key twice; the first one counts."] if document.anomalies else []
    logins: dict[str, Login | None] = {}
    for key, value in (top if flat else _object(top, "auths", shown, notices)).items():
        try:
            logins[key] = _entry(value, location.source)
        except _Faulty as fault:
            logins[key] = None  # its place is kept, so that a less precise key does not stand in for it
            notices.append(f'{shown}: the entry "{_shown_key(key)}" {fault}; it is skipped.')
    helpers: dict[str, str] = {}
    for key, value in ({} if flat else _object(top, "credHelpers", shown, notices)).items():
        if isinstance(value, str):
            helpers[key] = value
        elif value is not None:
            notices.append(f'{shown}: the credential helper of "{_shown_key(key)}" is no text; it is skipped.')
    store = None if flat else top.get("credsstore")
    if store is not None and not isinstance(store, str):
        notices.append(f'{shown}: "credsStore" is no text; it is ignored.')
        store = None
    if mode & 0o044 and any(logins.values()):
        notices.append(f"{shown} holds passwords and other users of this machine may read it.")
    if len(notices) > _NOTICE_LIMIT:
        notices[_NOTICE_LIMIT:] = [f"{shown} has more faulty entries; all of them are skipped."]
    return AuthFile("read", location.style, logins, helpers, store or "", tuple(notices))


def _object(top: dict[str, JsonValue], name: str, shown: str, notices: list[str]) -> dict[str, JsonValue]:
    value = top.get(name.lower())
    if isinstance(value, dict):
        return value
    if value is not None:
        notices.append(f'{shown}: "{name}" is no object; it is ignored.')
    return {}


def _parse_as_go(content: bytes) -> Document:
    """Parse what docker and podman accept (Go, encoding/json): bytes that are not UTF-8 are replaced, and docker's
    Decoder reads no further than the end of the first value. Raises RegbrowseError.
    """
    try:
        return parse_json(content, limit=FILE_LIMIT, first_only=True)
    except RegbrowseError:
        replaced = content.decode("utf-8", "replace").encode()
        if replaced == content or len(content) > FILE_LIMIT:
            raise
        with contextlib.suppress(RegbrowseError):
            return parse_json(replaced, limit=4 * FILE_LIMIT, first_only=True)
        raise


def _folded(fields: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Write the names of fields in lower case, as which Go takes them; of two spellings the first counts."""
    return {name.lower(): value for name, value in reversed(fields.items())}


class _Faulty(Exception):
    """What is wrong with an entry, as the rest of a sentence; never contains a value."""


def _entry(value: JsonValue, source: str) -> Login | None:
    """Parse one entry of `auths` (docker/cli, types.AuthConfig); None when it holds no secret. Raises _Faulty."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise _Faulty("is no object")
    value = _folded(value)
    bearer, identity = _text(value, "registrytoken"), _text(value, "identitytoken")
    user, password = _text(value, "username"), _text(value, "password")
    encoded = _text(value, "auth").strip()
    if encoded:
        try:
            user, password = _decode_auth(encoded)
        except ValueError:
            if not (bearer or identity):
                raise _Faulty('has an "auth" that is not base64 of "user:password"') from None
    if bearer:
        if not is_bearer_token(bearer):
            raise _Faulty('has a "registrytoken" that cannot be sent')
        return Login(user, Secret(bearer), source, "bearer")
    if identity:
        return Login("" if user == TOKEN_USER else user, Secret(identity), source, "identity")
    if password and not user:
        raise _Faulty("has a password and no user name")
    return login_from(user, password, source) if password or encoded else None


def _text(entry: dict[str, JsonValue], name: str) -> str:
    value = entry.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _Faulty(f'has a "{name}" that is no text')
    if not sendable(value):
        raise _Faulty(f'has a "{name}" that is no proper text')
    return value


def _decode_auth(encoded: str) -> tuple[str, str]:
    """Decode an `auth` field into user and password: base64, perhaps folded into lines; NULs around are dropped.

    Padding is optional. Raises ValueError, without a value in it, for anything else.
    """
    bare = encoded.replace("\r", "").replace("\n", "").rstrip("=")
    try:
        text = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise ValueError("not base64 of UTF-8 text") from None
    user, colon, password = text.partition(":")
    if not colon or not user:
        raise ValueError("not user:password")
    return user, password.strip("\0")


# Which keys mean a registry: Docker accepts host names and URLs (docker/cli, cli/config/credentials,
# ConvertToHostname); podman also namespaces such as `quay.io/org` (containers/image, pkg/docker/config,
# authKeysForKey). The host of a key must be equal to the registry's, never merely contain it.


_NAMESPACE, _EXACT, _SIMILAR, _SISTER = range(4)
"""How a key means a repository: by a namespace around it, as the registry is called, by another spelling of the host
or, for docker, by any path on it."""


def _matching_keys(keys: Collection[str], registry: Registry, path: str, style: Style) -> list[str]:
    """List the keys that mean this registry or a namespace around `path` in it, the most precise first.

    Beside an exact key no other counts, whatever its entry holds (docker/cli, fileStore.Get; containers/image,
    findCredentialsInFile): another one may be the login of a sister repository.
    """
    hosts = _hosts(registry)
    ranks = {key: rank for key in keys if (rank := _rank(key, registry, hosts, path, style)) is not None}
    found = sorted(ranks, key=ranks.__getitem__)
    precision = ranks[found[0]][0] if found else _SIMILAR
    if precision == _NAMESPACE:
        return found[:1]
    return [key for key in found if ranks[key][0] == _EXACT] if precision == _EXACT else found


def _rank(key: str, registry: Registry, hosts: tuple[str, ...], path: str, style: Style) -> tuple[int, int] | None:
    """Rank how precisely a key means a repository, smaller for more; None when it means something else."""
    scheme = _SCHEME.match(key)
    host, _, rest = key[scheme.end() if scheme else 0 :].partition("/")
    host, rest = _normal_host(host), rest.strip("/")
    if host not in hosts:
        return None
    hub = registry.name == DOCKER_HUB
    if hub and rest in _HUB_TOKENS:
        return None  # what Docker's browser login keeps for itself; no registry takes it as a password
    if rest and not scheme:
        if path == rest or path.startswith(f"{rest}/"):
            return _NAMESPACE, -len(rest)
        return (_SISTER, hosts.index(host)) if style == "docker" else None
    exact: tuple[str, ...] = (registry.name,)
    if hub:  # docker writes the first, podman the second, each also into the file of the other
        exact = (HUB_URL, DOCKER_HUB) if style == "docker" else (DOCKER_HUB, HUB_URL)
    return (_EXACT, exact.index(key)) if key in exact else (_SIMILAR, hosts.index(host))


def _helper_key(keys: Collection[str], registry: Registry) -> str | None:
    """Find the key of `credHelpers` that means this registry: a host, or Docker Hub's URL."""
    hub = registry.name == DOCKER_HUB
    hosts = _HUB_HOSTS[:2] if hub else _hosts(registry)
    if hub and HUB_URL in keys:
        return HUB_URL
    found = [(hosts.index(host), key) for key in keys if "/" not in key and (host := _normal_host(key)) in hosts]
    return min(found, key=lambda each: each[0])[1] if found else None


def _store_keys(registry: Registry, keys: Collection[str], style: Style) -> list[str]:
    """List what a credential store is asked for: the best key of the file, then the registry's own, each once."""
    named = [key for key in _matching_keys(keys, registry, "", style) if "/" not in key or _SCHEME.match(key)]
    if registry.name == DOCKER_HUB:
        own = [HUB_URL if style == "docker" else DOCKER_HUB]
    else:
        own = [registry.name, *_hosts(registry)]
    return list(dict.fromkeys([*named[:1], *own]))


def _hosts(registry: Registry) -> tuple[str, ...]:
    """List the normal hosts of keys that mean a registry, the best first."""
    if registry.name == DOCKER_HUB:
        return _HUB_HOSTS
    return tuple(dict.fromkeys((registry.key, _DEFAULT_PORT.sub("", registry.key))))


def _normal_host(host: str) -> str:
    """Write a host in lower case without its last dot; empty when it cannot be a host name."""
    return _LAST_DOT.sub("", host.lower()) if host.isascii() else ""


def _shown_key(key: str) -> str:
    """Write a key as it may stand in a notice: without user info and query."""
    scheme = _SCHEME.match(key)
    head = scheme.group() if scheme else ""
    return visible(head + key.removeprefix(head).partition("?")[0].rpartition("@")[2], 96)
