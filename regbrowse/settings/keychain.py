"""Saved logins: every place where docker and podman keep them; the first that has one wins.

Inside a file a credential helper counts before the file's own entries, as in docker/cli (cli/config/configfile,
GetCredentialsStore). Nothing is ever written; each problem becomes a sentence in `notices`.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from regbrowse.redact import Secret
from regbrowse.reference import Registry
from regbrowse.settings.auth_file import AuthFile, AuthFileLocation, read_auth_file
from regbrowse.settings.credential_helper import TIME_LIMIT, Answer, CredentialHelpers, is_suffix
from regbrowse.settings.files import KnownRegistry, Notices, config_folder
from regbrowse.settings.login import Login, Source, login_from
from regbrowse.settings.registries_conf import NameList
from regbrowse.text import visible

DOCKER_CONFIG = "docker config"
_AUTH_FILES = "containers-auth.json"
"""In `credential-helpers` of registries.conf: podman's auth files."""
_NOTICE_LIMIT = 200


def locations(
    environ: Mapping[str, str],
    home: Path,
    authfile: Path | None,
    uid: int,
    platform: str,
    helpers: NameList | None = None,
) -> tuple[AuthFileLocation, ...]:
    """List the locations of auth files in the order in which they count: options and variables, docker's, podman's.

    docker/cli, cli/config; containers/image, docs/containers-auth.json.5: REGISTRY_AUTH_FILE stands for all of
    podman's own files, and `helpers` in registries.conf are asked before or behind those, as they stand around
    "containers-auth.json" there. That docker's comes before podman's is our choice, and that podman's files are read
    also when that word is missing: a login in them was made for the same registry.
    """
    found = [AuthFileLocation("--authfile", authfile, named=True)] if authfile else []
    if text := environ.get("DOCKER_AUTH_CONFIG", ""):
        found.append(AuthFileLocation("DOCKER_AUTH_CONFIG", None, "docker", text=Secret(text)))
    only = environ.get("REGISTRY_AUTH_FILE", "")
    folders = _podman_folders(environ, home, uid, platform)
    files = [Path(only)] if only else [folder / "auth.json" for folder in folders]
    before, behind = _named_in_registries_conf(helpers)
    podman = [*before, *(AuthFileLocation("auth.json", file) for file in files), *behind]
    folder = Path(environ.get("DOCKER_CONFIG", "") or home / ".docker")
    docker = AuthFileLocation(DOCKER_CONFIG, folder / "config.json", "docker")
    found += [*podman, docker] if only else [docker, *podman]
    found.append(AuthFileLocation(".dockercfg", home / ".dockercfg", "docker", flat=True))
    return tuple(found)


def _named_in_registries_conf(helpers: NameList | None) -> tuple[list[AuthFileLocation], list[AuthFileLocation]]:
    """List the helpers before podman's auth files, and those behind (containers/image, pkg/docker/config)."""
    names = helpers.names if helpers else ()
    at = names.index(_AUTH_FILES) if _AUTH_FILES in names else len(names)
    found = [
        AuthFileLocation("registries.conf", helpers.file if helpers else None, helper=name)
        for name in names
        if name != _AUTH_FILES
    ]
    return found[:at], found[at:]


def _podman_folders(environ: Mapping[str, str], home: Path, uid: int, platform: str) -> list[Path]:
    runtime = Path(environ.get("XDG_RUNTIME_DIR", ""))
    if not platform.startswith("linux"):
        first = home / ".config" / "containers"
    elif runtime.is_absolute():
        first = runtime / "containers"
    else:
        first = Path("/run/containers") / str(uid)
    return list(dict.fromkeys((first, config_folder(environ, home) / "containers")))


class _NamedHelper(NamedTuple):
    """A credential helper that an auth file names for a registry."""

    location: AuthFileLocation
    suffix: str
    keys: tuple[str, ...]
    """What it is asked for, one after the other."""
    chosen: bool
    """Whether the file names it; else it is the one that docker takes by default."""

    @property
    def program(self) -> str:
        return f"docker-credential-{self.suffix}"

    @property
    def source(self) -> str:
        # What cannot be a name may be something pasted into the wrong place, and is not shown.
        return f"credential helper {self.program if is_suffix(self.suffix) else 'with an impossible name'}"


