"""From what a registry answered to the error that explains it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

from regbrowse.errors import (
    AuthRejected,
    AuthRequired,
    BadResponse,
    Denied,
    Evidence,
    Integrity,
    NetError,
    NotFound,
    Offline,
    RateLimited,
    RegbrowseError,
    RegistryError,
    ServerError,
    Step,
    Unsupported,
)
from regbrowse.oci.document import parse_json
from regbrowse.redact import URL, redact
from regbrowse.reference import DOCKER_HUB, Registry
from regbrowse.registry.models import LoginState
from regbrowse.registry.requests import Request, Response
from regbrowse.registry.responder import UNREADABLE
from regbrowse.registry.transport.retry import retry_after
from regbrowse.text import plural, visible

SAID_LIMIT = 500
ERROR_BODY_LIMIT = 64 * 1024
LOGIN_HINT = Step(
    "Log in with docker login, or press L for this session only.",
    "Give a login with -u USER:PASSWORD or in DOCKER_REGISTRY_CREDENTIALS, or log in with docker login.",
)
REFUSED_HINT = Step(
    "They may have expired. Log in again, or press A to browse anonymously.",
    "They may be wrong, or have expired. Give others with -u USER:PASSWORD, or log in again.",
)
_OPERATOR = "Try again in a while; if it stays so, ask its operator."
_XML = re.compile(rb"<Code>([^<]{1,200})</Code>.{0,200}?<Message>([^<]{0,1000})", re.DOTALL)
_TITLE = re.compile(rb"<title[^>]{0,200}>([^<]{1,400})", re.IGNORECASE)


def offline_error(registry: Registry, why: str, wanted: str) -> Offline:
    """Make the error for what only the registry could tell, while nothing may be sent to it."""
    host = visible(registry.name)
    return Offline(why, evidence=Evidence(host), wanted=wanted, hint=f"Start without --offline to ask {host}.")


def status_error(response: Response, login: LoginState | None = None) -> RegistryError:
    """The error for a response that is no success (protocol of the distribution-spec, Error Codes)."""
    codes, said = server_words(response.body)
    request, state, host = response.request, login or LoginState(), response.request.host
    evidence = response.evidence(codes, said)

    def error(kind: type[RegistryError], why: str, hint: str = "", command: str = "") -> RegistryError:
        return kind(why, evidence=evidence, wanted=request.wanted, hint=hint, command=command)

    status = response.status
    if request.registry.alias and UNREADABLE in codes:
        return error(BadResponse, said)
    if status < 300:
        return error(BadResponse, f"{host} answered, but not with what was asked for.")
    if response.other_origin and 400 <= status < 500 and status != 429:
        return error(ServerError, f"The storage behind {host} refused the download.", "Try again in a while.")
    if status == 401:
        if state.user:
            why = f"{host} refused the credentials from {state.source}."
            return error(AuthRejected, why, REFUSED_HINT, login_command(request))
        return error(AuthRequired, login_needed(request), LOGIN_HINT, login_command(request))
    if status == 403:
        if state.user:
            why = f"You are logged in to {host} as {state.user}, but may not read {request.about}."
            return error(Denied, why, "Ask its owner for access, or log in as somebody else.")
        return error(AuthRequired, login_needed(request), LOGIN_HINT, login_command(request))
    if status in (404, 410):
        return _not_found(request, codes, error)
    if status == 407:
        return error(NetError, "The proxy in between wants a login.", "Put it into the proxy setting.")
    if status == 416:
        return error(Integrity, f"{host} holds less of this content than its size says.", "Try again in a while.")
    if status == 429:
        return _limited(response, state, error)
    if status == 451:
        return error(Denied, f"{host} may not show {request.about} for legal reasons.", "Ask its operator why.")
    if status in (405, 501):
        return error(Unsupported, f"{host} does not offer this.")
    if status >= 500 or status in (408, 499):
        hint = f"Tried {plural(request.max_attempts, 'time')}; try again in a while."
        return error(ServerError, f"{host} has a problem on its side.", hint.replace("Tried 1 time; t", "T"))
    if 300 <= status < 400:
        return error(BadResponse, f"{host} redirected without saying where to.", _OPERATOR)
    return error(BadResponse, f"{host} did not accept the request.", _OPERATOR)


def login_needed(request: Request) -> str:
    """Registries do not tell private from missing, so both are said."""
    host = request.host
    if request.kind in ("catalog", "ping"):
        return f"{host} wants to know who is asking."
    name = request.about.removeprefix(f"{host}/")
    return f"{host} needs a login for {name} (or the repository does not exist; {host} does not tell)."


def login_command(request: Request) -> str:
    """What is typed in a shell to log in for good."""
    return f"docker login {request.host}"


def not_json(response: Response, noun: str) -> BadResponse:
    """For a success whose body is not what the protocol says."""
    host = response.request.host
    if response.looks_like_html:
        why = f"{host} sent a web page instead of {noun}; a login page or proxy is probably in between."
        hint = "Check the name of the registry, or open it in a web browser."
    elif not response.body:
        why, hint = f"{host} sent nothing instead of {noun}.", ""
    else:
        why, hint = f"What {host} sent is not {noun}.", ""
    _, said = server_words(response.body)
    return BadResponse(why, evidence=response.evidence(said=said), wanted=response.request.wanted, hint=hint)


def _not_found(
    request: Request, codes: tuple[str, ...], error: Callable[[type[RegistryError], str, str], RegistryError]
) -> RegistryError:
    host = request.host
    if request.kind == "blob":
        return error(NotFound, f"{host} lists {request.item or 'this content'} but does not hold it.", "")
    if request.kind == "manifest" and "NAME_UNKNOWN" not in codes:
        why = f'{request.about} has no "{request.item}".'
        gone = "It may have been deleted, or never been there: the list of tags tells."
        hint = gone if ":" not in request.item else ""
        return error(NotFound, why, hint)
    if request.kind in ("referrers", "vendor"):
        return error(Unsupported, f"{host} does not offer this.", "")
    if request.kind in ("ping", "catalog"):
        return error(Unsupported, f"{host} does not answer like a container registry.", "Check its name and port.")
    name = request.about.removeprefix(f"{host}/")
    return error(NotFound, f'{host} has no repository "{name}".', "Check the spelling of the name.")


def _limited(
    response: Response, state: LoginState, error: Callable[[type[RegistryError], str, str], RegistryError]
) -> RegistryError:
    wait = retry_after(response.headers)
    host = response.request.host
    limit = re.match(r"\s*(\d{1,9})(?:\s*;\s*w=(\d{1,9}))?", response.headers.get("ratelimit-limit", ""))
    if response.request.registry.name == DOCKER_HUB and limit:
        span = f" per {int(limit[2]) // 3600} h" if limit[2] else ""
        whom = "your account" if state.user else "anonymous use from your address"
        why = f"Docker Hub pull limit reached ({limit[1]}{span} for {whom})."
        made = error(RateLimited, why, "Lists still work." if state.user else "Logging in raises it. Lists still work.")
    else:
        when = "in a while"
        if wait:
            when = f"in {wait:.0f} s" if wait <= 120 else f"in about {wait / 60:.0f} minutes"
        made = error(RateLimited, f"{host} is limiting requests.", f"Try again {when}.")
    if isinstance(made, RateLimited):
        made.retry_after = wait
    return made


def server_words(body: bytes) -> tuple[tuple[str, ...], str]:
    """Error codes and message of an error body in any of the forms seen: JSON of many kinds, XML, HTML, text."""
    body = body.removeprefix(b"\xef\xbb\xbf")
    if not body.strip():
        return (), ""
    if body.lstrip()[:1] in (b"{", b"["):
        try:
            return _from_json(parse_json(body[:ERROR_BODY_LIMIT], limit=ERROR_BODY_LIMIT).value)
        except RegbrowseError:
            pass
    xml = _XML.search(body[:ERROR_BODY_LIMIT])
    if xml:
        code, message = (_words(html.unescape(group.decode("utf-8", "replace"))) for group in xml.groups())
        return (code[:64],), message
    title = _TITLE.search(body[:ERROR_BODY_LIMIT])
    if title or body.lstrip().startswith(b"<"):
        return (), _words(html.unescape(title[1].decode("utf-8", "replace")), 100) if title else ""
    return (), _words(body[: 4 * SAID_LIMIT].decode("utf-8", "replace"))


def _from_json(value: object) -> tuple[tuple[str, ...], str]:
    errors = value.get("errors") if isinstance(value, dict) else None
    entries = errors[:3] if isinstance(errors, list) else [value]
    codes: list[str] = []
    words: list[str] = []
    for entry in entries:
        if isinstance(entry, str):
            words.append(entry)
        if not isinstance(entry, dict):
            continue
        if isinstance(inner := entry.get("error"), dict):
            entry = inner
        code = entry.get("code", entry.get("error"))
        if isinstance(code, str) and code:
            codes.append(visible(code, 64))
        keys = ("message", "error_description", "detail", "details", "msg")
        words += [entry[key] for key in keys if isinstance(entry.get(key), str) and entry[key]][:1]
    return tuple(codes), _words("; ".join(words))


def _words(text: str, limit: int = SAID_LIMIT) -> str:
    """Addresses in it lose what signs them."""
    return visible(URL.sub(lambda match: redact(match[0]), " ".join(text.split())), limit)
