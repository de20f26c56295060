"""Credential helpers: real programs that misbehave, none of which may hang, print, or stay behind."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from regbrowse.redact import Secret
from regbrowse.settings.credential_helper import Answer, CredentialHelpers, first_line, run_program

LOGIN = """printf '{"ServerURL":"%s","Username":"ann","Secret":"canary-secret"}' "$(cat)"\n"""
Install = Callable[[str, str], Path]


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """Writes `docker-credential-{suffix}` into the folder that is first on PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def write(suffix: str, body: str) -> Path:
        program = folder / f"docker-credential-{suffix}"
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(0o755)
        return program

    return write


def helpers(tmp_path: Path, limit: float = 30, **environ: str) -> CredentialHelpers:
    path = os.pathsep.join((str(tmp_path / "bin"), "/usr/local/bin", "/usr/bin", "/bin"))
    return CredentialHelpers({"PATH": path, "TMP_PATH": str(tmp_path), **environ}, limit=limit)


async def ask(tmp_path: Path, body: str, install: Install, limit: float = 30, **environ: str) -> Answer:
    install("x", body)
    return await helpers(tmp_path, limit, **environ).ask("x", "reg.example")


async def until(condition: Callable[[], bool]) -> None:
    """Waits for what another process does."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


def alive(pid: int) -> bool:
    """Whether a process runs; the dead that nobody has waited for do not count."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def test_a_helper_gives_a_login_for_the_key_it_is_asked_for(tmp_path: Path, install: Install) -> None:
    body = f"""echo "$1" >"$TMP_PATH/verb"; cat | tee "$TMP_PATH/key" | {LOGIN}"""
    answer = await ask(tmp_path, body, install)
    assert answer == Answer("ann", Secret("canary-secret"))
    assert "canary" not in repr(answer)
    assert (tmp_path / "verb").read_text() == "get\n"
    assert (tmp_path / "key").read_text() == "reg.example"


async def test_a_missing_helper_is_named(tmp_path: Path) -> None:
    answer = await helpers(tmp_path).ask("nowhere", "reg.example")
    assert answer == Answer(problem='The credential helper "docker-credential-nowhere" is not on PATH.', missing=True)


@pytest.mark.parametrize("suffix", ["../../x", "x/../x", "-x", "", "x y", "x;touch", "x\n", "é", "x\0", "a" * 101])
async def test_a_suffix_is_a_name_and_never_a_path_or_command(tmp_path: Path, install: Install, suffix: str) -> None:
    install("x", 'touch "$TMP_PATH/ran"')
    trap = tmp_path / "x"
    trap.write_text('#!/bin/sh\ntouch "$TMP_PATH/ran"')
    trap.chmod(0o755)
    answer = await helpers(tmp_path).ask(suffix, "reg.example")
    assert answer.problem == "A credential helper has an impossible name and was not run."
    assert not (tmp_path / "ran").exists()


