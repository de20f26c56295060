"""Tries a new login before it is believed."""

from __future__ import annotations

from dataclasses import replace

from regbrowse.reference import Registry
from regbrowse.registry.auth.errors import token_refused
from regbrowse.registry.auth.ping import PingResult
from regbrowse.registry.auth.token_request import basic
from regbrowse.registry.auth.tokens import TokenBudget, Tokens
from regbrowse.registry.error_mapping import status_error
from regbrowse.registry.requests import ping_request
from regbrowse.registry.transport.transport import Transport
from regbrowse.settings.login import Login
from regbrowse.text import visible


async def prove(transport: Transport, tokens: Tokens, door: PingResult, registry: Registry, login: Login) -> None:
    """Asks for a token, or with Basic at the door, as `docker login` does.

    Raises AuthRejected when the login is refused. A registry that has not asked for one yet proves nothing:
    then the next question decides.
    """
    challenge = door.likely
    if challenge is None:
        return
    question = replace(ping_request(registry), wanted=f"Logging in to {visible(registry.name)}")
    if challenge.scheme == "bearer":
        await tokens.fetch(tokens.key(question, door.base, challenge, login), question, TokenBudget())
        return
    reply = await transport.send(question, door.base + question.path, basic(login))
    if reply.status in (401, 403):
        raise token_refused(question, reply, login)
    if reply.status == 429 or reply.status >= 500:
        raise status_error(reply)
