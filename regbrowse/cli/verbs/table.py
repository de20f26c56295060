"""The one table of verbs: parser, help, completion and the README's list come from it."""

from __future__ import annotations

from typing import NamedTuple

CHOICE = ("os", "arch", "variant", "platform")
"""Options that choose one platform of an image for several."""


class Verb(NamedTuple):
    """One question."""

    name: str
    takes: str
    """Its arguments as the help writes them: `REF`, `REF DIGEST`."""
    help: str
    """What it prints, in a line."""
    module: str
    """In regbrowse.cli.verbs."""
    options: tuple[str, ...] = ()
    """Names of the options that mean something to it, besides those that every verb has."""
    more: tuple[str, ...] = ()
    """Further lines for its own help."""

    @property
    def most(self) -> int:
        """How many arguments it takes at most."""
        return len(self.takes.split())

    @property
    def least(self) -> int:
        """How many it needs."""
        return sum(not word.startswith("[") for word in self.takes.split())


VERBS: tuple[Verb, ...] = (
    Verb("tags", "REPOSITORY", "the tags of a repository", "lists", ("raw", "long", "format")),
    Verb("catalog", "REGISTRY", "the repositories of a registry", "lists", ("raw", "format")),
    Verb("manifestlist", "REF", "the manifest list (index) of an image for several platforms", "manifests", ("raw",)),
    Verb("digestlist", "REF", "the digest of the manifest list", "manifests"),
    Verb("manifest", "REF", "the manifest of an image for one platform", "manifests", ("raw", *CHOICE)),
    Verb("digest", "REF", "the digest of that manifest", "manifests", CHOICE),
    Verb("config", "REF", "the config of an image", "configs", ("raw", *CHOICE)),
    Verb("id", "REF", "the digest of that config: the image id", "configs", CHOICE),
    Verb("labels", "REF", "the labels in the config", "configs", ("raw", *CHOICE)),
    Verb("history", "REF", "the history in the config", "configs", ("raw", *CHOICE)),
    Verb("platforms", "REF", "the platforms of an image, with digest and size", "platforms", ("raw", "format")),
    Verb("layers", "REF", "the layers with the commands that made them", "layers", ("raw", "format", *CHOICE)),
    Verb(
        "referrers",
        "REF",
        "what is attached: signatures, SBOMs and more",
        "referrers",
        ("raw", "format", *CHOICE),
        ("Signatures are shown, not verified. With -r only digests, one in a line.",),
    ),
    Verb(
        "aliases",
        "REF",
        "the tags that point to the same digest",
        "aliases",
        ("raw",),
        ("Every tag is asked for by HEAD, four at a time. With -r one tag in a line.",),
    ),
    Verb("identify", "REF DIGEST", "what a digest is, and where in the image it belongs", "identify", ("format",)),
    Verb("downloadlayer", "REPOSITORY@DIGEST", "one layer, verified while written", "download", ("output", "force")),
    Verb("verifytool", "REF", "checks digests and ids as told against as computed", "verify", ("all", *CHOICE)),
    Verb("pick", "[REF]", "lets you choose on the terminal, prints the choice", "pick"),
    Verb(
        "completion",
        "SHELL",
        "the completion for bash, zsh or fish",
        "completion",
        ("line",),
        (
            "bash: source <(regbrowse completion bash)",
            "zsh:  source <(regbrowse completion zsh)",
            "fish: regbrowse completion fish | source",
            "It completes verbs, options, what was opened lately, repositories and tags; a registry",
            "has two seconds to tell them.",
        ),
    ),
)


def find(name: str) -> Verb | None:
    """The verb of this name."""
    return next((verb for verb in VERBS if verb.name == name), None)