async def test_a_helper_in_the_current_folder_is_not_run(
    tmp_path: Path, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("x", LOGIN)
    monkeypatch.chdir(tmp_path / "bin")
    for path in (".", "", ":/usr/bin", "../bin"):
        assert (await CredentialHelpers({"PATH": path}).ask("x", "reg.example")).missing
    assert (await CredentialHelpers({}).ask("x", "reg.example")).missing


async def test_what_is_not_executable_is_not_run(tmp_path: Path, install: Install) -> None:
    install("x", LOGIN).chmod(0o644)
    assert (await helpers(tmp_path).ask("x", "reg.example")).missing


async def test_a_helper_that_cannot_start_says_so(tmp_path: Path, install: Install) -> None:
    install("x", "").write_bytes(b"\x7fELF canary")
    answer = await helpers(tmp_path).ask("x", "reg.example")
    assert answer == Answer(problem="docker-credential-x cannot be started.")
    install("y", LOGIN)
    answer = await helpers(tmp_path, BAD="a\0b").ask("y", "reg.example")
    assert answer == Answer(problem="docker-credential-y cannot be started.")


async def test_not_found_is_no_error(tmp_path: Path, install: Install) -> None:
    body = "echo credentials not found in native keychain; exit 1"
    assert await ask(tmp_path, body, install) == Answer()


@pytest.mark.parametrize("user", ["", "ann"])
async def test_an_empty_login_is_none(tmp_path: Path, install: Install, user: str) -> None:
    assert await ask(tmp_path, f"""echo '{{"Username":"{user}","Secret":""}}'""", install) == Answer()


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("exit 1", "docker-credential-x failed (exit 1)."),
        ("echo canary; exit 3", "docker-credential-x failed (exit 3)."),
        ("echo; echo 'no daemon here' >&2; exit 2", "docker-credential-x failed (exit 2): no daemon here."),
        ("printf 'first\\nsecond\\n' >&2; exit 2", "docker-credential-x failed (exit 2): first."),
        ("printf '\\033[31mred\\a' >&2; exit 2", "docker-credential-x failed (exit 2): \\x1b[31mred\\x07."),
        ("echo canary-1; echo got canary-1 >&2; exit 2", "docker-credential-x failed (exit 2)."),
        ("echo canary-1; echo got canary-1 >&2; echo why >&2; exit 2", "docker-credential-x failed (exit 2): why."),
        ("echo 'password: canary' >&2; exit 2", "docker-credential-x failed (exit 2)."),
        ("kill -9 $$", "docker-credential-x failed (SIGKILL)."),
        ("kill -63 $$", "docker-credential-x failed (signal 63)."),
        ("echo canary", "docker-credential-x answered with something that is not JSON."),
        ("exit 0", "docker-credential-x answered with something that is not JSON."),
        ("echo '[\"canary\"]'", "docker-credential-x answered with something that is no login."),
        ("""echo '{"Username":"ann","Secret":5}'""", "docker-credential-x answered with something that is no login."),
        ("""echo '{"Username":["canary"]}'""", "docker-credential-x answered with something that is no login."),
        (
            """echo '{"Username":"ann","Secret":"canary\\ud800"}'""",
            "docker-credential-x answered with something that is no login.",
        ),
    ],
)
async def test_a_failure_has_a_sentence_without_secrets(
    tmp_path: Path, install: Install, body: str, problem: str
) -> None:
    assert await ask(tmp_path, body, install) == Answer(problem=problem)


async def test_a_helper_that_does_not_read_its_question_may_answer(tmp_path: Path, install: Install) -> None:
    install("x", """exec <&-; echo '{"Username":"ann","Secret":"canary"}'""")
    answer = await helpers(tmp_path).ask("x", "k" * 1_000_000)
    assert answer.user == "ann"


async def test_noise_beside_a_login_is_kept_off_the_screen(
    tmp_path: Path, install: Install, capfd: pytest.CaptureFixture[str]
) -> None:
    noise = "i=0; while [ $i -lt 3000 ]; do echo 'a line of noise that fills the pipe' >&2; i=$((i+1)); done\n"
    answer = await ask(tmp_path, noise + LOGIN, install)
    assert answer.user == "ann"
    assert capfd.readouterr() == ("", "")


async def test_a_flood_is_stopped(tmp_path: Path, install: Install) -> None:
    body = 'echo $$ >"$TMP_PATH/pid"; exec yes canary'
    started = time.monotonic()
    answer = await ask(tmp_path, body, install)
    assert answer == Answer(
        problem="docker-credential-x answered with more than 1 MiB, which is no login; it was stopped."
    )
    assert time.monotonic() - started < 20
    pid = int((tmp_path / "pid").read_text())
    await until(lambda: not alive(pid))


async def test_a_helper_that_sleeps_is_stopped_with_its_children(tmp_path: Path, install: Install) -> None:
    body = 'sleep 600 & echo $! >"$TMP_PATH/child"; echo $$ >"$TMP_PATH/pid"; wait'
    answer = await ask(tmp_path, body, install, limit=0.5)
    why = "docker-credential-x did not answer within 0.5 s (it may be waiting for a passphrase)."
    assert answer == Answer(problem=why, slow=True)
    pids = [int((tmp_path / name).read_text()) for name in ("pid", "child")]
    await until(lambda: not any(alive(pid) for pid in pids))


