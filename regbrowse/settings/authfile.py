"""Credential files: docker's config.json, podman's auth.json and the old .dockercfg, read without trust.

docker/cli, cli/config/configfile and cli/config/types (AuthConfig); containers/image, docs/containers-auth.json.5.
A file with a fault loses only what is faulty; warnings name the file and the key, never a value.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from regbrowse.errors import RegbrowseError, TooLarge
from regbrowse.oci.document import JsonValue, parse_json
from regbrowse.redact import Secret
from regbrowse.reference import DOCKER_HUB, Registry
from regbrowse.settings.authkeys import HUB_URL, Style, helper_key, matching, shown_key, store_keys
from regbrowse.settings.login import Login
from regbrowse.text import size, visible

FILE_LIMIT = 4 * 2**20
TOKEN_USER = "<token>"
"""The user name that says: the password is an identity token (docker/docker-credential-helpers)."""
_NOTICE_LIMIT = 20
_POSITION = re.compile(r" \(line ([0-9]+), column ([0-9]+)\)\.$")
_BEARER = re.compile(r"[\x21-\x7e]{1,65536}")
_MISSING = (FileNotFoundError, NotADirectoryError)


class Place(NamedTuple):
    """Where a credential file may be."""

    source: str
    """As shown to people: `docker config`, `auth.json`, `DOCKER_AUTH_CONFIG`."""
    path: Path | None
    """None when `text` holds the content."""
    style: Style = "containers"
    flat: bool = False
    """Whether the logins are the top level, as in .dockercfg."""
    named: bool = False
    """Whether somebody asked for this very file, so that its absence is worth a word."""
    text: Secret | None = None

    @property
    def shown(self) -> str:
        return visible(str(self.path), 300) if self.path else self.source


@dataclass(frozen=True, slots=True)
class AuthFile:
    """What a credential file says."""

    state: Literal["read", "missing", "unusable"]
    style: Style = "containers"
    logins: Mapping[str, Login | None] = field(default_factory=dict)
    """By key as written; None for an entry without a secret, which a credential store may have."""
    helpers: Mapping[str, str] = field(default_factory=dict)
    store: str = ""
    notices: tuple[str, ...] = ()

    @property
    def says_something(self) -> bool:
        """Whether the file is about logins at all (docker/cli, ContainsAuth)."""
        return self.state == "unusable" or bool(self.logins or self.helpers or self.store)

    def login(self, registry: Registry, path: str) -> Login | None:
        """The login that the file itself holds for a repository."""
        for key in matching(self.logins, registry, path, self.style):
            login = self.logins[key]
            if login is not None:
                return login
        return None

    def helper(self, registry: Registry) -> tuple[str, list[str]]:
        """The suffix of the credential helper to ask, empty for none, and the keys to ask it for, in order."""
        key = helper_key(self.helpers, registry)
        if key is None:
            return self.store, store_keys(registry, matching(self.logins, registry, "", self.style), self.style)
        hub = self.style == "docker" and registry.name == DOCKER_HUB
        return self.helpers[key], [HUB_URL if hub else key]


def read_place(place: Place) -> AuthFile:
    """The file at a place. Raises nothing; blocks on the disk."""
    if place.text is not None:
        return parse_authfile(place.text.reveal().encode("utf-8", "surrogateescape"), place)
    assert place.path is not None
    try:
        content, mode = _read(place.path)
    except _MISSING:
        notices = (f"Ignoring {place.shown}: there is no such file.",) if place.named else ()
        return AuthFile("missing", place.style, notices=notices)
    except IsADirectoryError:
        return _unusable(place, "it is a directory.")
    except PermissionError:
        return _unusable(place, "this user may not read it.")
    except (OSError, ValueError):
        return _unusable(place, "it cannot be read.")
    if content is None:
        return AuthFile("missing", place.style)
    return parse_authfile(content, place, mode)


def parse_authfile(content: bytes, place: Place, mode: int = 0) -> AuthFile:
    """The content of a credential file; `mode` are its permission bits. Raises nothing."""
    try:
        document = parse_json(content, limit=FILE_LIMIT)
    except TooLarge:
        return _unusable(place, f"it is larger than {size(FILE_LIMIT)}.")
    except RegbrowseError as error:
        reason = _POSITION.sub(r" at line \1, column \2.", error.why)
        return _unusable(place, reason[:1].lower() + reason[1:])
    if not isinstance(document.value, dict):
        return _unusable(place, "it holds no JSON object.")
    return _Parser(place).parse(document.value, mode, repeats=bool(document.anomalies))


class _Parser:
    """Collects the warnings of one file."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._notices: list[str] = []

    def parse(self, top: dict[str, JsonValue], mode: int, *, repeats: bool) -> AuthFile:
        place = self._place
        if repeats:
            self._note(f"{place.shown} has the same key twice; the first one counts.")
        logins: dict[str, Login | None] = {}
        for key, value in (top if place.flat else self._object(top, "auths")).items():
            try:
                logins[key] = _entry(value, place.source)
            except _Faulty as fault:
                self._note(f'{place.shown}: the entry "{shown_key(key)}" {fault}; it is skipped.')
        helpers: dict[str, str] = {}
        for key, value in ({} if place.flat else self._object(top, "credHelpers")).items():
            if isinstance(value, str):
                helpers[key] = value
            elif value is not None:
                self._note(f'{place.shown}: the credential helper of "{shown_key(key)}" is no text; it is skipped.')
        store = None if place.flat else top.get("credsStore")
        if store is not None and not isinstance(store, str):
            self._note(f'{place.shown}: "credsStore" is no text; it is ignored.')
        if mode & 0o044 and any(logins.values()):
            self._note(f"{place.shown} holds passwords and other users of this machine may read it.")
        text = store if isinstance(store, str) else ""
        return AuthFile("read", place.style, logins, helpers, text, tuple(self._notices))

    def _object(self, top: dict[str, JsonValue], name: str) -> dict[str, JsonValue]:
        value = top.get(name)
        if isinstance(value, dict):
            return value
        if value is not None:
            self._note(f'{self._place.shown}: "{name}" is no object; it is ignored.')
        return {}

    def _note(self, sentence: str) -> None:
        if len(self._notices) < _NOTICE_LIMIT:
            self._notices.append(sentence)
        elif len(self._notices) == _NOTICE_LIMIT:
            self._notices.append(f"{self._place.shown} has more faulty entries; all of them are skipped.")


