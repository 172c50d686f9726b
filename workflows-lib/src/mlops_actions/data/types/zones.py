"""Time zones, by the names of the IANA database: https://www.iana.org/time-zones."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from functools import cache

from mlops_actions.errors import did_you_mean

_UTC = {"utc", "etc/utc", "z", "gmt", "etc/gmt", "etc/uct", "uct", "zulu", "etc/zulu", "universal", "etc/universal"}


def zone_of(name: object) -> str | None:
    """The name of a time zone other than UTC, or None for UTC and for what is no name."""
    return None if not isinstance(name, str) or name.casefold() in _UTC else name


@cache
def _names() -> frozenset[str]:
    import zoneinfo  # pylint: disable=import-outside-toplevel  # looks through the whole database

    return frozenset(zoneinfo.available_timezones() - {"localtime"})


def nearest_zone(name: str) -> tuple[bool, str | None]:
    """Whether there is a time zone of this name, and what to do where there is none."""
    if zone_of(name) is None or name in _names():
        return True, None
    if not _names():
        return False, "This machine has no time zones: install the system's package `tzdata`."
    city = {each.rpartition("/")[2]: each for each in sorted(_names())}
    near = did_you_mean(name, _names()) or did_you_mean(city.get(name.rpartition("/")[2], name), _names())
    return False, near or "Name one of the IANA database, as `Europe/Berlin`."


def in_utc(moment: datetime, zone: str | None) -> datetime:
    """A moment in UTC; one without a time zone is of ``zone``, or else of UTC."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=_zone(zone))
    return moment.astimezone(UTC)


def on_the_clock(moment: datetime, zone: str | None) -> datetime:
    """What a clock of ``zone`` (or else of UTC) shows at a moment; one without a time zone is read off that clock."""
    return moment if moment.tzinfo is None else moment.astimezone(_zone(zone)).replace(tzinfo=None)


def _zone(name: str | None) -> tzinfo:
    if name is None:
        return UTC
    import zoneinfo  # pylint: disable=import-outside-toplevel

    return zoneinfo.ZoneInfo(name)