async def test_a_cancelled_question_stops_the_helper_with_its_children(tmp_path: Path, install: Install) -> None:
    install("x", 'sleep 600 & echo $! >"$TMP_PATH/child"; echo $$ >"$TMP_PATH/pid"; touch "$TMP_PATH/up"; wait')
    asker = helpers(tmp_path)
    question = asyncio.create_task(asker.ask("x", "reg.example"))
    await until((tmp_path / "up").exists)
    assert asker.asking == "docker-credential-x"
    question.cancel()
    with pytest.raises(asyncio.CancelledError):
        await question
    assert asker.asking == ""
    pids = [int((tmp_path / name).read_text()) for name in ("pid", "child")]
    await until(lambda: not any(alive(pid) for pid in pids))


@pytest.mark.parametrize("turns", range(6))
async def test_a_question_cancelled_while_its_helper_starts_ends_at_once(install: Install, turns: int) -> None:
    program = install("x", "exec sleep 600")
    question = asyncio.create_task(run_program([str(program)], b"", {}, seconds=30))
    for _ in range(turns):
        await asyncio.sleep(0)
    question.cancel()
    async with asyncio.timeout(10):
        with pytest.raises(asyncio.CancelledError):
            await question
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_child_left_behind_is_neither_waited_for_nor_left_running(tmp_path: Path, install: Install) -> None:
    body = f'sleep 600 & echo $! >"$TMP_PATH/child"\n{LOGIN}'
    started = time.monotonic()
    answer = await ask(tmp_path, body, install)
    assert answer.user == "ann"
    assert time.monotonic() - started < 15
    child = int((tmp_path / "child").read_text())
    await until(lambda: not alive(child))


async def test_a_helper_has_no_terminal(tmp_path: Path, install: Install) -> None:
    body = 'if (exec 3<>/dev/tty) 2>"$TMP_PATH/said"; then echo yes >"$TMP_PATH/tty"; fi\n' + LOGIN
    assert (await ask(tmp_path, body, install)).user == "ann"
    assert not (tmp_path / "tty").exists()
    assert (tmp_path / "said").read_text()


async def test_a_helper_runs_in_its_own_session_and_in_no_folder_of_ours(tmp_path: Path, install: Install) -> None:
    body = 'pwd >"$TMP_PATH/cwd"; cut -d" " -f6 /proc/$$/stat >"$TMP_PATH/sid"; echo "${GPG_TTY-none}" >"$TMP_PATH/tty"'
    assert (await ask(tmp_path, f"{body}\n{LOGIN}", install, GPG_TTY="/dev/pts/0")).user == "ann"
    assert (tmp_path / "cwd").read_text() == "/\n"
    assert (tmp_path / "tty").read_text() == "none\n"
    assert int((tmp_path / "sid").read_text()) != os.getsid(0)


@pytest.mark.parametrize("said", ["gpg: no tty", "Inappropriate ioctl for device", "pinentry is missing"])
async def test_a_helper_that_speaks_of_a_terminal_may_work_in_the_foreground(
    tmp_path: Path, install: Install, said: str
) -> None:
    answer = await ask(tmp_path, f"echo '{said}' >&2; exit 1", install)
    assert answer.slow
    assert answer.problem == f"docker-credential-x failed (exit 1): {said}."


COUNTING = 'echo run >>"$TMP_PATH/runs"\n'


def runs(tmp_path: Path) -> int:
    return len((tmp_path / "runs").read_text().splitlines())


async def test_a_login_is_kept_until_it_is_forgotten(tmp_path: Path, install: Install) -> None:
    install("x", COUNTING + LOGIN)
    asker = helpers(tmp_path)
    answers = await asyncio.gather(*(asker.ask("x", "reg.example") for _ in range(20)))
    assert {answer.user for answer in answers} == {"ann"}
    assert runs(tmp_path) == 1
    asker.forget("x", "reg.example")
    await asker.ask("x", "reg.example")
    await asker.ask("x", "other.example")
    assert runs(tmp_path) == 3


