"""What may stand at the end of a command line, as far as the tables of verbs and options tell."""

from __future__ import annotations

from typing import NamedTuple

from regbrowse.cli.arguments import OPTIONS, Option
from regbrowse.cli.verbs.table import CHOICE, VERBS, Verb, find

SHELLS = ("bash", "zsh", "fish")
_MEANT = {"SHELL": SHELLS, "DIGEST": ()}
"""Arguments that are no reference, and what they may be."""


class Wanted(NamedTuple):
    """What the last word may become."""

    begun: str
    """What is there of it."""
    words: tuple[tuple[str, str], ...] = ()
    """Words that begin so, each with what it means."""
    reference: bool = False
    """Whether a reference may stand here."""
    file: bool = False
    """Whether the name of a file may."""
    switches: tuple[str, ...] = ()
    """Names of those options on the line, without a value, that matter to whoever asks a registry."""


def wanted(line: str) -> Wanted:
    """Reads a command line, the program's name first, up to the cursor; words end at spaces alone."""
    words = line.split()
    if not words or line[-1:].isspace():
        words.append("")
    *before, begun = words[1:] or [""]
    option: Option | None = None
    bare: list[str] = []
    switches: list[str] = []
    for word in before:
        if option is not None:
            option = None
        elif word.startswith("-"):
            found = _option(word)
            option = found if found and found.value and "=" not in word else None
            if found and found.everywhere and not found.value and found.name not in ("help", "version", "verbose"):
                switches.append(found.name)
        else:
            bare.append(word)
    if option is not None:
        return _value(option, "", begun)
    name, equals, rest = begun.partition("=")
    given = _option(name) if equals and name.startswith("--") else None
    if given is not None:
        return _value(given, f"{name}=", rest)
    verb = find(bare[0]) if bare else None
    if begun.startswith("-"):
        return Wanted(begun, _begin(_flags(verb, bool(bare)), begun))
    return _argument(verb, bare, begun)._replace(switches=tuple(switches))


def _option(word: str) -> Option | None:
    name = word.partition("=")[0]
    return next((option for option in OPTIONS if name in option.flags), None)


def _value(option: Option, before: str, begun: str) -> Wanted:
    """The value of an option, behind it or behind its `=`."""
    return Wanted(
        before + begun,
        tuple((before + value, "") for value in option.likely if value.startswith(begun)),
        file=option.value == "FILE",
    )


def _flags(verb: Verb | None, settled: bool) -> list[tuple[str, str]]:
    """Those that mean something to the verb; every one while no verb is there."""
    options = [
        option
        for option in OPTIONS
        if option.everywhere or not (verb or settled) or option.name in (verb.options if verb else CHOICE)
    ]
    return [(flag, option.help) for option in options for flag in option.flags]


def _argument(verb: Verb | None, bare: list[str], begun: str) -> Wanted:
    if not bare:
        verbs = [(each.name, each.help) for each in VERBS]
        return Wanted(begun, _begin(verbs, begun), reference=True)
    at = len(bare) - 1
    takes = verb.takes.split() if verb else []
    if at >= len(takes):
        return Wanted(begun)
    kind = takes[at].strip("[]")
    if kind in _MEANT:
        return Wanted(begun, _begin([(word, "") for word in _MEANT[kind]], begun))
    return Wanted(begun, reference=True)


def _begin(words: list[tuple[str, str]], begun: str) -> tuple[tuple[str, str], ...]:
    return tuple((word, means) for word, means in words if word.startswith(begun))
