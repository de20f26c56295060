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


_CHOOSING = (
    "Of an image for several platforms that for linux and this machine's architecture, or what",
    "--platform or --os, --arch and --variant say; a lower variant where the very one is missing.",
    "Where that leaves a choice, stderr says what was taken.",
)
_DIGEST = "With sha256: in front; -r makes no difference."


VERBS: tuple[Verb, ...] = (
    Verb(
        "tags",
        "REPOSITORY",
        "the tags of a repository",
        "lists",
        ("raw", "long", "format"),
        (
            "A JSON array, in the order in which the registry lists them, written as pages arrive;",
            "with -r all of it on one line, with --format table one tag on a line. When the list ends",
            "early, what came is printed, still a whole array; the reason goes to stderr, and the exit",
            "code is not 0. With -l each tag has its digest, by one HEAD each: a table on a terminal,",
            "else objects with tag and digest. A tag that is gone has none. A tag or digest behind the",
            "repository is not looked at.",
        ),
    ),
    Verb(
        "catalog",
        "REGISTRY",
        "the repositories of a registry",
        "lists",
        ("raw", "format"),
        (
            "A JSON array, in the order of the registry, written as pages arrive; with -r all of it",
            "on one line, with --format table one repository on a line. Many registries do not offer",
            "such a list.",
        ),
    ),
    Verb(
        "manifestlist",
        "REF",
        "the manifest list (index) of an image for several platforms",
        "manifests",
        ("raw",),
        ("Where there is no list but a single image, stderr says its platform and digest; exit code 1.",),
    ),
    Verb("digestlist", "REF", "the digest of the manifest list", "manifests", ("raw",), (_DIGEST,)),
    Verb(
        "manifest",
        "REF",
        "the manifest of an image for one platform",
        "manifests",
        ("raw", *CHOICE),
        (*_CHOOSING, 'With -r the exact bytes, whose SHA-256 is what "digest" prints.'),
    ),
    Verb("digest", "REF", "the digest of an image's manifest", "manifests", ("raw", *CHOICE), (*_CHOOSING, _DIGEST)),
    Verb(
        "config",
        "REF",
        "the config of an image",
        "configs",
        ("raw", *CHOICE),
        (
            *_CHOOSING,
            'With -r the exact bytes, whose SHA-256 is what "id" prints. What is no JSON, as artifacts',
            "may have it, is printed as it is.",
        ),
    ),
    Verb("id", "REF", "the image id: its config's digest", "configs", ("raw", *CHOICE), (*_CHOOSING, _DIGEST)),
    Verb(
        "labels",
        "REF",
        "the labels in the config",
        "configs",
        ("raw", *CHOICE),
        (*_CHOOSING, "{} when there are none. With -r exactly as the config has them."),
    ),
    Verb(
        "history",
        "REF",
        "the history in the config",
        "configs",
        ("raw", *CHOICE),
        (*_CHOOSING, "[] when there is none. With -r exactly as the config has it."),
    ),
    Verb(
        "platforms",
        "REF",
        "the platforms of an image, with digest and size",
        "platforms",
        ("raw", "format"),
        (
            "A table on a terminal, else a JSON array of objects with os, architecture, variant,",
            "os.version, digest, size (of the manifest), layersSize (bytes of the layers as stored)",
            "and attestations (how many the list has for it). With -r on one line. Every manifest",
            "is asked for once: where pulls are counted, each of them counts.",
        ),
    ),
    Verb(
        "layers",
        "REF",
        "the layers with the commands that made them",
        "layers",
        ("raw", "format", *CHOICE),
        (
            *_CHOOSING,
            "A table on a terminal, else a JSON array of objects with number (from 1, the oldest),",
            "digest, mediaType, size (bytes as stored), command and empty (a step without a layer:",
            "no number, no digest). With -r on one line.",
        ),
    ),
    Verb(
        "referrers",
        "REF",
        "what is attached: signatures, SBOMs and more",
        "referrers",
        ("raw", "format", *CHOICE),
        (
            "A table on a terminal, else a JSON array of objects; with -r on one line. Signatures are",
            "shown, not verified.",
        ),
    ),
    Verb(
        "aliases",
        "REF",
        "the tags that point to the same digest",
        "aliases",
        ("raw", "format"),
        (
            "A JSON array, written as they are found; with -r on one line, with --format table one",
            "tag on a line. Every tag is asked for by HEAD, four at a time.",
        ),
    ),
    Verb(
        "identify",
        "REF DIGEST",
        "what a digest is, and where in the image it belongs",
        "identify",
        ("format",),
        (
            "DIGEST is sha256:... or 64 hex digits alone. It is looked for in the manifests, the",
            "configs (image ids, diffIDs), what is attached, and the rest of the repository.",
            "--format table is a sentence, and what a terminal gets.",
        ),
    ),
    Verb(
        "downloadlayer",
        "REPOSITORY@DIGEST",
        "one layer, verified while written",
        "download",
        ("output", "force"),
        (
            "It is written to the file of -o, or with -o - to standard output; without -o to standard",
            "output, unless that is a terminal, else to a file here that is named after the digest.",
            "A file has a temporary name until its digest turns out to be right: a wrong one leaves",
            "nothing, exit code 5. Nothing is overwritten without --force. A transfer that breaks off",
            "goes on where it ended, a few times. What is piped is checked as well, but only the exit",
            "code can tell that it was wrong.",
        ),
    ),
    Verb(
        "verifytool",
        "REF",
        "checks digests and ids as told against as computed",
        "verify",
        ("all", *CHOICE),
        (
            *_CHOOSING,
            "Of the index, the manifest and the config: the digest by which each is named and the one",
            "in the answer's header against its SHA-256, and its size; of the config also platform and",
            "number of layers. Layers are looked up: that they are there, and as long as the manifest",
            "says; downloadlayer checks what is in them. With --all every entry of the index.",
            "A line for each check: OK, FAILED, or SKIPPED where nothing is told; exit code 1 when one",
            "failed.",
        ),
    ),
    Verb(
        "pick",
        "[REF]",
        "the tag or platform that you choose on the terminal",
        "pick",
        (),
        (
            'It draws on the terminal itself: docker pull "$(regbrowse pick alpine)"',
            "Enter picks name:tag, @ picks name:tag@digest; a platform is picked by its digest.",
            "Nothing chosen: nothing printed, exit code 1.",
        ),
    ),
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
