"""What cannot be tried in these tests, and why."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NotHere:
    """A row of the table without a test."""

    area: str
    server: str
    client: str
    reason: str


_LAYERS = "nothing reads into layers yet"

NOT_HERE = (
    NotHere(
        "Blobs",
        "gzip labelled zstd, zstd labelled gzip, tar without a label, encrypted, xz",
        "believes the bytes, not the label; says honestly what cannot be listed",
        _LAYERS,
    ),
    NotHere(
        "Blobs",
        "layers: gzip and zstd bombs, windows of 2 GiB, many members, skippable frames, cut, garbage behind the end",
        "unpacks within limits, lists what came, and says where it ends",
        _LAYERS,
    ),
    NotHere(
        "Blobs",
        "tar: records of 8 GiB, long names, negative sizes, a million entries, `../`, links in circles, devices",
        "lists them within limits; writes nothing to disk",
        _LAYERS,
    ),
    NotHere(
        "Blobs",
        "zstd:chunked and eStargz: tables that contradict each other, wrong checksums, lengths of 2^63",
        "does not use them, and takes the next way",
        _LAYERS,
    ),
    NotHere(
        "Blobs",
        "SOCI tables: cut, offsets out of range, cycles, wrong digests of spans",
        "rejects them by checking every bound",
        _LAYERS,
    ),
    NotHere(
        "Blobs",
        "a layer's other places are asked for after a confirmation: private hosts, hosts that want a login",
        "goes by the rules of redirects, without credentials",
        "no key fetches them, so there is nothing to confirm",
    ),
    NotHere(
        "Attachments",
        "attachments of attachments, in a circle",
        "follows one level at a time, and stops",
        "nothing follows them further than one level",
    ),
    NotHere("HTTP", "HTTP/2: GOAWAY after the first request, REFUSED_STREAM", "asks once more", "HTTP/2 is not used"),
    NotHere(
        "Network",
        "the laptop sleeps for an hour",
        "opens new connections, unnoticed",
        "an hour cannot pass in a test; connections that were closed meanwhile are tried in its place",
    ),
    NotHere(
        "Saved logins",
        "a file or folder that this account may not read",
        "names it and goes on",
        "tests may run as root, whom no mode stops; a folder in place of the file is tried instead",
    ),
    NotHere(
        "TLS",
        "a client certificate is refused by TLS 1.2 with each of its alerts",
        "says that it was refused",
        "which alert is sent is up to the OpenSSL of the machine",
    ),
)