class _Faulty(Exception):
    """What is wrong with an entry, as the rest of a sentence; never contains a value."""


def _entry(value: JsonValue, source: str) -> Login | None:
    """One entry of `auths` (docker/cli, types.AuthConfig); None when it holds no secret. Raises _Faulty."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise _Faulty("is no object")
    bearer, identity = _text(value, "registrytoken"), _text(value, "identitytoken")
    user, password = _text(value, "username"), _text(value, "password")
    encoded = _text(value, "auth").strip()
    if encoded:
        try:
            user, password = decode_auth(encoded)
        except ValueError:
            if not (bearer or identity):
                raise _Faulty('has an "auth" that is not base64 of "user:password"') from None
    if bearer:
        if not _BEARER.fullmatch(bearer):
            raise _Faulty('has a "registrytoken" that cannot be sent')
        return Login(user, Secret(bearer), source, "bearer")
    if identity:
        return Login("" if user == TOKEN_USER else user, Secret(identity), source, "identity")
    if password and not user:
        raise _Faulty("has a password and no user name")
    return login_from(user, password, source) if password or encoded else None


def login_from(user: str, secret: str, source: str) -> Login:
    """A login by user name and secret, where the name may say that the secret is an identity token."""
    if user == TOKEN_USER:
        return Login("", Secret(secret), source, "identity")
    return Login(user, Secret(secret), source)


def decode_auth(encoded: str) -> tuple[str, str]:
    """User and password of an `auth` field: base64, padding optional; trailing NULs belong to nobody.

    Raises ValueError, without a value in it, for anything else.
    """
    bare = encoded.rstrip("=")
    try:
        text = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise ValueError("not base64 of UTF-8 text") from None
    user, colon, password = text.partition(":")
    if not colon or not user:
        raise ValueError("not user:password")
    return user, password.rstrip("\0")


def sendable(text: str) -> bool:
    """Whether a text from JSON is real Unicode: lone surrogates have no bytes to send."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _text(entry: dict[str, JsonValue], name: str) -> str:
    value = entry.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _Faulty(f'has a "{name}" that is no text')
    if not sendable(value):
        raise _Faulty(f'has a "{name}" that is no proper text')
    return value


def _read(path: Path) -> tuple[bytes | None, int]:
    """Content and permission bits; None for a device such as /dev/null, which says: no file."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        found = os.fstat(descriptor)
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError
        if stat.S_ISCHR(found.st_mode):
            return None, 0
        if not stat.S_ISREG(found.st_mode):
            raise ValueError("not a file")
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(FILE_LIMIT + 1), found.st_mode
    finally:
        os.close(descriptor)


def _unusable(place: Place, reason: str) -> AuthFile:
    return AuthFile("unusable", place.style, notices=(f"Ignoring {place.shown}: {reason}",))
