"""How a registry's own API is asked: shortly, once, bounded, and without touching what /v2/ is asked with.

Such an API often lives on a host of its own, which never sees the registry's login. Nothing here learns
from an answer, so that an API that refuses a login cannot spoil the registry's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from regbrowse.errors import Evidence, NetError, RateLimited, RegbrowseError, Unsupported
from regbrowse.oci.document import JsonValue, Reader, parse_json
from regbrowse.reference import Registry
from regbrowse.registry.auth.authenticator import Authenticator
from regbrowse.registry.auth.token_request import basic_authorization
from regbrowse.registry.error_mapping import not_json, status_error
from regbrowse.registry.fetch import in_thread_if_large
from regbrowse.registry.requests import Request, Response
from regbrowse.registry.transport.transport import Transport
from regbrowse.text import visible

ANSWER_LIMIT = 4 * 2**20
PAGES = 10
"""So many pages are asked for: enough for what is looked at first."""
PAGE_SIZE = 100
ROWS = 10_000
"""Members that are read of one page."""
NOUN = "what this API answers with"


class Window:
    """Asks the APIs of one client's registries."""

    def __init__(self, desk: Authenticator, transport: Transport, seconds: float) -> None:
        self._desk = desk
        self._transport = transport
        self._seconds = seconds

    async def elsewhere(self, host: str, target: str, about: str, wanted: str = "") -> Response:
        """What a host that is not the registry answers; asked as nobody. Raises RegistryError for all but 200."""
        question = self.question(Registry(host), target, about, wanted)
        return await self._answered(question, lambda: self._transport.send(question, f"https://{host}{target}", ""))

    async def here(self, registry: Registry, target: str, about: str, *, password: bool) -> Response:
        """What the registry's own origin answers; asked with its password if that is wanted and may be sent."""
        door = await self._desk.pings.ping(registry)
        login = await self._desk.login_for(registry) if password else None
        header = basic_authorization(login) if login is not None and login.kind == "password" else ""
        question = self.question(registry, target, about)
        return await self._answered(question, lambda: self._transport.send(question, door.base + target, header))

    async def at_desk(self, question: Request) -> Response:
        """The answer to a question of the standard, asked as every other one, but just as shortly."""
        await self._desk.pings.ping(question.registry)
        return await self._answered(question, lambda: self._desk.send(question))

    def question(self, registry: Registry, target: str, about: str, wanted: str = "", scope: str = "") -> Request:
        """A question with the bounds of this room."""
        return Request(
            registry,
            "vendor",
            target,
            wanted or f"Asking {visible(registry.name)} for more about {about}",
            about,
            scope=scope,
            limit=ANSWER_LIMIT,
            # Ends after we have left, so that being slow here does not count against the registry.
            deadline=self._seconds + 1,
            attempts=1,
            same_origin=True,
            # Nor does a limit of this API pause the questions to /v2/ on the same host.
            user="own API",
        )

    async def _answered(self, question: Request, send: Callable[[], Awaitable[Response]]) -> Response:
        try:
            async with asyncio.timeout(self._seconds):
                reply = await send()
        except TimeoutError:
            why = f"{question.host} did not answer within {self._seconds:g} s."
            raise NetError(why, evidence=Evidence(question.host), wanted=question.wanted) from None
        if reply.status in (401, 403):
            why = f"{question.host} does not show this to everybody."
            raise Unsupported(why, evidence=reply.evidence(), wanted=question.wanted)
        if reply.status != 200:
            raise status_error(reply)
        return reply


async def object_of(reply: Response) -> Reader:
    """The JSON object of an answer. Raises BadResponse."""
    value = await _value_of(reply)
    if not isinstance(value, dict):
        raise not_json(reply, NOUN)
    return Reader(value)


async def list_of(reply: Response) -> list[Reader]:
    """The objects of an answer that is a list. Raises BadResponse."""
    value = await _value_of(reply)
    if not isinstance(value, list):
        raise not_json(reply, NOUN)
    return Reader({"list": value}).readers("list")[:ROWS]


def rows_of(reply: Response, reader: Reader, key: str) -> list[Reader]:
    """The members of a list that an answer must have. Raises BadResponse when it has none."""
    if not isinstance(reader.raw(key), list):
        raise not_json(reply, NOUN)
    return reader.readers(key)[:ROWS]


def reason(error: RegbrowseError) -> str:
    """A failure in a few words, to stand behind the name of a host."""
    if isinstance(error, RateLimited):
        return "limiting requests"
    return visible(error.heading, 60)


def newest_only(host: str) -> str:
    """The note of a list that is longer than what was asked for."""
    return f"Dates and sizes are those of the newest tags only ({host} lists more)."


async def _value_of(reply: Response) -> JsonValue:
    try:
        return (await in_thread_if_large(parse_json, reply.decoded())).value
    except RegbrowseError:
        raise not_json(reply, NOUN) from None
