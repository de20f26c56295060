"""Credential helpers: `docker-credential-…` programs that are asked for one login at a time.

docker/docker-credential-helpers, credentials/credentials.go and client/client.go. What a helper prints is
secret; it gets no terminal, a limited time and a limited answer, and nothing of it is left running.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import NamedTuple

from regbrowse.errors import RegbrowseError
from regbrowse.oci.document import parse_json
from regbrowse.redact import URL, Secret, redact
from regbrowse.settings.login import sendable
from regbrowse.text import visible

TIME_LIMIT = 30.0
FOREGROUND_LIMIT = 300.0
OUTPUT_LIMIT = 2**20
ERROR_LIMIT = 64 * 2**10
"""Bytes of the error output that are kept; the rest is read and dropped, so that the program does not stand still."""
ERROR_LINE_LIMIT = 200
FAILURE_LIFE = 5.0
"""Seconds for which a failure is remembered, so that fifty rows on screen do not start fifty helpers."""
ABSENCE_LIFE = 300.0
"""Seconds for which is remembered that a helper has no login."""
_POLL = 0.01
_LAST_OUTPUT = 0.2
"""Seconds in which output that was written before the end still arrives; a child left behind may hold the pipe."""
_KILLED = 1.0
"""Seconds that a killed program may take to end."""
_PREFIX = "docker-credential-"
_SUFFIX = re.compile(r"(?!-)[A-Za-z0-9._-]{1,100}")
_NOT_FOUND = b"credentials not found in native keychain"
_WANTS_TERMINAL = re.compile(rb"pinentry|\btty\b|gpg|passphrase|inappropriate ioctl", re.IGNORECASE)
_NAMES_A_SECRET = re.compile(
    r"(?:secret|pass(?:word|wd|phrase)?|token|authorization|credential|api.?key)s?[\"']?\s*(?:[:=]|\bis\b)"
    r"|\b(?:bearer|basic)\s",
    re.IGNORECASE,
)
_LONG_WORD = re.compile(r"(?=[A-Za-z+/=_-]*[0-9])[A-Za-z0-9+/=_-]{24,}")
_WORD = re.compile(r"[^\s\"',:{}]{4,}")


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
    """Check that a text may stand behind `docker-credential-`: a name, never a path, an option or a command."""
    return _SUFFIX.fullmatch(text) is not None


class CredentialHelpers:
    """Asks every helper of this process. Logins stay until `forget`, other answers for a while."""

    def __init__(self, environ: Mapping[str, str], *, limit: float = TIME_LIMIT) -> None:
        """`limit`: seconds that a helper without the terminal may take."""
        self._environ = dict(environ)
        self._limit = limit
        self._answers: dict[tuple[str, str], tuple[Answer, float]] = {}
        self._locks: dict[tuple[str, str], asyncio.Lock] = {}
        self._running: list[str] = []

    @property
    def asking(self) -> str:
        """The program that is being waited for; empty when none is."""
        return self._running[-1] if self._running else ""

    def program(self, suffix: str) -> Path | None:
        """Find the executable of a helper on the absolute folders of PATH; None when there is none."""
        if not is_suffix(suffix):
            return None
        folders = self._environ.get("PATH", "").split(os.pathsep)
        folders = [folder for folder in folders if Path(folder).is_absolute()]
        found = shutil.which(_PREFIX + suffix, path=os.pathsep.join(folders))
        return Path(found) if found else None

    async def ask(self, suffix: str, key: str, *, foreground: bool = False) -> Answer:
        """Ask a helper for the login under a key. Raises nothing.

        The same question asked twice at once runs one helper. In the foreground the helper always runs, with the
        terminal, for a passphrase; the caller has left the screen.
        """
        question = suffix, key
        async with self._locks.setdefault(question, asyncio.Lock()):
            answer, until = self._answers.get(question, (None, 0.0))
            if answer is None or until < monotonic() or foreground:
                answer = await self._run(suffix, key, foreground)
                self._answers[question] = answer, monotonic() + answer.life
            return answer

    def forget_absences(self) -> None:
        """Let the next questions run those helpers again that had no login or failed."""
        self._answers = {key: kept for key, kept in self._answers.items() if kept[0].secret is not None}

    def forget(self, suffix: str, key: str) -> None:
        """Let the next question run the helper again: its login was refused, or a new one was made."""
        self._answers.pop((suffix, key), None)

    async def _run(self, suffix: str, key: str, foreground: bool) -> Answer:
        if not is_suffix(suffix):
            return Answer(problem="A credential helper has an impossible name and was not run.")
        name = _PREFIX + suffix
        program = await asyncio.to_thread(self.program, suffix)
        if program is None:
            return Answer(problem=f'The credential helper "{name}" is not on PATH.', missing=True)
        limit = FOREGROUND_LIMIT if foreground else self._limit
        question = key.encode("utf-8", "replace")
        self._running.append(name)
        try:
            arguments, environ = [str(program), "get"], self._environment(foreground)
            return _read(name, await run_program(arguments, question, environ, seconds=limit, foreground=foreground))
        except TimeoutError:
            why = f"{name} did not answer within {limit:g} s (it may be waiting for a passphrase)."
            return Answer(problem=why, slow=True)
        except (OSError, ValueError):
            return Answer(problem=f"{name} cannot be started.")
        finally:
            self._running.remove(name)

    def _environment(self, foreground: bool) -> dict[str, str]:
        environ = dict(self._environ)
        if not foreground:
            # With it gpg's agent, a daemon, would paint its question over our screen.
            environ.pop("GPG_TTY", None)
        elif "GPG_TTY" not in environ and os.isatty(0):
            # Without it gpg's agent does not know on which terminal to ask.
            environ["GPG_TTY"] = os.ttyname(0)
        return environ


# The program


class Output(NamedTuple):
    """What a program that has ended has written."""

    code: int
    """Exit status; negative: minus the number of the signal that ended it."""
    out: bytes
    """Longer than the limit when the program was stopped for that."""
    err: bytes
    """The first 64 KiB."""


async def run_program(
    arguments: Sequence[str],
    question: bytes,
    environ: Mapping[str, str],
    *,
    seconds: float,
    foreground: bool = False,
) -> Output:
    """Run a program without a shell in the root folder, `question` on its standard input.

    In the background it has a session of its own, hence no terminal, and its whole process group is killed at the
    end or when it has written more than OUTPUT_LIMIT. In the foreground its standard error is ours, and Ctrl+C
    ends it and not us. Raises TimeoutError after `seconds`, OSError or ValueError when it cannot be started. Safe to
    cancel.
    """
    with _interrupts_are_for_the_child() if foreground else contextlib.nullcontext():
        process = await _start(arguments, environ, foreground=foreground)
        out, err = bytearray(), bytearray()
        kept = ((process.stdout, out, OUTPUT_LIMIT), (process.stderr, err, ERROR_LIMIT))
        readers = [asyncio.create_task(_keep(stream, into, most)) for stream, into, most in kept if stream is not None]
        try:
            if process.stdin is not None:
                process.stdin.write(question)
                process.stdin.close()
            async with asyncio.timeout(seconds):
                # On some Pythons Process.wait waits for the pipes too (python/cpython#119710).
                while process.returncode is None and len(out) <= OUTPUT_LIMIT:
                    await asyncio.sleep(_POLL)
            if len(out) <= OUTPUT_LIMIT:
                await asyncio.wait(readers, timeout=_LAST_OUTPUT)
        finally:
            for reader in readers:
                reader.cancel()
            await _kill(process, group=not foreground)
    code = -signal.SIGKILL if process.returncode is None else process.returncode
    return Output(code, bytes(out), bytes(err))


async def _start(
    arguments: Sequence[str], environ: Mapping[str, str], *, foreground: bool
) -> asyncio.subprocess.Process:
    """Start a program to the end even when cancelled, so that what it has started meanwhile can be killed."""
    start = asyncio.create_task(
        asyncio.create_subprocess_exec(
            *arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if foreground else subprocess.PIPE,
            cwd=os.sep,
            env=environ,
            start_new_session=not foreground,
        )
    )
    try:
        return await asyncio.shield(start)
    except asyncio.CancelledError:
        await asyncio.wait([start], timeout=_KILLED)
        if start.done() and not start.cancelled() and start.exception() is None:
            await _kill(start.result(), group=not foreground)
        raise


async def _keep(stream: asyncio.StreamReader, into: bytearray, limit: int) -> None:
    """Read a stream to its end; keep its beginning, one byte more than the limit at most."""
    while chunk := await stream.read(2**16):
        into += chunk[: limit + 1 - len(into)]


async def _kill(process: asyncio.subprocess.Process, *, group: bool) -> None:
    """Kill what still runs. The group goes too when its leader is gone: a child may have been left behind."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if group:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_KILLED):
            while process.returncode is None:
                await asyncio.sleep(_POLL)
    # There is no public way to close the pipes that a child left behind keeps open.
    process._transport.close()  # type: ignore[attr-defined]


