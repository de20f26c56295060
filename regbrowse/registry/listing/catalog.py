"""Registries that do not list their repositories: a normal state, said as such."""

from __future__ import annotations

from regbrowse.errors import AuthError, Denied, NotFound, RegistryError, ServerError, Unsupported
from regbrowse.reference import DOCKER_HUB
from regbrowse.registry.requests import Request

_HINT = "You can still open one by its name."
_NOT_OFFERED = frozenset({200, 400, 404, 405, 406, 410, 501})


def no_catalog(question: Request) -> None:
    """Docker Hub is known to have none; asking would only cost time."""
    if question.registry.name == DOCKER_HUB:
        raise Unsupported("Docker Hub does not offer a list of repositories.", wanted=question.wanted, hint=_HINT)


def catalog_error(question: Request, error: RegistryError) -> RegistryError:
    """The error of a catalog in the words that fit a catalog."""
    host, evidence, wanted = question.host, error.evidence, question.wanted
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
        return Unsupported(
            f"{host} does not offer a list of repositories.", evidence=evidence, wanted=wanted, hint=_HINT
        )
    return error
