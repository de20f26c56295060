"""The errors of authentication: from a refused request or token request to the sentence that explains it."""

from __future__ import annotations

from collections.abc import Sequence

from regbrowse.errors import AuthError, AuthRejected, AuthRequired, Denied, RegistryError
from regbrowse.registry.auth.challenge import Challenge, has_error
from regbrowse.registry.auth.credentials import login_state
from regbrowse.registry.auth.realm_policy import host_of
from regbrowse.registry.error_mapping import (
    LOGIN_HINT,
    REFUSED_HINT,
    login_command,
    login_needed,
    server_words,
    status_error,
)
from regbrowse.registry.requests import Request, Response
from regbrowse.settings.login import Login
from regbrowse.text import plural, visible


def refused_error(
    request: Request,
    response: Response,
    challenges: Sequence[Challenge],
    login: Login | None,
    *,
    with_token: bool,
    attempts: int,
) -> RegistryError:
    """Build the error for a 401 or 403 after which nothing else can be sent.

    `with_token`: whether the request carried a token. `attempts`: how often it was sent.
    """
    if response.status != 401 or not with_token:
        return status_error(response, login_state(login) if login else None)
    if login is None and attempts <= 2 and not has_error(challenges, "invalid_token"):
        return _login_required(request, response)
    codes, said = server_words(response.body)
    evidence, wanted, host = response.evidence(codes, said), request.wanted, request.host
    if login is not None and has_error(challenges, "insufficient_scope"):
        why = f"You are logged in to {host} as {login_state(login).user}, but may not read {request.about}."
        hint = "Ask its owner for access, or log in as somebody else."
        return Denied(why, evidence=evidence, wanted=wanted, hint=hint)
    why = (
        f"{host} keeps asking for authentication although a token was obtained."
        f" Giving up after {plural(attempts, 'attempt')}."
    )
    hint = f"The account may not be allowed to read {request.about}." if login else LOGIN_HINT
    return AuthRejected(why, evidence=evidence, wanted=wanted, hint=hint)


def no_challenge_error(
    request: Request, response: Response, challenges: Sequence[Challenge], login: Login | None
) -> RegistryError:
    """Build the error for a 401 or 403 without a challenge that can be answered."""
    if response.status == 403:
        return status_error(response, login_state(login) if login else None)
    schemes = ", ".join(dict.fromkeys(visible(challenge.scheme, 30) for challenge in challenges[:8]))
    if schemes:
        why = f"{request.host} only offers {schemes} authentication; regbrowse supports Bearer and Basic."
        hint = "Its administrator can allow one of these."
    else:
        why = f"{request.host} answered 401 without saying how to log in (no WWW-Authenticate header)."
        hint = "A proxy in between may be removing it."
    codes, said = server_words(response.body)
    return AuthRequired(why, evidence=response.evidence(codes, said), wanted=request.wanted, hint=hint)


def login_refused_error(request: Request, response: Response, login: Login | None) -> AuthError:
    """Build the error for a token service, or a registry with Basic, that refuses a login or an anonymous request.

    Registries do not tell wrong credentials from ones without the right, nor private repositories from missing ones.
    """
    if login is None:
        return _login_required(request, response)
    host, source = request.host, visible(login.source, 200)
    if response.status in (404, 405):
        service = visible(host_of(response.url), 260)
        why = f"The login service {service} of {host} does not take the identity token from {source}."
        hint = "Log in again with a password or an access token."
    else:
        why, hint = f"{host} refused the credentials from {source}.", REFUSED_HINT
    codes, said = server_words(response.body)
    evidence, command = response.evidence(codes, said), login_command(request)
    return AuthRejected(why, evidence=evidence, wanted=request.wanted, hint=hint, command=command)


def token_missing_error(response: Response) -> AuthError:
    """Build the error for a response without a usable token. The body is never shown: it may hold one."""
    request = response.request
    service, kind = visible(host_of(response.url), 260), visible(response.content_type, 60) or "no content type"
    why = f"The login service {service} of {request.host} did not return a token (status {response.status}, {kind})."
    return AuthError(why, evidence=response.evidence(), wanted=request.wanted, hint="Try again in a while.")


def refused_before_error(refusal: AuthError, error: AuthRequired) -> AuthError:
    """Build the error for a request without a login, because an earlier `refusal` says not to send the login again."""
    kind = AuthRejected if isinstance(refusal, AuthRejected) else Denied
    return kind(refusal.why, evidence=error.evidence, wanted=error.wanted, hint=refusal.hint, command=refusal.command)


def _login_required(request: Request, response: Response) -> AuthRequired:
    codes, said = server_words(response.body)
    evidence, command = response.evidence(codes, said), login_command(request)
    why = login_needed(request)
    return AuthRequired(why, evidence=evidence, wanted=request.wanted, hint=LOGIN_HINT, command=command)