@contextlib.contextmanager
def _interrupts_are_for_the_child() -> Iterator[None]:
    """Ignore Ctrl+C, by a handler that does nothing: a child does not inherit it, unlike an ignored signal."""

    def nothing(number: int, frame: FrameType | None) -> None:
        pass

    before = signal.signal(signal.SIGINT, nothing)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


# What it has written


def _read(name: str, output: Output) -> Answer:
    """Read the answer of a helper that has ended."""
    code, out, err = output
    if len(out) > OUTPUT_LIMIT:
        return Answer(problem=f"{name} answered with more than 1 MiB, which is no login; it was stopped.")
    if code != 0:
        if _NOT_FOUND in out:
            return Answer()
        how = f"exit {code}" if code > 0 else _signal(-code)
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


def first_line(err: bytes, out: bytes) -> str:
    """Make a sentence of the first harmless line of a program's error output; empty when there is none.

    Lines with a word of its other output `out`, which may be half a secret, are left out, as are lines that
    announce a secret; long words of letters and digits become `***`.
    """
    secrets = _WORD.findall(out.decode("utf-8", "replace"))
    for line in err.decode("utf-8", "replace").splitlines():
        line = line.strip()
        if not line or _NAMES_A_SECRET.search(line) or any(word in line for word in secrets):
            continue
        line = _LONG_WORD.sub("***", URL.sub(_redacted, line))
        shown = visible(line, ERROR_LINE_LIMIT)
        return shown if shown.endswith((".", "…", "!", "?")) else f"{shown}."
    return ""


def _redacted(url: re.Match[str]) -> str:
    shown = redact(url[0])
    # With a slash in the password it is unknown where the user ends and the host begins.
    return "***" if "@" in shown else shown