ABSENT = "echo credentials not found in native keychain; exit 1"


@pytest.mark.parametrize(("body", "life"), [("exit 1", 5), (ABSENT, 300)])
async def test_what_is_no_login_is_kept_for_a_while(
    tmp_path: Path, install: Install, monkeypatch: pytest.MonkeyPatch, body: str, life: float
) -> None:
    install("x", COUNTING + body)
    asker = helpers(tmp_path)
    now = time.monotonic()
    monkeypatch.setattr("regbrowse.settings.credential_helper.monotonic", lambda: now)
    await asyncio.gather(*(asker.ask("x", "reg.example") for _ in range(20)))
    now += life - 1
    await asker.ask("x", "reg.example")
    assert runs(tmp_path) == 1
    now += 2
    await asker.ask("x", "reg.example")
    assert runs(tmp_path) == 2
    asker.forget_absences()
    await asker.ask("x", "reg.example")
    assert runs(tmp_path) == 3


async def test_in_the_foreground_errors_go_to_the_terminal_and_ctrl_c_is_the_helpers(
    tmp_path: Path, install: Install, capfd: pytest.CaptureFixture[str]
) -> None:
    # The shell sends to its parent what Ctrl+C sends to the whole foreground.
    body = "echo 'Passphrase?' >&2; kill -INT $PPID\n" + LOGIN
    install("x", body)
    asker = helpers(tmp_path)
    before = signal.getsignal(signal.SIGINT)
    answer = await asker.ask("x", "reg.example", foreground=True)
    assert answer == Answer("ann", Secret("canary-secret"))
    assert signal.getsignal(signal.SIGINT) is before
    assert capfd.readouterr().err == "Passphrase?\n"
    install("x", "exit 1")
    assert (await asker.ask("x", "reg.example")).user == "ann", "the answer from the foreground counts from now on"


async def test_in_the_foreground_a_child_left_behind_is_not_waited_for(tmp_path: Path, install: Install) -> None:
    install("x", f'sleep 600 & echo $! >"$TMP_PATH/child"\n{LOGIN}')
    started = time.monotonic()
    answer = await helpers(tmp_path).ask("x", "reg.example", foreground=True)
    os.kill(int((tmp_path / "child").read_text()), signal.SIGKILL)
    assert answer.user == "ann"
    assert time.monotonic() - started < 15


async def test_a_cancelled_foreground_helper_ends(tmp_path: Path, install: Install) -> None:
    install("x", 'echo $$ >"$TMP_PATH/pid"; touch "$TMP_PATH/up"; exec sleep 600')
    question = asyncio.create_task(helpers(tmp_path).ask("x", "reg.example", foreground=True))
    await until((tmp_path / "up").exists)
    question.cancel()
    with pytest.raises(asyncio.CancelledError):
        await question
    pid = int((tmp_path / "pid").read_text())
    await until(lambda: not alive(pid))


@pytest.mark.parametrize(
    ("err", "line"),
    [
        (b"", ""),
        (b"\n \nwhy not\n", "why not."),
        (b"Is it locked?", "Is it locked?"),
        (b"token=canary\nreal reason", "real reason."),
        (b"Authorization: Basic canary", ""),
        (b'"Secret": "canary"', ""),
        (b"sent bearer canary", ""),
        (b"GET https://u:canary@h.example/x?sig=canary failed", "GET https://h.example/x?sig=REDACTED failed."),
        (b"GET https://u:1/canary@h.example/x failed", "GET *** failed."),
        (b"bad key eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", "bad key ***."),
        (b"AKIAcanaryAKIAcanary0123456789/abc+ is wrong", "*** is wrong."),
        (b"no 123456789012.dkr.ecr.us-east-1.amazonaws.com", "no 123456789012.dkr.ecr.us-east-1.amazonaws.com."),
        (b"\xff\xfe oops", "\ufffd\ufffd oops."),
        (b"x " * 500, "x " * 99 + "x…"),
    ],
)  # fmt: skip
def test_error_output_is_one_harmless_line(err: bytes, line: str) -> None:
    assert first_line(err, b"") == line
