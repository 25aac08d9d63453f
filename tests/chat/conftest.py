"""A chat server on this machine, and a client of it that does not wait for long."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


def _module() -> ModuleType:
    """Load the server's file, which a benchmark runs as a script."""
    name = "unswayed_test_fault_server"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            name, Path(__file__).with_name("fault_server.py")
        )
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture(scope="session")
def faulty() -> ModuleType:
    """Return the module of the fault server."""
    pytest.importorskip("aiohttp")
    return _module()


@pytest.fixture
def serve(faulty: ModuleType) -> Iterator[Callable[..., Any]]:
    """Return a function that starts a server with a handler."""
    started: list[Any] = []

    def start(handler: Any, **options: Any) -> Any:
        started.append(faulty.Served(handler, **options))
        return started[-1]

    yield start
    for server in started:
        server.close()
