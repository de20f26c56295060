"""The one table of options and verbs: the parser, the help, the completion and the README's lists come from it.

A verb is one entry of VERBS and one function in `regbrowse.cli.verbs`. One that asks a registry is
`async def verb(context: CommandContext) -> int | None`; one that does not (`asks=False`) is
`def verb(arguments: Arguments) -> int`. Both give the exit code, and raise RegbrowseError. What it takes and which
options it has is said here alone; `def check(arguments: Arguments, place: Registry | Reference) -> None` in the same
module is for what argparse cannot know.
"""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

DEMO = "demo"
FILES = ("oci:", "dir:", "oci-archive:", "docker-archive:")
"""How references begin that mean something on this machine."""
SHELLS = ("bash", "zsh", "fish")
PLATFORM = ("os", "arch", "variant", "platform")
"""Options that choose one platform of an image for several."""


def _text(text: str) -> str:
    # A shell variable that is not set must not change what is done.
    if not text:
        raise ArgumentTypeError("needs a value, not an empty one")
    return text


def _path(text: str) -> Path:
    from pathlib import Path

    return Path(_text(text))


LEAST_SECONDS = 10
"""Seconds that are at least between two looks at a tag."""
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_LONGEST = 30 * 86_400


def _duration(text: str) -> float:
    number, unit = text.rstrip("smhd"), text[len(text.rstrip("smhd")) :]
    if not (number.isascii() and number.isdigit() and len(number) < 10 and unit in _UNITS):
        raise ArgumentTypeError("needs a time such as 90, 30s, 15m, 2h or 1d")
    seconds = int(number) * _UNITS[unit]
    if not 0 < seconds <= _LONGEST:
        raise ArgumentTypeError("needs a time of more than 0 s and at most 30d")
    return seconds


def _interval(text: str) -> float:
    seconds = _duration(text)
    if seconds < LEAST_SECONDS:
        raise ArgumentTypeError(f"needs at least {LEAST_SECONDS} seconds, out of courtesy to the registry")
    return seconds


class Option(NamedTuple):  # a dataclass would cost `--help` half its time
    """One option."""

    name: str
    """Its attribute in Arguments."""
    flags: tuple[str, ...]
    help: str
    value: str = ""
    """What stands behind it, as the help writes it: `FILE`; empty for a switch."""
    everywhere: bool = False
    """Whether it means something to every verb and to the browser."""
    action: str = "store_true"
    """What argparse does at a switch."""
    type: Callable[[str], object] = _text
    """Reads the value. Raises ArgumentTypeError."""
    choices: tuple[str, ...] | None = None
    """The only values."""
    suggests: tuple[str, ...] = ()
    """Values that completion offers, where others are possible."""


_SYSTEMS = ("linux", "windows")
_MACHINES = ("amd64", "arm64", "arm", "386", "ppc64le", "s390x", "riscv64")
_VARIANTS = ("v5", "v6", "v7", "v8")
_PLATFORMS = (
    "linux/amd64", "linux/arm64", "linux/arm/v7", "linux/arm/v6", "linux/386", "linux/ppc64le", "linux/s390x",
    "linux/riscv64", "windows/amd64",
)  # fmt: skip

