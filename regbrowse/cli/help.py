"""The texts of `--help`: made from the tables of verbs and options."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from regbrowse.cli.verbs.table import Verb

if TYPE_CHECKING:
    from regbrowse.cli.arguments import Option

_REFERENCES = """\
REF is an image (alpine, alpine:3.20, ghcr.io/org/app@sha256:...), a registry
(localhost:5000 lists its repositories), something on this machine
(oci:DIR[:TAG], oci-archive:FILE, docker-archive:FILE), or "demo" for a built-in
registry that needs no network."""
_ENVIRONMENT = """\
logins: -u, DOCKER_REGISTRY_CREDENTIALS, --authfile, DOCKER_AUTH_CONFIG, the files of
docker and podman with their credential helpers, or the key L for one session.

environment:
  DOCKER_REGISTRY_CREDENTIALS  USER:PASSWORD, as -u
  SSL_CERT_FILE                certificates to trust instead of the system's
  HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY
  NO_COLOR                     no colours on a terminal"""
EXIT_CODES: tuple[tuple[int, str], ...] = (
    (0, "ok"),
    (1, "not found, or a check failed"),
    (2, "wrong usage, a setting that cannot be used, or a file that cannot be written"),
    (3, "network or registry"),
    (4, "login"),
    (5, "content that does not match its digest"),
    (130, "interrupted"),
)
_EXITS = "\n".join(["exit codes:", *(f"  {code:<5}{means}" for code, means in EXIT_CODES)])


def usage_of(verb: Verb | None) -> str:
    """How it is written, in a line."""
    if verb is None:
        return "usage: regbrowse [options] [REF], regbrowse [options] VERB ARGUMENT...   (--help says more)"
    return f"usage: regbrowse [options] {verb.name} {verb.takes}   (regbrowse {verb.name} --help says more)"


def overview(verbs: Sequence[Verb], options: Sequence[Option]) -> str:
    """The whole help."""
    lines = [
        "usage: regbrowse [options] [REF]",
        "       regbrowse [options] VERB ARGUMENT...",
        "",
        "Browse a container registry by keyboard, or ask it from a script; without pulling images.",
        "",
        _REFERENCES,
        "Without REF it opens with what you looked at last.",
        "",
        "verbs:",
        *_columns([(f"{verb.name} {verb.takes}", verb.help) for verb in verbs]),
        "",
        "options, anywhere on the line:",
        *_columns([_option(option) for option in options]),
        "",
        _ENVIRONMENT,
        "",
        _EXITS,
    ]
    return "\n".join(lines)


def whole(verb: Verb, options: Sequence[Option]) -> str:
    """The help of one verb."""
    own = [option for option in options if option.name in verb.options]
    shared = [option for option in options if option.everywhere]
    lines = [f"usage: regbrowse [options] {verb.name} {verb.takes}", "", f"{verb.help[0].upper()}{verb.help[1:]}.", ""]
    if verb.more:
        lines += [*verb.more, ""]
    if own:
        lines += ["options:", *_columns([_option(option) for option in own]), ""]
    lines += ["options of every verb:", *_columns([_option(option) for option in shared]), "", _EXITS]
    return "\n".join(lines)


def readme_verbs(verbs: Sequence[Verb]) -> str:
    """The table as Markdown, for the README."""
    rows = [f"| `{verb.name} {verb.takes}` | {verb.help} |" for verb in verbs]
    return "\n".join(["| verb | prints |", "| --- | --- |", *rows])


def readme_options(options: Sequence[Option]) -> str:
    """The table as Markdown, for the README."""
    rows = [f"| {', '.join(f'`{word}`' for word in _words(option))} | {option.help} |" for option in options]
    return "\n".join(["| option | does |", "| --- | --- |", *rows])


def readme_exits() -> str:
    """The table as Markdown, for the README."""
    return "\n".join(["| code | means |", "| --- | --- |", *(f"| {code} | {means} |" for code, means in EXIT_CODES)])


def _option(option: Option) -> tuple[str, str]:
    return ", ".join(_words(option)), option.help


def _words(option: Option) -> list[str]:
    """Its spellings, with the value behind the last."""
    *others, last = option.flags
    return [*others, f"{last} {option.value}" if option.value else last]


def _columns(rows: Sequence[tuple[str, str]]) -> list[str]:
    width = max(len(left) for left, _ in rows) + 2
    return [f"  {left.ljust(width)}{right}" for left, right in rows]
