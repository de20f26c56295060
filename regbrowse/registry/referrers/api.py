"""The referrers API: what a registry itself lists as attached (distribution-spec, Listing Referrers)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from regbrowse.errors import (
    AuthError,
    ConfigError,
    NetError,
    Offline,
    PolicyError,
    RateLimited,
    RegbrowseError,
    TlsError,
)
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.document import Reader, parse_json
from regbrowse.oci.mediatype import OCI_INDEX
from regbrowse.reference import Digest, Repository
from regbrowse.registry.auth.authenticator import Authenticator
from regbrowse.registry.error_mapping import server_words, status_error
from regbrowse.registry.fetch import in_thread_if_large
from regbrowse.registry.listing.link import next_page, path_and_query
from regbrowse.registry.listing.pagination import PageGuard
from regbrowse.registry.requests import Request, Response, referrers_request
from regbrowse.text import plural

MAX_ENTRIES = 20_000
MAX_PAGES = 1_000
_NOT_OFFERED = frozenset({400, 403, 404, 405, 406, 410, 501})
_NOT_OFFERED_ANYWHERE = frozenset({405, 406, 501})
_FINAL = (ConfigError, NetError, TlsError, RateLimited, Offline)


class ApiAnswer(NamedTuple):
    """What the API lists, or that there is no such API."""

    descriptors: tuple[Descriptor, ...] = ()
    offered: bool = True
    everywhere: bool = False
    """Whether "not offered" holds for the whole registry, and not only for this repository."""
    note: str = ""
    final: bool = False
    """Whether any other request to the same registry would fail in the same way."""


async def list_referrers(
    auth: Authenticator, repository: Repository, subject: Digest, *, background: bool = False
) -> ApiAnswer:
    """Read every page of the API's answer, within bounds. Never raises RegbrowseError.

    404 means that there is no such API (the specification's words); 400, 403, 405, 406, 501, web pages and
    redirects to another host come from registries and proxies that do not know it either.
    """
    request = replace(referrers_request(repository, subject), background=background)
    try:
        response = await auth.send(request)
        first = await _read(response) if response.status == 200 else None
        if first is None:
            return _not_offered(response, auth)
        return await _read_all(auth, request, response, first)
    except AuthError as error:
        return ApiAnswer(offered=False) if error.evidence.status == 403 else _failed(error)
    except PolicyError as error:
        # A login host that changed is a matter of its own; everything else is a redirect that leads away.
        return ApiAnswer(offered=False, everywhere=True) if error.slug == "policy" else _failed(error)
    except RegbrowseError as error:
        return _failed(error)


async def _read_all(auth: Authenticator, request: Request, response: Response, page: list[Descriptor]) -> ApiAnswer:
    """Follow the links of the first response; when a later page fails, what came before it is kept."""
    url = (await auth.pings.ping(request.registry)).base + request.path
    found, guard = _Found(), PageGuard()
    while True:
        guard.record(url, new=found.add(page))
        links = response.headers.get_list("link")
        target, _, note = next_page(links, url, request.path, request.host, response.headers)
        if target is None:
            break
        url = target
        note = guard.reason_to_stop(url, request.host, found.so_far)
        if not note and (len(found.entries) >= MAX_ENTRIES or guard.pages >= MAX_PAGES):
            note = f"{request.host} lists more than {found.so_far}; the rest was not asked for."
        if note:
            break
        try:
            response = await auth.send(replace(request, path=path_and_query(url)))
            if response.status != 200:
                raise status_error(response, auth.login_state(request.registry))
        except RegbrowseError as error:
            note = f"Showing {found.so_far}; the rest could not be loaded: {error.why}"
            break
        later = await _read(response)
        if later is None:
            note = f"Showing {found.so_far}; the rest is not a list of attachments."
            break
        page = later
    return ApiAnswer(tuple(found.entries.values()), note=note or found.left_out)


@dataclass(slots=True)
class _Found:
    """What the pages brought so far."""

    entries: dict[Digest, Descriptor] = field(default_factory=dict)
    invalid: int = 0
    full: bool = False

    def add(self, descriptors: Iterable[Descriptor]) -> bool:
        """Take the entries of a page; whether any of them is new."""
        before = len(self.entries)
        for descriptor in descriptors:
            if descriptor.digest is None:
                self.invalid += 1
            elif len(self.entries) >= MAX_ENTRIES and descriptor.digest not in self.entries:
                self.full = True
            else:
                self.entries.setdefault(descriptor.digest, descriptor)
        return len(self.entries) > before

    @property
    def so_far(self) -> str:
        return plural(len(self.entries), "entry")

    @property
    def left_out(self) -> str:
        if self.full:
            return f"Only the first {MAX_ENTRIES:,} entries are shown."
        return f"{plural(self.invalid, 'invalid entry')} left out." if self.invalid else ""


async def _read(response: Response) -> list[Descriptor] | None:
    return await in_thread_if_large(read_page, response.decoded())


def read_page(body: bytes) -> list[Descriptor] | None:
    """Read the entries of one page as they came, at most one more than are ever shown.

    None when it is not the index that the API answers with.
    """
    try:
        value = parse_json(body).value
    except RegbrowseError:
        return None
    if not isinstance(value, dict):
        return None
    entries = value.get("manifests")
    # Servers written in Go send null for a list without entries.
    empty = entries is None and (value.get("mediaType") == OCI_INDEX or value.get("schemaVersion") == 2)
    if empty and not value.keys() & {"config", "layers", "errors"}:
        return []
    if not isinstance(entries, list):
        return None
    anomalies: list[str] = []
    return [Descriptor.read(Reader(entry, "manifests", anomalies)) for entry in entries[: MAX_ENTRIES + 1]]


def _not_offered(response: Response, auth: Authenticator) -> ApiAnswer:
    """Make the answer of a response that is no index."""
    if response.status not in _NOT_OFFERED and not 200 <= response.status < 300:
        return _failed(status_error(response, auth.login_state(response.request.registry)))
    codes, _ = server_words(response.body)
    unexplained = not codes or "UNSUPPORTED" in codes
    everywhere = response.status in _NOT_OFFERED_ANYWHERE or response.looks_like_html
    return ApiAnswer(offered=False, everywhere=everywhere or (unexplained and response.status != 403))


def _failed(error: RegbrowseError) -> ApiAnswer:
    return ApiAnswer(offered=False, note=could_not(error), final=isinstance(error, _FINAL))


def could_not(error: RegbrowseError) -> str:
    """Make the note for a source that could not be looked at."""
    return f"Could not look for signatures: {error.why}"
