"""Request vendor APIs: in little time, once, bounded, and apart from the requests to `/v2/`; and read their answers.

Such an API often has a host of its own, which never receives the registry's login. Nothing is learnt from a
response, so that an API that refuses a login cannot spoil the login of the registry.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from regbrowse.errors import Evidence, NetError, RegbrowseError, Unsupported
from regbrowse.oci.document import JsonValue, Reader, parse_json
from regbrowse.reference import Registry
from regbrowse.registry.auth.authenticator import Authenticator
from regbrowse.registry.auth.token_request import basic_authorization
from regbrowse.registry.error_mapping import not_json, status_error
from regbrowse.registry.fetch import in_thread_if_large
from regbrowse.registry.requests import Request, Response
from regbrowse.registry.transport.transport import Transport
from regbrowse.text import CELL_LIMIT, visible

RESPONSE_LIMIT = 4 * 2**20
MAX_PAGES = 10
"""Pages that are requested: enough for what is looked at first."""
PAGE_SIZE = 100
MAX_ROWS = 10_000
"""Members that are read of one page."""

_NOUN = "what this API answers with"
_RFC3339 = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{1,9})?(?:[Zz]|([+-][0-9]{2}:?[0-9]{2}))?"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class VendorClient:
    """Send the requests to the vendor APIs of one client's registries. Raises RegistryError for all but status 200."""

    def __init__(self, auth: Authenticator, transport: Transport, seconds: float) -> None:
        """`seconds`: the most that one response may take."""
        self.auth = auth
        self._transport = transport
        self._seconds = seconds

    async def get_anonymously(self, host: str, target: str, about: str, wanted: str = "") -> Response:
        """Request a path and query of a host that is not the registry, without any login."""
        request = self._request(Registry(host), target, about, wanted)
        return await self._checked(request, self._transport.send(request, f"https://{host}{target}", ""))

    async def get_from_registry(self, registry: Registry, target: str, about: str, *, password: bool) -> Response:
        """Request a path and query of the registry's own origin; `password`: with Basic where it may be sent."""
        if password:
            base, login = await self.auth.base_and_login(registry)
        else:
            base, login = (await self.auth.pings.ping(registry)).base, None
        authorization = basic_authorization(login) if login is not None and login.kind == "password" else ""
        request = self._request(registry, target, about)
        return await self._checked(request, self._transport.send(request, base + target, authorization))

    async def get_with_scope(self, registry: Registry, target: str, about: str, scope: str) -> Response:
        """Request a path of `/v2/` with the login and token that every other request to it has."""
        await self.auth.pings.ping(registry)
        request = self._request(registry, target, about, scope=scope)
        return await self._checked(request, self.auth.send(request))

    def _request(self, registry: Registry, target: str, about: str, wanted: str = "", scope: str = "") -> Request:
        return Request(
            registry,
            "vendor",
            target,
            wanted or f"Asking {visible(registry.name)} for more about {about}",
            about,
            scope=scope,
            limit=RESPONSE_LIMIT,
            # Later than our own timeout, so that a slow vendor API does not count against the registry.
            deadline=self._seconds + 1,
            attempts=1,
            same_origin=True,
            # Nor does a rate limit of the vendor API hold back the requests to /v2/ on the same host.
            user="own API",
        )

    async def _checked(self, request: Request, sending: Awaitable[Response]) -> Response:
        try:
            async with asyncio.timeout(self._seconds):
                response = await sending
        except TimeoutError:
            why = f"{request.host} did not answer within {self._seconds:g} s."
            raise NetError(why, evidence=Evidence(request.host), wanted=request.wanted) from None
        if response.status in (401, 403):
            why = f"{request.host} does not show this to everybody."
            raise Unsupported(why, evidence=response.evidence(), wanted=request.wanted)
        if response.status != 200:
            raise status_error(response)
        return response


async def json_object(response: Response) -> Reader:
    """Read a response that is a JSON object. Raises BadResponse."""
    value = await _json(response)
    if not isinstance(value, dict):
        raise not_json(response, _NOUN)
    return Reader(value)


async def json_list(response: Response) -> list[Reader]:
    """Read a response that is a JSON list of objects. Raises BadResponse."""
    return json_rows(response, Reader({"list": await _json(response)}), "list")


def json_rows(response: Response, reader: Reader, key: str) -> list[Reader]:
    """Read the objects of a list that a response must have. Raises BadResponse when it has none."""
    if not isinstance(reader.raw(key), list):
        raise not_json(response, _NOUN)
    return reader.readers(key)[:MAX_ROWS]


async def _json(response: Response) -> JsonValue:
    try:
        return (await in_thread_if_large(parse_json, response.decoded())).value
    except RegbrowseError:
        raise not_json(response, _NOUN) from None


def read_time(value: object) -> datetime | None:
    """Read a time of RFC 3339 or RFC 1123 as UTC; None for what is none.

    The year 1 stands for "never" in programs written in Go, and the first second of 1970 for "unset".
    """
    if not isinstance(value, str) or len(value) > 64:
        return None
    match = _RFC3339.fullmatch(value)
    try:
        if match:
            day, clock, _, zone = match.groups()
            then = datetime.fromisoformat(f"{day}T{clock}{zone or '+00:00'}")
        else:
            then = parsedate_to_datetime(value)
            then = then if then.tzinfo else then.replace(tzinfo=UTC)
        then = then.astimezone(UTC)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
    return then if then > _EPOCH else None


def read_milliseconds(reader: Reader, key: str) -> datetime | None:
    """Read milliseconds since 1970, a number or digits; None for 0 and less, which reproducible builds write."""
    number = reader.number(key, high=253_402_300_799_999, digits=True)
    return _EPOCH + timedelta(milliseconds=number) if number else None


def read_size(reader: Reader, key: str) -> int | None:
    """Read a number of bytes, a number or digits; None for 0, which is written for an index and says nothing."""
    return reader.number(key, digits=True) or None


def read_line(reader: Reader, key: str) -> str:
    """Read a description as one line that is safe to show."""
    value = reader.raw(key)
    return visible(" ".join(value[:4096].split()), CELL_LIMIT) if isinstance(value, str) else ""


def newest_only(host: str) -> str:
    """Make the note for a list that has more than was requested of it."""
    return f"Dates and sizes are those of the newest tags only ({host} lists more)."
