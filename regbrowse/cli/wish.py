"""The platform that the command line asks for."""

from __future__ import annotations

from typing import NamedTuple

from regbrowse.cli.arguments import Arguments
from regbrowse.errors import BadReference
from regbrowse.oci.platform import Platform, choose
from regbrowse.text import visible


class Wish(NamedTuple):
    """The platform that is wanted."""

    platform: Platform
    asked: bool
    """Whether an option said so; else it is that of the settings or of this machine."""

    def fits(self, candidate: Platform | None) -> bool:
        """Whether it runs there, perhaps as a lower variant."""
        return choose([candidate], self.platform) is not None

    def met_by(self, candidate: Platform) -> bool:
        """Whether it is the very same."""
        return self.fits(candidate) and same(candidate, self.platform)


def wish_of(arguments: Arguments, preferred: Platform | None = None) -> Wish:
    """`preferred` is the platform of the settings. Raises BadReference for what is no platform."""
    usual = preferred or Platform.host()
    if arguments.platform:
        return Wish(Platform.parse(arguments.platform), True)
    for option, word in (("os", arguments.os), ("arch", arguments.arch), ("variant", arguments.variant)):
        if "/" in word or ":" in word:
            raise BadReference(
                f'"{visible(word, 64)}" is too much for --{option}.',
                hint=f"Write --platform {visible(word, 64)}." if _is_platform(word) else "--platform takes all of it.",
            )
    if not (arguments.os or arguments.arch or arguments.variant):
        return Wish(usual, False)
    words = [arguments.os or "linux", arguments.arch or usual.architecture]
    variant = arguments.variant or ("" if arguments.arch else usual.variant)
    return Wish(Platform.parse("/".join([*words, variant] if variant else words)), True)


def same(one: Platform, other: Platform) -> bool:
    """Whether they differ at most in the version of the system."""
    first, second = one.normalised(), other.normalised()
    return (first.os, first.architecture, first.variant) == (second.os, second.architecture, second.variant)


def _is_platform(word: str) -> bool:
    try:
        Platform.parse(word)
    except BadReference:
        return False
    return True
