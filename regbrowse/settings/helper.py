"""Credential helpers: `docker-credential-…` programs that are asked for one login at a time.

docker/docker-credential-helpers, credentials/credentials.go and client/client.go. What a helper prints is
secret; it gets no terminal, a limited time and a limited answer, and nothing of it is left running.
"""

from __future__ import annotations

import asyncio
import math
import os
import re
import shutil
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from regbrowse.errors import RegbrowseError
from regbrowse.oci.document import parse_json
from regbrowse.redact import Secret
from regbrowse.settings.authfile import sendable
from regbrowse.settings.pipes import Pipes, run
from regbrowse.settings.stderr import first_line

TIME_LIMIT = 30.0
FOREGROUND_LIMIT = 300.0
OUTPUT_LIMIT = 2**20
FAILURE_LIFE = 5.0
"""Seconds for which a failure is remembered, so that fifty rows on screen do not start fifty helpers."""
ABSENCE_LIFE = 300.0
"""Seconds for which is remembered that a helper has no login."""
_PREFIX = "docker-credential-"
_SUFFIX = re.compile(r"(?!-)[A-Za-z0-9._-]{1,100}")
_NOT_FOUND = b"credentials not found in native keychain"
_WANTS_TERMINAL = re.compile(rb"pinentry|\btty\b|gpg|passphrase|inappropriate ioctl", re.IGNORECASE)


class Answer(NamedTuple):
    """What a helper had: a login, nothing, or a problem."""

    user: str = ""
    secret: Secret | None = None
    problem: str = ""
    """One sentence without anything secret; empty when the helper worked."""
    missing: bool = False
    """Whether the problem is that there is no such program."""
    slow: bool = False
    """Whether it may work with the terminal: it took too long, or spoke of one."""

    @property
    def life(self) -> float:
        """Seconds for which it is worth remembering."""
        if self.secret is not None:
            return math.inf
        return FAILURE_LIFE if self.problem else ABSENCE_LIFE


def is_suffix(text: str) -> bool:
    """Whether a text may stand behind `docker-credential-`: a name, never a path, an option or a command."""
    return _SUFFIX.fullmatch(text) is not None


class Helpers:
    """Every helper of this process. Logins stay until `forget`, all else for a while."""

    def __init__(self, environ: Mapping[str, str], *, limit: float = TIME_LIMIT) -> None:
        self._environ = dict(environ)
        self._limit = limit
        self._answers: dict[tuple[str, str], tuple[Answer, float]] = {}
        self._turns: dict[tuple[str, str], asyncio.Lock] = {}
        self._running: list[str] = []

    @property
    def asking(self) -> str:
        """The program that is being waited for; empty when none is."""
        return self._running[-1] if self._running else ""

    def program(self, suffix: str) -> Path | None:
        """The executable of a helper, on the absolute folders of PATH only; None when there is none."""
        if not is_suffix(suffix):
            return None
        folders = self._environ.get("PATH", "").split(os.pathsep)
        folders = [folder for folder in folders if Path(folder).is_absolute()]
        found = shutil.which(_PREFIX + suffix, path=os.pathsep.join(folders))
        return Path(found) if found else None

    async def ask(self, suffix: str, key: str) -> Answer:
        """What the helper has under a key. The same question asked twice at once runs one helper. Raises nothing."""
        question = suffix, key
        async with self._turns.setdefault(question, asyncio.Lock()):
            answer, until = self._answers.get(question, (None, 0.0))
            if answer is None or until < time.monotonic():
                answer = await self._ask(suffix, key, foreground=False)
                self._answers[question] = answer, time.monotonic() + answer.life
            return answer

    async def ask_in_foreground(self, suffix: str, key: str) -> Answer:
        """The same with the terminal, for a passphrase; whoever calls has left the screen. Raises nothing."""
        question = suffix, key
        async with self._turns.setdefault(question, asyncio.Lock()):
            answer = await self._ask(suffix, key, foreground=True)
            self._answers[question] = answer, time.monotonic() + answer.life
            return answer

    def forget_absences(self) -> None:
        """Lets the next questions run those helpers again that had no login or failed."""
        self._answers = {key: kept for key, kept in self._answers.items() if kept[0].secret is not None}

    def forget(self, suffix: str, key: str) -> None:
        """Lets the next question run the helper again: its login was refused, or a new one was made."""
        self._answers.pop((suffix, key), None)

    async def _ask(self, suffix: str, key: str, *, foreground: bool) -> Answer:
        if not is_suffix(suffix):
            return Answer(problem="A credential helper has an impossible name and was not run.")
        name = _PREFIX + suffix
        program = await asyncio.to_thread(self.program, suffix)
        if program is None:
            return Answer(problem=f'The credential helper "{name}" is not on PATH.', missing=True)
        self._running.append(name)
        try:
            return await self._run(name, program, key, foreground)
        except TimeoutError:
            limit = FOREGROUND_LIMIT if foreground else self._limit
            why = f"{name} did not answer within {limit:g} s (it may be waiting for a passphrase)."
            return Answer(problem=why, slow=True)
        except (OSError, ValueError):
            return Answer(problem=f"{name} cannot be started.")
        finally:
            self._running.remove(name)

    async def _run(self, name: str, program: Path, key: str, foreground: bool) -> Answer:
        pipes = await run(
            [str(program), "get"],
            key.encode("utf-8", "replace"),
            self._environment(foreground),
            seconds=FOREGROUND_LIMIT if foreground else self._limit,
            most=OUTPUT_LIMIT,
            foreground=foreground,
        )
        return _read(name, pipes)

    def _environment(self, foreground: bool) -> dict[str, str]:
        environ = dict(self._environ)
        if foreground:
            # Without it gpg's agent, a daemon, does not know on which terminal to ask.
            if "GPG_TTY" not in environ and os.isatty(0):
                environ["GPG_TTY"] = os.ttyname(0)
        else:
            # With it gpg's agent, a daemon, would paint its question over our screen.
            environ.pop("GPG_TTY", None)
        return environ


def _read(name: str, pipes: Pipes) -> Answer:
    """The answer of a helper that has ended."""
    if pipes.too_large:
        return Answer(problem=f"{name} answered with more than 1 MiB, which is no login; it was stopped.")
    out, err = bytes(pipes.out), bytes(pipes.err)
    if pipes.code != 0:
        if _NOT_FOUND in out:
            return Answer()
        how = f"exit {pipes.code}" if pipes.code > 0 else _signal(-pipes.code)
        said = first_line(err, out)
        why = f"{name} failed ({how}): {said}" if said else f"{name} failed ({how})."
        return Answer(problem=why, slow=bool(_WANTS_TERMINAL.search(out + b"\n" + err)))
    try:
        fields = parse_json(out, limit=OUTPUT_LIMIT).value
    except RegbrowseError:
        return Answer(problem=f"{name} answered with something that is not JSON.")
    user, secret = (fields.get("Username"), fields.get("Secret")) if isinstance(fields, dict) else (None, None)
    if not isinstance(user, str) or not isinstance(secret, str) or not sendable(user + secret):
        return Answer(problem=f"{name} answered with something that is no login.")
    return Answer(user, Secret(secret)) if user and secret else Answer()


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
