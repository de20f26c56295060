"""Saved logins: every place where docker and podman keep them, the first that has one wins.

Inside a file a credential helper counts before the file's own entries, as in docker/cli (cli/config/configfile,
GetCredentialsStore). Nothing is ever written; whatever is wrong becomes a sentence in `notices`.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from regbrowse.reference import Registry
from regbrowse.settings.authfile import AuthFile, Place, login_from
from regbrowse.settings.authplaces import DOCKER, Shelf, places
from regbrowse.settings.helper import TIME_LIMIT, Answer, Helpers, is_suffix
from regbrowse.settings.login import Login, Source
from regbrowse.text import visible

__all__ = ["Keychain", "Source"]

_NOTICE_LIMIT = 200


class _Named(NamedTuple):
    """A credential helper that a place names for a registry."""

    place: Place
    suffix: str
    keys: tuple[str, ...]
    """What it is asked for, one after the other."""
    chosen: bool
    """Whether somebody wrote its name down; else it is the one that docker takes by default."""

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
    ) -> None:
        """`limit`: seconds that a credential helper may take."""
        self._environ = dict(environ)
        self._home = home
        self._platform = platform
        self._shelf = Shelf(places(environ, home, authfile, os.getuid() if uid is None else uid, platform))
        self._helpers = Helpers(environ, limit=limit)
        self._default_store = ""
        self.notices: list[str] = []
        """One sentence per problem, each once; never with a value."""
        self.slow: set[str] = set()
        """Keys of registries whose helper took too long or spoke of a terminal: it may work in the foreground."""

    @property
    def asking(self) -> str:
        """The helper that is being waited for, such as `docker-credential-ecr-login`; else empty."""
        return self._helpers.asking

    async def find(self, registry: Registry, path: str = "") -> Login | None:
        """The login for a repository of a registry, or None. Raises nothing; may take as long as a helper."""
        return (await self._look(registry, path))[0]

    async def sources(self, registry: Registry, path: str = "") -> tuple[Source, ...]:
        """Every place that was looked at and what it has, in order. Helpers behind the winner are not asked."""
        return tuple((await self._look(registry, path))[1])

    def helper_for(self, registry: Registry) -> str | None:
        """The first helper that is named for a registry, by the files as they were last read; else None."""
        named = self._first_helper(registry)
        return named.program if named else None

    def forget(self, registry: Registry) -> None:
        """Has the helpers of a registry run again at the next question, because what they said was refused."""
        for place, file in self._shelf.files:
            if named := self._named(place, file, registry):
                for key in named.keys:
                    self._helpers.forget(named.suffix, key)

    async def in_foreground(self, registry: Registry) -> Login | None:
        """Runs the helper of a registry with the terminal, for a passphrase; whoever calls has left the screen.

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
            self._tell([_problem(named, answer)])
        return login

    async def _refresh(self) -> None:
        if await self._shelf.refresh():
            # `docker login` writes its file also when a helper keeps the password.
            self._helpers.forget_absences()
        self._tell(self._shelf.notices)
        self._default_store = await asyncio.to_thread(self._docker_default)

    def _docker_default(self) -> str:
        """The store that docker takes when its file names none (docker/cli, credentials.DetectDefaultStore)."""
        if self._platform.startswith("linux"):
            suffix = "pass" if shutil.which("pass", path=self._environ.get("PATH", "")) else "secretservice"
        else:
            suffix = {"darwin": "osxkeychain", "win32": "wincred"}.get(self._platform, "")
        return suffix if self._helpers.program(suffix) else ""

    def _named(self, place: Place, file: AuthFile, registry: Registry) -> _Named | None:
        suffix, keys = file.helper(registry)
        chosen = bool(suffix)
        if not suffix and place.source == DOCKER and not file.says_something:
            suffix = self._default_store
        return _Named(place, suffix, tuple(keys), chosen) if suffix else None

    def _first_helper(self, registry: Registry) -> _Named | None:
        found = (self._named(place, file, registry) for place, file in self._shelf.files)
        return next((named for named in found if named and is_suffix(named.suffix)), None)

    async def _look(self, registry: Registry, path: str) -> tuple[Login | None, list[Source]]:
        await self._refresh()
        winner: Login | None = None
        sources: list[Source] = []
        unheard: list[str] = []
        for place, file in self._shelf.files:
            where = self._where(place)
            named = self._named(place, file, registry)
            if named and winner:
                sources.append(Source(named.source, note=f"named in {where}: not asked"))
            elif named:
                winner, answer = await self._ask(named)
                if answer.slow:
                    self.slow.add(registry.key)
                if answer.problem and (named.chosen or answer.slow):
                    unheard.append(_problem(named, answer))
                note = f"named in {where}" if named.chosen else "docker's default"
                said = answer.problem.rstrip(".") if answer.problem else "" if winner else "nothing for this registry"
                sources.append(_source(named.source, winner, f"{note}: {said}" if said else note, wins=bool(winner)))
            login = file.login(registry, path)
            if login is not None:
                sources.append(_source(place.source, login, where, wins=winner is None))
                winner = winner or login
            elif named is None:
                sources.append(Source(place.source, note=f"{where}: {_absence(file)}"))
        self._tell(f"{problem} {_rest(registry, winner)}" for problem in unheard)
        return winner, sources

    async def _ask(self, named: _Named, *, foreground: bool = False) -> tuple[Login | None, Answer]:
        """The login that a helper has under the first of its keys that it knows, and its last answer."""
        answer = Answer()
        for key in named.keys:
            ask = self._helpers.ask_in_foreground if foreground else self._helpers.ask
            answer = await ask(named.suffix, key)
            if answer.secret is not None:
                return login_from(answer.user, answer.secret.reveal(), named.source), answer
            if answer.problem:
                break
        return None, answer

    def _where(self, place: Place) -> str:
        """The path of a place as people write it."""
        if place.path is None:
            return "environment"
        try:
            return visible(f"~/{place.path.relative_to(self._home)}", 300)
        except ValueError:
            return place.shown

    def _tell(self, sentences: Iterable[str]) -> None:
        for sentence in sentences:
            if sentence not in self.notices and len(self.notices) < _NOTICE_LIMIT:
                self.notices.append(sentence)


def _source(name: str, login: Login | None, note: str, *, wins: bool) -> Source:
    return Source(name, visible(login.user) if login else "", note, wins)


def _problem(named: _Named, answer: Answer) -> str:
    """A helper's problem with the name of who wants it."""
    if not answer.missing:
        return answer.problem
    owner = f"Your {DOCKER}" if named.place.source == DOCKER else named.place.shown
    return f'{owner} names the credential helper "{named.program}", which is not on PATH.'


def _rest(registry: Registry, winner: Login | None) -> str:
    host = visible(registry.name)
    if winner is None:
        return f"Continuing without credentials for {host}."
    return f"Continuing with the credentials from {winner.source} for {host}."


def _absence(file: AuthFile) -> str:
    match file.state:
        case "missing":
            return "no such file"
        case "unusable":
            return "cannot be used"
        case "read":
            return "nothing for this registry"
