"""What tests ask a fake registry, and what it was asked."""

from __future__ import annotations

from regbrowse.reference import Registry, Repository
from regbrowse.registry.client import Client, Login, Settings
from support.fake_registry import FakeRegistry
from support.images import Made


def settings(login: Login | None = None) -> Settings:
    """Make the settings of a client that does not wait between tries."""
    return Settings(user=login, pause=0)


def here(registry: FakeRegistry, path: str = "acme/app") -> Repository:
    """Name a repository of a registry."""
    return Repository(Registry.parse(registry.name), path)


async def names(client: Client, repository: Repository) -> list[str]:
    """List the tags of a repository."""
    return [tag async for page in client.tags(repository) for tag in page.tags]


def sent(registry: FakeRegistry) -> list[str]:
    """List the methods and paths that a registry was asked for, in order."""
    return [f"{one.method} {one.path}" for one in registry.asked]


def hold(registry: FakeRegistry, made: Made) -> str:
    """Let a registry hold an image, and give its reference."""
    registry.repository("acme/app").add(made, "it")
    return f"{registry.name}/acme/app:it"
