"""A GitHub that knows its own OpenAPI description, and a client of it that does not really wait."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mlops_actions.github.api import Client


def load() -> ModuleType:
    path = Path(__file__).parent / "openapi_server.py"
    spec = importlib.util.spec_from_file_location("openapi_server", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["openapi_server"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def github() -> Iterator[Any]:
    with load().serve() as server:
        yield server


@pytest.fixture
def waits() -> list[float]:
    """The seconds that the client would have waited."""
    return []


@pytest.fixture
def client(github: Any, waits: list[float]) -> Client:
    return Client(github.base, "ghs_a_token_that_must_not_leak", sleep=waits.append, clock=lambda: 1_000_000.0)