OPTIONS: tuple[Option, ...] = (
    Option("raw", ("-r", "--raw"), "exact bytes as served; what is put together here on one line"),
    Option("os", ("--os",), "operating system of the platform (default: linux)", "OS", suggests=_SYSTEMS),
    Option("arch", ("--arch",), "architecture of the platform (default: this machine's)", "ARCH", suggests=_MACHINES),
    Option("variant", ("--variant",), "variant of the platform, such as v7", "VARIANT", suggests=_VARIANTS),
    Option(
        "platform",
        ("--platform",),
        "os/arch[/variant][:os.version], or os or arch alone",
        "PLATFORM",
        suggests=_PLATFORMS,
    ),
    Option("format", ("--format",), "json, or table for people", "FORMAT", choices=("json", "table")),
    Option("long", ("-l", "--long"), "tags with their digests, one HEAD for each"),
    Option("sizes", ("--sizes",), "read every image of the list, for the bytes of its layers"),
    Option("decode", ("--decode",), "read what is attached, and say what it says"),
    Option(
        "interval",
        ("--interval",),
        "between two looks at the tag (default: 60, at least 10)",
        "SECONDS",
        type=_interval,
        suggests=("30", "60", "300"),
    ),
    Option(
        "duration",
        ("--for",),
        "how long the tag is watched: 90s, 30m, 12h, 2d (default: 1h)",
        "DURATION",
        type=_duration,
        suggests=("10m", "1h", "12h"),
    ),
    Option("output", ("-o", "--output"), "write to this file; - for standard output", "FILE"),
    Option("force", ("--force",), "overwrite the file"),
    Option("all", ("--all",), "every platform"),
    # An empty login is refused with the others that are not of its form.
    Option("user", ("-u", "--user"), "log in to the registry of REF", "USER:PASSWORD", True, type=str),
    Option("authfile", ("--authfile",), "look for logins in this file first", "FILE", True, type=_path),
    Option("ca_file", ("--cacert",), "trust this CA certificate (PEM) too", "FILE", True, type=_path),
    Option("plain_http", ("--plain-http",), "use http where the registry of REF does not speak https", everywhere=True),
    Option("insecure", ("--insecure",), "do not check the certificate of the registry of REF", everywhere=True),
    Option("no_cache", ("--no-cache",), "keep nothing on disk, and use nothing kept there", everywhere=True),
    Option("offline", ("--offline",), "send nothing; show what was kept on disk", everywhere=True),
    Option("verbose", ("-v", "--verbose"), "say every request on stderr; -vv more, also as curl", "", True, "count"),
    Option("help", ("-h", "--help"), "this help, or with a verb what it does", "", True, "help"),
    Option("version", ("-V", "--version"), "the version", "", True, "version"),
)
EXCLUSIVE = ("raw", "format")
"""Options of which only one can be given."""


class Verb(NamedTuple):
    """One question."""

    name: str
    takes: str
    """Its arguments as the help writes them: `REF`, `REF DIGEST`, `[REF]`; see POSITIONALS."""
    help: str
    """What it prints, in a line."""
    run: str
    """Its function in regbrowse.cli.verbs: `lists.tags`."""
    options: tuple[str, ...] = ()
    """Names of the options that mean something to it, besides those that every verb has."""
    more: tuple[str, ...] = ()
    """Further lines for its own help."""
    check: str = ""
    """A function that raises what is wrong with the words, before a registry is asked: `download.check`."""
    asks: bool = True
    """Whether it asks a registry; else it is given nothing but the arguments."""


class Positional(NamedTuple):
    """What a word of `Verb.takes` stands for."""

    name: str
    """Its attribute in Arguments."""
    choices: tuple[str, ...] | None = None


POSITIONALS = {
    "REF": Positional("reference"),
    "REPOSITORY": Positional("reference"),
    "A": Positional("reference"),
    "B": Positional("other"),
    "REGISTRY": Positional("reference"),
    "REPOSITORY@DIGEST": Positional("reference"),
    "DIGEST": Positional("digest"),
    "SHELL": Positional("shell", SHELLS),
}

_CHOOSING = (
    "Of an image for several platforms that for linux and this machine's architecture, or what",
    "--platform or --os, --arch and --variant say; a lower variant where the very one is missing.",
    "Where that leaves a choice, stderr says what was taken.",
)
_DIGEST = "With sha256: or another algorithm in front, as the registry names it; -r makes no difference."


