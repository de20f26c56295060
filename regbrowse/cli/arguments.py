"""What can be written on the command line, and what it means."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from regbrowse import __version__
from regbrowse.cli.help import overview, usage_of, whole
from regbrowse.cli.verbs.table import CHOICE, VERBS, Verb, find

if TYPE_CHECKING:
    from pathlib import Path

CREDENTIALS_VARIABLE = "DOCKER_REGISTRY_CREDENTIALS"
DEMO = "demo"
FILES = ("oci:", "oci-archive:", "docker-archive:")
"""How references begin that mean something on this machine."""


class Option(NamedTuple):  # a dataclass would cost `--help` half its time
    """One option, as parser, help, completion and README know it."""

    name: str
    """Its attribute in Arguments."""
    flags: tuple[str, ...]
    help: str
    value: str = ""
    """What stands behind it: `FILE`; empty for a switch."""
    everywhere: bool = False
    """Whether it means something to every verb and to the browser."""
    likely: tuple[str, ...] = ()
    """Values that completion offers."""


FORMATS = ("json", "table")
_SYSTEMS = ("linux", "windows")
_MACHINES = ("amd64", "arm64", "arm", "386", "ppc64le", "s390x", "riscv64")
_PLATFORMS = (
    "linux/amd64", "linux/arm64", "linux/arm/v7", "linux/arm/v6", "linux/386", "linux/ppc64le", "linux/s390x",
    "linux/riscv64", "windows/amd64",
)  # fmt: skip

OPTIONS: tuple[Option, ...] = (
    Option("raw", ("-r", "--raw"), "exact bytes as served; what is put together here on one line"),
    Option("os", ("--os",), "operating system of the platform (default: linux)", "OS", likely=_SYSTEMS),
    Option("arch", ("--arch",), "architecture of the platform (default: this machine's)", "ARCH", likely=_MACHINES),
    Option(
        "variant", ("--variant",), "variant of the platform, such as v7", "VARIANT", likely=("v5", "v6", "v7", "v8")
    ),
    Option("platform", ("--platform",), "os/arch[/variant][:os.version]", "PLATFORM", likely=_PLATFORMS),
    Option("format", ("--format",), "json, or table for people", "FORMAT", likely=FORMATS),
    Option("long", ("-l", "--long"), "tags with their digests, one HEAD for each"),
    Option("output", ("-o", "--output"), "write to this file; - for standard output", "FILE"),
    Option("force", ("--force",), "overwrite the file"),
    Option("all", ("--all",), "every platform"),
    Option("line", ("--line",), "what may stand at the end of this command line, instead of the script", "TEXT"),
    Option("user", ("-u", "--user"), "log in to the registry of REF", "USER:PASSWORD", True),
    Option("authfile", ("--authfile",), "look for logins in this file first", "FILE", True),
    Option("ca_file", ("--cacert",), "trust this CA certificate (PEM) too", "FILE", True),
    Option("plain_http", ("--plain-http",), "use http where the registry of REF does not speak https", "", True),
    Option("insecure", ("--insecure",), "do not check the certificate of the registry of REF", "", True),
    Option("no_cache", ("--no-cache",), "keep nothing on disk, and use nothing kept there", "", True),
    Option("offline", ("--offline",), "send nothing; show what was kept on disk", "", True),
    Option("verbose", ("-v", "--verbose"), "say every request on stderr; -vv also how it is reached", "", True),
    Option("help", ("-h", "--help"), "this help, or with a verb what it does", "", True),
    Option("version", ("-V", "--version"), "the version", "", True),
)
_FILES = frozenset({"authfile", "ca_file"})
_MAY_BE_EMPTY = frozenset({"line", "user"})
"""Where nothing is something: a line that is just begun, and a login that is refused with its own words."""


class Arguments(NamedTuple):
    """The command line, as values."""

    verb: Verb | None = None
    """None: the browser."""
    words: tuple[str, ...] = ()
    """What stands behind the verb; without one, the reference to open."""
    raw: bool = False
    os: str = ""
    arch: str = ""
    variant: str = ""
    platform: str = ""
    format: str = ""
    long: bool = False
    output: str = ""
    force: bool = False
    all: bool = False
    line: str = ""
    user: str | None = None
    """USER:PASSWORD."""
    authfile: Path | None = None
    ca_file: Path | None = None
    plain_http: bool = False
    insecure: bool = False
    no_cache: bool = False
    offline: bool = False
    verbose: int = 0

    @property
    def reference(self) -> str | None:
        """What is to be opened or asked about, as it was written."""
        return self.words[0] if self.words else None

    @property
    def cache(self) -> bool:
        """Whether content is kept on disk."""
        return not self.no_cache


class _Parser(argparse.ArgumentParser):
    """Says what is wrong, how it is written, and where help is."""

    verb: Verb | None = None

    def error(self, message: str) -> NoReturn:
        # argparse speaks of arguments where everybody says options.
        flags, colon, _ = message.removeprefix("argument ").partition(": ")
        option = next((each for each in OPTIONS if colon and flags == "/".join(each.flags)), None)
        if option is not None and option.value:
            message = _needs(option)
        elif option is not None:
            message = f"{option.flags[-1]} takes no value."
        self.exit(2, f"regbrowse: {message}\n{usage_of(self.verb)}\n")


def _needs(option: Option) -> str:
    return f"{option.flags[-1]} needs {option.value}: {option.help}."


def _formatter(prog: str) -> argparse.HelpFormatter:
    return argparse.HelpFormatter(prog, width=80)  # without a width it loads what measures terminals


def parser() -> argparse.ArgumentParser:
    """The parser; options may stand anywhere."""
    out = _Parser(
        prog="regbrowse",
        add_help=False,
        allow_abbrev=False,
        usage=argparse.SUPPRESS,
        formatter_class=_formatter,
    )
    out.add_argument("words", nargs="*")
    for option in OPTIONS:
        more: dict[str, Any] = {"dest": option.name}
        if option.name == "verbose":
            more |= {"action": "count", "default": 0}
        elif option.value:
            more |= {"metavar": option.value}
        else:
            more |= {"action": "store_true"}
        out.add_argument(*option.flags, **more)
    return out


def parse(words: Sequence[str] | None) -> Arguments:
    """Raises SystemExit: 2 with a sentence on stderr when the words are wrong, 0 after help or version."""
    reader = parser()
    assert isinstance(reader, _Parser)
    found, unknown = reader.parse_known_intermixed_args(words)
    given: list[str] = found.words
    verb = reader.verb = find(given[0]) if given else None
    if unknown:
        _refuse(reader, unknown)
    if found.help:
        _answer(whole(verb, OPTIONS) if verb else overview(VERBS, OPTIONS))
    if found.version:
        _answer(f"regbrowse {__version__}")
    rest = given[1:] if verb else given
    _check(reader, found, verb, given, rest)
    return Arguments(verb, tuple(rest), **_values(found))


def _refuse(reader: _Parser, unknown: list[str]) -> NoReturn:
    """For options that do not exist; what stands behind them may be meant for something else."""
    import difflib

    option = next((word for word in unknown if word.startswith("-")), unknown[0]).partition("=")[0]
    known = [flag for each in OPTIONS for flag in each.flags if flag.startswith("--")]
    close = difflib.get_close_matches(option, known, 1)
    reader.error(f'there is no option "{option}".' + (f' Did you mean "{close[0]}"?' if close else ""))


def _values(found: argparse.Namespace) -> dict[str, Any]:
    from pathlib import Path

    given = {option.name: getattr(found, option.name) for option in OPTIONS}
    del given["help"], given["version"]
    return {name: Path(value) if name in _FILES else value for name, value in given.items() if value is not None}


def _answer(text: str) -> NoReturn:
    """Raises BrokenPipeError."""
    try:
        print(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        print(f"regbrowse: Standard output cannot be written: {error.strerror}.", file=sys.stderr)
        raise SystemExit(2) from None
    raise SystemExit(0)


def _check(reader: _Parser, found: argparse.Namespace, verb: Verb | None, given: list[str], rest: list[str]) -> None:
    if verb is None and len(rest) > 1:
        import difflib

        close = difflib.get_close_matches(given[0], [each.name for each in VERBS], 1)
        hint = f' Did you mean "{close[0]}"?' if close else ""
        reader.error(f'there is no verb "{given[0]}".{hint}')
    if verb is not None and len(rest) > verb.most:
        reader.error(f'"{verb.name}" takes {verb.takes}, and nothing behind it.')
    if verb is not None and len(rest) < verb.least:
        reader.error(f'"{verb.name}" needs {verb.takes}.')
    allowed = verb.options if verb else CHOICE
    for option in OPTIONS:
        if getattr(found, option.name) == "" and option.name not in _MAY_BE_EMPTY:
            reader.error(_needs(option))
        if getattr(found, option.name) and not option.everywhere and option.name not in allowed:
            what = f'"{verb.name}"' if verb else "the browser"
            reader.error(f"{option.flags[-1]} means nothing to {what}.")
    if found.format and found.format not in FORMATS:
        reader.error("--format is json or table.")
    if found.raw and found.format:
        reader.error("--raw and --format say different things: leave one of them out.")
    if found.platform and (found.os or found.arch or found.variant):
        reader.error("--platform says what --os, --arch and --variant say: leave one of them out.")
