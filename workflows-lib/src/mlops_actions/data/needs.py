"""``mlops needs``: the extras that a run's data asks for beyond its stage's own.

Nothing is read but the contract and what the folders here look like, so this
runs before the extras are installed. A bucket cannot be looked into by then:
that there is a table in it is said by the contract's server (``format:
delta``) or by the configuration (``data.extras``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from mlops_actions.data.contracts import contract, servers
from mlops_actions.data.contracts.servers import Place
from mlops_actions.data.sources.fetching import extras as extras_of
from mlops_actions.data.sources.located import EXTRAS
from mlops_actions.errors import CallError, Problem, did_you_mean

PARTING = "arrow"
"""The extra that writes rows of Parquet files apart."""


def extras(places: Iterable[Place], engine: str, named: Sequence[str] = ()) -> tuple[str, ...]:
    """The extras of ``places``, of an engine, and those ``named`` in the configuration, sorted.

    Raises CallError for one of those that is not there.
    """
    for each in named:
        if each not in EXTRAS:
            hint = did_you_mean(each, EXTRAS) or f"There is: {', '.join(EXTRAS)}."
            raise CallError(Problem(f"the extra {each!r} of `data.extras` is not there", hint=hint))
    found = {extra for each in places for extra in extras_of(each, Path.cwd())}
    return tuple(sorted({*named, *found, *({engine} & EXTRAS.keys())}))


def of_data(patterns: servers.Patterns) -> list[Place]:
    """What a call names, as places."""
    return [place for group in servers.named(patterns).values() for place in group]


def of_server(path: Path, server: str | None) -> list[Place]:
    """The places of a contract's server. Raises CallError as :func:`servers.places` does."""
    return [place for group in servers.places(contract.load(path), server).values() for place in group]
