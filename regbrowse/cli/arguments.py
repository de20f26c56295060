"""The command line as values, read by argparse from the table of options and verbs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TextIO

from regbrowse import __version__
from regbrowse.cli.help import Formatter, description, epilog, usage
from regbrowse.cli.verb_table import BROWSER, EXCLUSIVE, OPTIONS, POSITIONALS, VERBS, Option, Verb, find

if TYPE_CHECKING:
    from pathlib import Path


class Arguments(NamedTuple):
    """The command line, as values."""

    verb: Verb = BROWSER
    reference: str | None = None
    """What is to be opened or asked about, as it was written."""
    digest: str = ""
    shell: str = ""
    other: str | None = None
    """The second of two things that are compared, as it was written."""
    raw: bool = False
    os: str = ""
    arch: str = ""
    variant: str = ""
    platform: str = ""
    format: str = ""
    long: bool = False
    sizes: bool = False
    decode: bool = False
    interval: float = 60
    """Seconds."""
    duration: float = 3600
    """Seconds."""
    output: str = ""
    force: bool = False
    all: bool = False
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
    def cache(self) -> bool:
        """Whether content is kept on disk."""
        return not self.no_cache

    @property
    def names_platform(self) -> bool:
        """Whether an option says for which platform."""
        return bool(self.platform or self.os or self.arch or self.variant)


def parse(words: Sequence[str] | None = None) -> Arguments:
    """Read the command line; None is that of this process.

    Raises SystemExit: 2 with a sentence on stderr when it is wrong, 0 after help or version.
    """
    words = sys.argv[1:] if words is None else words
    parser = Parser(find(first_word(words)) or BROWSER)
    found, unknown = parser.parse_known_intermixed_args(words)
    arguments = Arguments(**{**vars(found), "verb": parser.verb})
    if unknown:
        parser.refuse(unknown, arguments.reference)
    if arguments.platform and (arguments.os or arguments.arch or arguments.variant):
        parser.error("--platform says what --os, --arch and --variant say: leave one of them out.")
    return arguments


def first_word(words: Sequence[str]) -> str | None:
    """Find the first word that is neither an option nor the value of one: the verb, or else a reference.

    The parsers of argparse's own sub-commands would read no option before the verb.
    """
    reader = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False, formatter_class=Formatter)
    reader.add_argument("word", nargs="?")
    for option in OPTIONS:
        reader.add_argument(*option.flags, action="store" if option.value else "store_true")
    found = argparse.Namespace(word=None)
    with suppress(argparse.ArgumentError):  # the parser of the verb will tell
        reader.parse_known_args(words, found)
    word: str | None = found.word
    return word


class Parser(argparse.ArgumentParser):
    """Reads the command line for one verb. It knows every option, to say of some that they mean nothing here."""

    def __init__(self, verb: Verb) -> None:
        super().__init__(
            prog=f"regbrowse {verb.name}".strip(),
            usage=usage(verb),
            description=description(verb),
            epilog=epilog(verb),
            formatter_class=Formatter,
            argument_default=argparse.SUPPRESS,  # the defaults are those of Arguments
            add_help=False,
            allow_abbrev=False,
        )
        self.verb = verb
        self.actions: dict[str, argparse.Action] = {}
        """By attribute of Arguments."""
        if verb.name:
            self.add_argument("verb", help=argparse.SUPPRESS)
        for word in verb.takes.split():
            name, choices = POSITIONALS[word.strip("[]")]
            nargs = "?" if word.startswith("[") else None
            self.actions[name] = self.add_argument(
                name, metavar=word.strip("[]"), nargs=nargs, choices=choices, help=argparse.SUPPRESS
            )
        own = self.add_argument_group("options" if verb.name else "options, anywhere on the line")
        shared = self.add_argument_group("options of every verb") if verb.name else own
        exclusive = own.add_mutually_exclusive_group()
        for option in OPTIONS:
            if option.everywhere:
                self._add(shared, option)
            elif option.name in verb.options:
                self._add(exclusive if option.name in EXCLUSIVE else own, option)
            elif verb.name:
                self._refuse(self, option, argparse.SUPPRESS)
            else:
                self._refuse(own, option, option.help)

    def refuse(self, unknown: list[str], reference: str | None) -> NoReturn:
        """End with what is wrong with the words that the parser does not know."""
        option = next((word.partition("=")[0] for word in unknown if word.startswith("-")), None)
        if option is not None:
            flags = [flag for each in OPTIONS for flag in each.flags if flag.startswith("--")]
            self.error(f'there is no option "{option}".{_meant(option, flags)}')
        if self.verb is BROWSER and reference is not None:
            self.error(f'there is no verb "{reference}".{_meant(reference, [verb.name for verb in VERBS])}')
        self.error(f"unrecognized arguments: {' '.join(unknown)}")

    def error(self, message: str) -> NoReturn:
        """End with the message in a line and the usage in another."""
        written = self.format_usage().strip().replace("\n      ", ",")
        self.exit(2, f"regbrowse: {message}\n{written}   ({self.prog} --help says more)\n")

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """End the program; with 2 when help or version could not be written. Raises BrokenPipeError."""
        stdout: TextIO | None = sys.stdout
        if status == 0 and stdout is not None:
            try:
                stdout.flush()
            except BrokenPipeError:
                raise
            except OSError as error:
                status, message = 2, f"regbrowse: Standard output cannot be written: {error.strerror}.\n"
        super().exit(status, message)

    def _add(self, group: argparse._ActionsContainer, option: Option) -> None:
        how: dict[str, Any] = {"action": option.action}
        if option.value:
            how = {"metavar": option.value, "type": option.type, "choices": option.choices}
        elif option.action == "version":
            how["version"] = f"regbrowse {__version__}"
        self.actions[option.name] = group.add_argument(*option.flags, dest=option.name, help=option.help, **how)

    def _refuse(self, group: argparse._ActionsContainer, option: Option, shown: str) -> None:
        group.add_argument(
            *option.flags,
            action=_Meaningless,
            nargs=None if option.value else 0,
            metavar=option.value or None,
            const=f'"{self.verb.name}"' if self.verb.name else "the browser",
            help=shown,
        )


class _Meaningless(argparse.Action):
    """Refuses an option that the verb does not have; `const` is the verb, in words."""

    def __call__(self, *_: object) -> NoReturn:
        raise argparse.ArgumentError(None, f"{self.option_strings[-1]} means nothing to {self.const}.")


def _meant(word: str, known: list[str]) -> str:
    import difflib

    close = difflib.get_close_matches(word, known, 1)
    return f' Did you mean "{close[0]}"?' if close else ""
