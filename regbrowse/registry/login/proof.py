"""Tries a new login before it is believed."""

from __future__ import annotations

from dataclasses import replace

from regbrowse.reference import Registry
from regbrowse.registry.errors_from import status_error
from regbrowse.registry.login.door import Door, ping_question
from regbrowse.registry.login.grants import basic
from regbrowse.registry.login.refusals import token_refused
from regbrowse.registry.login.tokens import Purse, Tokens
from regbrowse.registry.net.transport import Transport
from regbrowse.settings.login import Login
from regbrowse.text import visible


async def prove(transport: Transport, tokens: Tokens, door: Door, registry: Registry, login: Login) -> None:
    """Asks for a token, or with Basic at the door, as `docker login` does.

    Raises AuthRejected when the login is refused. A registry that has not asked for one yet proves nothing:
    then the next question decides.
    """
    challenge = door.likely
    if challenge is None:
        return
    question = replace(ping_question(registry), wanted=f"Logging in to {visible(registry.name)}")
    if challenge.scheme == "bearer":
        await tokens.fetch(tokens.key(question, door.base, challenge, login), question, Purse())
        return
    reply = await transport.send(question, door.base + question.path, basic(login))
    if reply.status in (401, 403):
        raise token_refused(question, reply, login)
    if reply.status == 429 or reply.status >= 500:
        raise status_error(reply)
