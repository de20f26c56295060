"""The texts of `--help` that the table does not hold, and the layout."""

from __future__ import annotations

import argparse

from regbrowse.cli.verb_table import VERBS, Verb

_REFERENCES = """\
REF is an image (alpine, alpine:3.20, ghcr.io/org/app@sha256:...), a registry
(localhost:5000 lists its repositories), something on this machine
(oci:DIR[:TAG], dir:DIR, oci-archive:FILE, docker-archive:FILE), or "demo" for a
built-in registry that needs no network."""
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
    (1, "not found, a check failed, `lint` found something, or what was compared differs"),
    (2, "wrong usage, a setting that cannot be used, or a file that cannot be written"),
    (3, "network or registry, also a list that was cut"),
    (4, "login"),
    (5, "content that does not match its digest"),
    (130, "interrupted"),
)
_EXITS = "\n".join(["exit codes:", *(f"  {code:<5}{means}" for code, means in EXIT_CODES)])
_OVERVIEW = "\n".join(
    [
        "Browse a container registry by keyboard, or ask it from a script; without pulling images.",
        "",
        _REFERENCES,
        "Without REF it opens with what you looked at last.",
        "",
        "verbs:",
        *(f"  {f'{verb.name} {verb.takes}':<33}{verb.help}" for verb in VERBS),
    ]
)


def usage(verb: Verb) -> str:
    """How the verb is written."""
    if verb.name:
        return f"regbrowse [options] {verb.name} {verb.takes}"
    return "regbrowse [options] [REF]\n       regbrowse [options] VERB ARGUMENT..."


def description(verb: Verb) -> str:
    """What stands above the options."""
    if not verb.name:
        return _OVERVIEW
    return "\n".join([f"{verb.help[0].upper()}{verb.help[1:]}.", *(["", *verb.more] if verb.more else [])])


def epilog(verb: Verb) -> str:
    """What stands below the options."""
    return _EXITS if verb.name else f"{_ENVIRONMENT}\n\n{_EXITS}"


class Formatter(argparse.RawTextHelpFormatter):
    """Prints an option as Python 3.13 does, its value behind the last spelling alone: `-o, --output FILE`."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=40, width=110)  # without a width it loads what measures terminals

    def _format_action_invocation(self, action: argparse.Action) -> str:
        value = f" {action.metavar}" if action.metavar else ""
        return f"{', '.join(action.option_strings)}{value}"