VERBS: tuple[Verb, ...] = (
    Verb(
        "tags",
        "REPOSITORY",
        "the tags of a repository",
        "lists.tags",
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
        "lists.catalog",
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
        "manifests.run",
        ("raw",),
        ("Where there is no list but a single image, stderr says its platform and digest; exit code 1.",),
    ),
    Verb("digestlist", "REF", "the digest of the manifest list", "manifests.run", ("raw",), (_DIGEST,)),
    Verb(
        "manifest",
        "REF",
        "the manifest of an image for one platform",
        "manifests.run",
        ("raw", *PLATFORM),
        (*_CHOOSING, 'With -r the exact bytes, whose digest is what "digest" prints.'),
    ),
    Verb(
        "digest", "REF", "the digest of an image's manifest", "manifests.run", ("raw", *PLATFORM), (*_CHOOSING, _DIGEST)
    ),
    Verb(
        "config",
        "REF",
        "the config of an image",
        "config.run",
        ("raw", *PLATFORM),
        (
            *_CHOOSING,
            'With -r the exact bytes, whose digest is what "id" prints. What is no JSON, as artifacts',
            "may have it, is printed as it is.",
        ),
    ),
    Verb("id", "REF", "the image id: its config's digest", "config.run", ("raw", *PLATFORM), (*_CHOOSING, _DIGEST)),
    Verb(
        "labels",
        "REF",
        "the labels in the config",
        "config.run",
        ("raw", *PLATFORM),
        (*_CHOOSING, "{} when there are none. With -r exactly as the config has them."),
    ),
    Verb(
        "history",
        "REF",
        "the history in the config",
        "config.run",
        ("raw", *PLATFORM),
        (*_CHOOSING, "[] when there is none. With -r exactly as the config has it."),
    ),
    Verb(
        "dockerfile",
        "REF",
        "the history as a Dockerfile, with the sizes of the layers",
        "dockerfile.run",
        PLATFORM,
        (
            *_CHOOSING,
            "Instructions without what builders add to them, each with the layer it made in a comment",
            "above. Valid by grammar; what the history does not tell is a comment, such as what was",
            "copied where only its checksum is told. FROM is what the image claims by its labels or",
            "annotations org.opencontainers.image.base.*, else scratch.",
        ),
    ),
    Verb(
        "platforms",
        "REF",
        "the platforms of an image, with digest and size",
        "platforms.run",
        ("raw", "format", "sizes"),
        (
            "A table on a terminal, else a JSON array of objects with os, architecture, variant,",
            "os.version, digest, size (of the manifest), layersSize (bytes of the layers as stored)",
            "and attestations (how many the list has for it). With -r on one line. The list itself",
            "tells all but layersSize, which is null without --sizes: that reads every manifest once,",
            "and where pulls are counted, each of them counts. What cannot be read is told at the end;",
            "the other rows stand.",
        ),
    ),
    Verb(
        "layers",
        "REF",
        "the layers with the commands that made them",
        "layers.run",
        ("raw", "format", *PLATFORM),
        (
            *_CHOOSING,
            "A table on a terminal, else a JSON array of objects with number (from 1, the oldest),",
            "digest, mediaType, size (bytes as stored), command and empty (a step without a layer:",
            "no number, no digest). Where the history does not fit the layers, stderr says so, and the",
            "steps follow the layers. With -r on one line.",
        ),
    ),
    Verb(
        "referrers",
        "REF",
        "what is attached: signatures, SBOMs and more",
        "referrers.run",
        ("raw", "format", "decode", *PLATFORM),
        (
            "A table on a terminal, else a JSON array of objects; with -r on one line. Signatures are",
            "shown, not verified.",
            "With --decode every attachment is read, and its documents are told: in-toto statements",
            "(also in DSSE envelopes and Sigstore bundles), SBOMs (SPDX, CycloneDX, Syft) as packages,",
            "SLSA provenance, signatures of cosign and Notation, SARIF by level and rule, OpenVEX. Each",
            "object then has documents with kind, note, predicateType, subjects, verified (always",
            "false), facts, rowsAre and rows; error where one cannot be read. At most 200 documents of",
            "32 MiB each, and 50,000 rows of one.",
        ),
    ),
    Verb(
        "aliases",
        "REF",
        "the tags that point to the same digest",
        "aliases.run",
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
        "identify.run",
        ("format",),
        (
            "DIGEST is sha256:... or 64 hex digits alone. It is looked for in the manifests, the",
            "configs (image ids, diffIDs), what is attached, and the rest of the repository.",
            "--format table is a sentence, and what a terminal gets.",
        ),
        check="identify.check",
    ),
    Verb(
        "compare",
        "A B",
        "what is different in image B, and what a pull of it costs when A is there",
        "compare.run",
        ("raw", "format", *PLATFORM),
        (
            "A and B are references, also of different registries; -u logs in to that of A. Two images",
            "for several platforms are compared platform by platform, or the images for one platform",
            "where --platform or --os, --arch and --variant say it; beside a single image the image for",
            "its platform. Layers are shared by digest, and the cost of a pull is the bytes of those",
            "that A has not. Of the configs what is different, of the histories the steps that came and",
            "went. A table on a terminal, else a JSON object; with -r on one line. Every manifest that",
            "differs is read, and where pulls are counted, each of them counts.",
            "Exit code 0 when both are the same by digest, 1 when they differ.",
        ),
    ),
    Verb(
        "watch",
        "REF",
        "waits until a tag points to something else",
        "watch.run",
        ("format", "interval", "duration"),
        (
            "Asks by HEAD alone, which pull limits do not count, and less often where the registry asks",
            "for a pause or little is left of a pull limit. When the tag moves or is gone: one line of",
            "JSON with reference, before, after (null when it is gone) and at, with --format table or on a",
            "terminal a sentence; exit code 0. When it has not moved within the time of --for: nothing,",
            "exit code 1. A registry that cannot be reached for a while is asked again.",
        ),
        check="watch.check",
    ),
    Verb(
        "downloadlayer",
        "REPOSITORY@DIGEST",
        "one layer, verified while written",
        "download.run",
        ("output", "force"),
        (
            "It is written to the file of -o, or with -o - to standard output; without -o to standard",
            "output, unless that is a terminal, else to a file here that is named after the digest.",
            "A file has a temporary name until its digest turns out to be right: a wrong one leaves",
            "nothing, exit code 5. Nothing is overwritten without --force. A transfer that breaks off",
            "or stalls goes on where it ended, a few times. What is piped is checked as well, but only",
            "the exit code can tell that it was wrong.",
        ),
        check="download.check",
    ),
    Verb(
        "verifytool",
        "REF",
        "checks digests and ids as told against as computed",
        "verify.run",
        ("all", *PLATFORM),
        (
            *_CHOOSING,
            "Of the index, the manifest and the config: the digest by which each is named and the one",
            "in the answer's header against the computed one, and its size; of the config also platform and",
            "number of layers. Layers are looked up: that they are there, and as long as the manifest",
            "says; downloadlayer checks what is in them. With --all every entry of the index.",
            "A line for each check: OK, FAILED, or SKIPPED where nothing is told; exit code 1 when one",
            "failed.",
        ),
    ),
    Verb(
        "lint",
        "REF",
        "what is wrong with an image or an index",
        "lint.run",
        ("raw", "format"),
        (
            "Text on a terminal, else a JSON array of objects with severity (error: some tool fails;",
            "warning: tools differ; note: odd), rule, digest, platform, what and why; with -r on one",
            "line. Of an index and those within it every manifest and every config is read, 1,000",
            "manifests at most, and no layer: entries that are missing, or named without a digest, size,",
            "platform or the right type; platforms that are listed twice, or that the config contradicts;",
            "digests and sizes that do not fit; layers against diffIDs and history; zstd in Docker's",
            "types. Where pulls are counted, each manifest counts. Exit code 0 when nothing is found,",
            "1 when something is; what could not be read is told at the end, with the code of that.",
        ),
    ),
    Verb(
        "pick",
        "[REF]",
        "the tag or platform that you choose on the terminal",
        "pick.run",
        (),
        (
            'It draws on the terminal itself: docker pull "$(regbrowse pick alpine)"',
            "Enter picks name:tag, @ picks name:tag@digest; a platform is picked by its digest.",
            "Nothing chosen: nothing printed, exit code 1.",
        ),
        asks=False,
    ),
    Verb(
        "completion",
        "SHELL",
        "the completion for bash, zsh or fish",
        "completion.run",
        (),
        (
            "bash: source <(regbrowse completion bash)",
            "zsh:  source <(regbrowse completion zsh)",
            "fish: regbrowse completion fish | source",
            "It completes verbs, options, what was opened lately, repositories and tags; a registry",
            "has two seconds to tell them.",
        ),
        asks=False,
    ),
)
BROWSER = Verb("", "[REF]", "the browser", "browse.run", PLATFORM, asks=False)
"""What is meant without a verb."""


def find(name: str | None) -> Verb | None:
    """Find the verb of this name."""
    return next((verb for verb in VERBS if verb.name == name), None)
