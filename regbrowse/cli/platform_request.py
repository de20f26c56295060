"""The platform that the command line asks for."""

from __future__ import annotations

from regbrowse.cli.arguments import Arguments
from regbrowse.errors import BadReference
from regbrowse.oci.platform import Platform
from regbrowse.text import visible


def requested_platform(arguments: Arguments, preferred: Platform | None = None) -> Platform:
    """Read the options, of which there is one; what they leave out is that of `preferred`, else this machine's.

    Raises BadReference for what is no platform.
    """
    usual = preferred or Platform.host()
    if arguments.platform:
        return Platform.parse(arguments.platform)
    for option, word in (("os", arguments.os), ("arch", arguments.arch), ("variant", arguments.variant)):
        if "/" in word or ":" in word:
            raise BadReference(
                f'"{visible(word, 64)}" is too much for --{option}.',
                hint=f"Write --platform {visible(word, 64)}." if _is_platform(word) else "--platform takes all of it.",
            )
    words = [arguments.os or "linux", arguments.arch or usual.architecture]
    variant = arguments.variant or ("" if arguments.arch else usual.variant)
    return Platform.parse("/".join([*words, variant] if variant else words))


def _is_platform(word: str) -> bool:
    try:
        Platform.parse(word)
    except BadReference:
        return False
    return True
