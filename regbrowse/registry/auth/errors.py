"""From a refusal to log somebody in to the error that explains it."""

from __future__ import annotations

from regbrowse.errors import AuthError, AuthRejected, AuthRequired, Denied, RegistryError
from regbrowse.registry.auth.challenge import Challenge, has_error
from regbrowse.registry.auth.realm_policy import place_of
from regbrowse.registry.error_mapping import (
    LOGIN_HINT,
    REFUSED_HINT,
    login_command,
    login_needed,
    server_words,
    status_error,
)
from regbrowse.registry.models import LoginState
from regbrowse.registry.requests import Request, Response
from regbrowse.settings.login import Login
from regbrowse.text import plural, visible


def state_of(login: Login | None, note: str = "") -> LoginState:
    """A login as it may be shown."""
    if login is None:
        return LoginState(note=note)
    return LoginState(visible(login.user, 100) or "token", visible(login.source, 200), note)


def refusal(
    question: Request, reply: Response, offered: list[Challenge], login: Login | None, *, token: bool, attempts: int
) -> RegistryError:
    """For a 401 or 403 that no other login of ours would change. `token`: whether one had just been obtained."""
    if reply.status == 401 and token:
        if login is None and attempts <= 2 and not has_error(offered, "invalid_token"):
            return _required(question, reply)
        if login is not None and has_error(offered, "insufficient_scope"):
            return _denied(question, reply, login)
        host = question.host
        why = (
            f"{host} keeps asking for authentication although a token was obtained."
            f" Giving up after {plural(attempts, 'attempt')}."
        )
        hint = f"The account may not be allowed to read {question.about}." if login else LOGIN_HINT
        codes, said = server_words(reply.body)
        return AuthRejected(why, evidence=reply.evidence(codes, said), wanted=question.wanted, hint=hint)
    return status_error(reply, state_of(login) if login else None)


def unanswerable(question: Request, reply: Response, offered: list[Challenge], login: Login | None) -> RegistryError:
    """For a refusal without a challenge that could be answered."""
    if reply.status == 403:
        return status_error(reply, state_of(login) if login else None)
    host = question.host
    codes, said = server_words(reply.body)
    evidence = reply.evidence(codes, said)
    schemes = ", ".join(dict.fromkeys(visible(challenge.scheme, 30) for challenge in offered[:8]))
    if schemes:
        why = f"{host} only offers {schemes} authentication; regbrowse supports Bearer and Basic."
        hint = "Its administrator can allow one of these."
        return AuthRequired(why, evidence=evidence, wanted=question.wanted, hint=hint)
    why = f"{host} answered 401 without saying how to log in (no WWW-Authenticate header)."
    hint = "A proxy in between may be removing it."
    return AuthRequired(why, evidence=evidence, wanted=question.wanted, hint=hint)


def token_refused(question: Request, reply: Response, login: Login | None) -> AuthError:
    """For a token service that gives nothing to whoever asks, or to nobody in particular.

    Registries do not tell wrong credentials from ones that do not reach, nor private from missing.
    """
    if login is None:
        return _required(question, reply)
    where, host = visible(place_of(reply.url), 260), question.host
    codes, said = server_words(reply.body)
    if reply.status in (404, 405):
        why = f"The login service {where} of {host} does not take the identity token from {visible(login.source, 200)}."
        hint = "Log in again with a password or an access token."
    else:
        why, hint = f"{host} refused the credentials from {visible(login.source, 200)}.", REFUSED_HINT
    return AuthRejected(
        why, evidence=reply.evidence(codes, said), wanted=question.wanted, hint=hint, command=login_command(question)
    )


def no_token(reply: Response) -> AuthError:
    """For an answer without a usable token. Its body is never shown: it may hold one."""
    where, host = visible(place_of(reply.url), 260), reply.question.host
    kind = visible(reply.content_type, 60) or "no content type"
    why = f"The login service {where} of {host} did not return a token (status {reply.status}, {kind})."
    return AuthError(why, evidence=reply.evidence(), wanted=reply.question.wanted, hint="Try again in a while.")


def _required(question: Request, reply: Response) -> AuthRequired:
    codes, said = server_words(reply.body)
    return AuthRequired(
        login_needed(question),
        evidence=reply.evidence(codes, said),
        wanted=question.wanted,
        hint=LOGIN_HINT,
        command=login_command(question),
    )


def _denied(question: Request, reply: Response, login: Login) -> Denied:
    codes, said = server_words(reply.body)
    user = state_of(login).user
    why = f"You are logged in to {question.host} as {user}, but may not read {question.about}."
    hint = "Ask its owner for access, or log in as somebody else."
    return Denied(why, evidence=reply.evidence(codes, said), wanted=question.wanted, hint=hint)
