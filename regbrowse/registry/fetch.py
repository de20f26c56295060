"""Send a request, and handle what every caller has to: unexpected statuses and large bodies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container
from typing import TYPE_CHECKING, TypeVar

from regbrowse.registry.error_mapping import status_error

if TYPE_CHECKING:
    from regbrowse.registry.auth.authenticator import Authenticator
    from regbrowse.registry.requests import Request, Response

LARGE_BODY = 128 * 1024
"""Bytes above which a body is hashed or parsed in a thread."""
Result = TypeVar("Result")


async def fetch(auth: Authenticator, request: Request, *, statuses: Container[int] = (200,)) -> Response:
    """Send a request with the login for its registry and return a response with one of these statuses.

    Raises RegistryError for any other status, and when there is no response.
    """
    response = await auth.send(request)
    if response.status not in statuses:
        raise status_error(response, auth.login_state(request.registry))
    return response


async def in_thread_if_large(function: Callable[[bytes], Result], body: bytes) -> Result:
    """Call a function with a body, in a thread when it is large, so that the event loop goes on."""
    return await asyncio.to_thread(function, body) if len(body) > LARGE_BODY else function(body)
