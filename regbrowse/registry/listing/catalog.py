"""Registries that do not list their repositories: a normal state, reported as such."""

from __future__ import annotations

from regbrowse.errors import AuthError, Denied, NotFound, RegistryError, ServerError, Unsupported
from regbrowse.reference import DOCKER_HUB
from regbrowse.registry.requests import Request

_HINT = "You can still open one by its name."
_NOT_OFFERED = frozenset({200, 400, 404, 405, 406, 410, 501})


def require_catalog(request: Request) -> None:
    """Raise Unsupported for Docker Hub, which is known to have no catalog: a request would only cost time."""
    if request.registry.name == DOCKER_HUB:
        raise Unsupported("Docker Hub does not offer a list of repositories.", wanted=request.wanted, hint=_HINT)


def catalog_error(request: Request, error: RegistryError) -> RegistryError:
    """Reword the error of a catalog request, so that it says what can still be done."""
    host, evidence, wanted = request.host, error.evidence, request.wanted
    if evidence.status == 451:
        return error
    if isinstance(error, Denied):
        why = f"{host} does not let you list all repositories."
        return Denied(why, evidence=evidence, wanted=wanted, hint=_HINT)
    if isinstance(error, AuthError):
        why = f"{host} does not let anonymous visitors list all repositories."
        hint = f"{_HINT} {error.hint}".strip()
        return type(error)(why, evidence=evidence, wanted=wanted, hint=hint)
    if isinstance(error, ServerError) and evidence.status != 501:
        return error
    if isinstance(error, NotFound) or evidence.status in _NOT_OFFERED:
        why = f"{host} does not offer a list of repositories."
        return Unsupported(why, evidence=evidence, wanted=wanted, hint=_HINT)
    return error