class Keychain:
    """The logins that this machine keeps. Reads nothing before it is asked; sees changed files at the next question."""

    def __init__(
        self,
        environ: Mapping[str, str],
        home: Path,
        *,
        authfile: Path | None = None,
        uid: int | None = None,
        platform: str = sys.platform,
        limit: float = TIME_LIMIT,
        helpers: NameList | None = None,
    ) -> None:
        """`limit`: seconds that a credential helper may take; `helpers`: those that registries.conf names."""
        self._path = environ.get("PATH", "")
        self._home = home
        self._platform = platform
        uid = os.getuid() if uid is None else uid
        self._locations = locations(environ, home, authfile, uid, platform, helpers)
        self._versions: list[tuple[int, ...] | None] = []
        self._files: tuple[tuple[AuthFileLocation, AuthFile], ...] = ()
        self._reading = asyncio.Lock()
        self._helpers = CredentialHelpers(environ, limit=limit)
        self._default_store = ""
        self._notices = Notices(_NOTICE_LIMIT)
        self.slow: set[str] = set()
        """Keys of registries whose helper took too long or spoke of a terminal: it may work in the foreground."""

    @property
    def notices(self) -> tuple[str, ...]:
        """One sentence per problem; never with a value."""
        return self._notices.all

    @property
    def asking(self) -> str:
        """The helper that is being waited for, such as `docker-credential-ecr-login`; else empty."""
        return self._helpers.asking

    async def find(self, registry: Registry, path: str = "") -> Login | None:
        """Find the login for a repository of a registry. Raises nothing; may take as long as a helper."""
        return (await self._look(registry, path))[0]

    async def sources(self, registry: Registry, path: str = "") -> tuple[Source, ...]:
        """List every place in order with what it has. Helpers behind the winner are not asked."""
        return tuple((await self._look(registry, path))[1])

    async def registries(self) -> list[KnownRegistry]:
        """List the registries that the auth files name, without asking any helper."""
        await self._refresh()
        return [
            KnownRegistry(registry, self._where(location))
            for location, file in self._files
            for registry in file.registries
        ]

    def helper_for(self, registry: Registry) -> str | None:
        """Name the first helper for a registry, by the files as they were last read; None when there is none."""
        named = self._first_helper(registry)
        return named.program if named else None

    def forget(self, registry: Registry) -> None:
        """Have the helpers of a registry run again at the next question, because their login was refused."""
        for named in self._named_helpers(registry):
            for key in named.keys:
                self._helpers.forget(named.suffix, key)

    async def in_foreground(self, registry: Registry) -> Login | None:
        """Run the helper of a registry with the terminal, for a passphrase; the caller has left the screen.

        Its login is what `find` answers from now on. Raises nothing.
        """
        await self._refresh()
        named = self._first_helper(registry)
        if named is None:
            return None
        login, answer = await self._ask(named, foreground=True)
        if login is not None:
            self.slow.discard(registry.key)
        elif answer.problem:
            self._notices.add(_problem(named, answer))
        return login

    async def _refresh(self) -> None:
        """Read the auth files if any has changed."""
        async with self._reading:
            if await asyncio.to_thread(self._read_changed):
                # `docker login` writes its file also when a helper keeps the password.
                self._helpers.forget_absences()
        for _, file in self._files:
            for notice in file.notices:
                self._notices.add(notice)

    def _read_changed(self) -> bool:
        self._default_store = self._docker_default()
        versions = [_version(location) for location in self._locations]
        if versions == self._versions:
            return False
        self._files = tuple((location, read_auth_file(location)) for location in self._locations)
        self._versions = versions
        return True

    def _docker_default(self) -> str:
        """The store that docker takes when its file names none (docker/cli, credentials.DetectDefaultStore)."""
        if self._platform.startswith("linux"):
            suffix = "pass" if shutil.which("pass", path=self._path) else "secretservice"
        else:
            suffix = {"darwin": "osxkeychain", "win32": "wincred"}.get(self._platform, "")
        return suffix if self._helpers.program(suffix) else ""

    def _named_helpers(self, registry: Registry) -> list[_NamedHelper]:
        found = (self._named_helper(location, file, registry) for location, file in self._files)
        return [named for named in found if named is not None]

    def _named_helper(self, location: AuthFileLocation, file: AuthFile, registry: Registry) -> _NamedHelper | None:
        suffix, keys = file.helper(registry)
        chosen = bool(suffix)
        if not suffix and location.source == DOCKER_CONFIG and not file.says_something:
            suffix = self._default_store
        return _NamedHelper(location, suffix, tuple(keys), chosen) if suffix else None

    def _first_helper(self, registry: Registry) -> _NamedHelper | None:
        return next((named for named in self._named_helpers(registry) if is_suffix(named.suffix)), None)

    async def _look(self, registry: Registry, path: str) -> tuple[Login | None, list[Source]]:
        await self._refresh()
        winner: Login | None = None
        sources: list[Source] = []
        problems: list[str] = []
        for location, file in self._files:
            where = self._where(location)
            named = self._named_helper(location, file, registry)
            if named and winner:
                sources.append(Source(named.source, note=f"named in {where}: not asked"))
            elif named:
                winner, answer = await self._ask(named)
                if answer.slow:
                    self.slow.add(registry.key)
                if answer.problem and (named.chosen or answer.slow):
                    problems.append(_problem(named, answer))
                note = f"named in {where}" if named.chosen else "docker's default"
                said = answer.problem.rstrip(".") if answer.problem else "" if winner else "nothing for this registry"
                sources.append(_source(named.source, winner, f"{note}: {said}" if said else note, wins=bool(winner)))
            login = file.login(registry, path)
            if login is not None:
                sources.append(_source(location.source, login, where, wins=winner is None))
                winner = winner or login
            elif named is None:
                sources.append(Source(location.source, note=f"{where}: {_ABSENCE[file.state]}"))
        host = visible(registry.name)
        rest = f"with the credentials from {winner.source} for {host}" if winner else f"without credentials for {host}"
        for problem in problems:
            self._notices.add(f"{problem} Continuing {rest}.")
        return winner, sources

    async def _ask(self, named: _NamedHelper, *, foreground: bool = False) -> tuple[Login | None, Answer]:
        """Get the login that a helper has under the first of its keys that it knows, and its last answer."""
        answer = Answer()
        for key in named.keys:
            answer = await self._helpers.ask(named.suffix, key, foreground=foreground)
            if answer.secret is not None:
                return login_from(answer.user, answer.secret.reveal(), named.source), answer
            if answer.problem:
                break
        return None, answer

    def _where(self, location: AuthFileLocation) -> str:
        """Write the path of a location as people write it."""
        if location.path is None:
            return "environment"
        try:
            return visible(f"~/{location.path.relative_to(self._home)}", 300)
        except ValueError:
            return location.shown


_ABSENCE = {"missing": "no such file", "unusable": "cannot be used", "read": "nothing for this registry"}


def _version(location: AuthFileLocation) -> tuple[int, ...] | None:
    """Describe a file by numbers that change whenever it is written; None when there is no file."""
    if location.path is None:
        return (0,)
    try:
        found = location.path.stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _source(name: str, login: Login | None, note: str, *, wins: bool) -> Source:
    return Source(name, visible(login.user) if login else "", note, wins)


def _problem(named: _NamedHelper, answer: Answer) -> str:
    """Write a helper's problem; of one that is missing, with the file that names it."""
    if not answer.missing:
        return answer.problem
    owner = f"Your {DOCKER_CONFIG}" if named.location.source == DOCKER_CONFIG else named.location.shown
    return f'{owner} names the credential helper "{named.program}", which is not on PATH.'
