"""What the look of text tells: a simple shape that all values have, or that they are about persons.

A shape is a text with each letter and digit brought to one of its kind; where
the least shape is the greatest, all are the same.
"""

from __future__ import annotations

import re
import string
from itertools import groupby

from mlops_actions.data.engines.quoting import literal
from mlops_actions.data.types.cells import strptime_format

LONGEST = 40
"""Characters of a shape that is simple enough to be a pattern."""

_KINDS = {"A": "[A-Z]", "a": "[a-z]", "0": "[0-9]"}
_FROM = string.ascii_uppercase + string.ascii_lowercase + string.digits
_TO = "A" * 26 + "a" * 26 + "0" * 10
_BETWEEN = set(" -_/.:+#@")

_ADDRESS = r"[^@\s]@[^@\s]+\.[A-Za-z]{2,}"
_NUMBERS = {"000-00-0000": "a social security number", "0000-0000-0000-0000": "the number of a card"}

_DATES = {
    "0000/00/00": ("yyyy/MM/dd",),
    "0000.00.00": ("yyyy.MM.dd",),
    "00.00.0000": ("dd.MM.yyyy", "MM.dd.yyyy"),
    "00/00/0000": ("dd/MM/yyyy", "MM/dd/yyyy"),
    "00-00-0000": ("dd-MM-yyyy", "MM-dd-yyyy"),
}
"""What a shape of dates may mean, as the standard writes it; a reader guesses the forms of ISO 8601 by itself."""

_WORDS = {
    "email": "mail e-mail email emails mails",
    "telephone": "phone phones telephone mobile cellphone fax msisdn",
    "identity": "ssn passport iban nino nric taxid",
    "address": "address addr street ip ipaddress",
    "birth": "birth birthday birthdate dob",
    "name of a person": "firstname lastname surname fullname username forename maiden",
    "secret": "password passwd secret token pin cvv cvc",
}
_OF = {word: kind for kind, words in _WORDS.items() for word in words.split()}
_PAIRS = {
    ("first", "name"), ("last", "name"), ("full", "name"), ("given", "name"), ("family", "name"), ("user", "name"),
    ("e", "mail"), ("tax", "id"), ("ip", "address"), ("credit", "card"), ("card", "number"), ("date", "birth"),
    ("social", "security"), ("national", "id"), ("middle", "name"), ("customer", "name"),
}  # fmt: skip


def shape_sql(column: str) -> str:
    """The expression for the shape of a text expression: ``B-17c`` is ``A-00a``."""
    return f"translate({column}, {literal(_FROM)}, {literal(_TO)})"


def addresses_sql(column: str) -> str:
    """The aggregate that counts texts with an e-mail address in them."""
    return f"count_if(contains({column}, '@') AND regexp_matches({column}, {literal(_ADDRESS)}))"


def pattern(shape: str) -> str | None:
    """The pattern of a shape, None where it is not simple: ``AAA-00`` is ``^[A-Z]{3}-[0-9]{2}$``."""
    signs = set(shape)
    if not 0 < len(shape) <= LONGEST or not signs & _KINDS.keys() or signs - _KINDS.keys() - _BETWEEN:
        return None
    parts = []
    for sign, run in groupby(shape):
        count = len(list(run))
        part = _KINDS.get(sign) or (re.escape(sign) if sign in ".+" else sign)
        parts.append(part + (f"{{{count}}}" if count > 1 else ""))
    return f"^{''.join(parts)}$"


def private_name(column: str) -> str | None:
    """What a column's name says it holds about persons, None where it says nothing of the kind."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", column)
    words = [each.casefold() for each in re.findall(r"[A-Za-z]+", spaced)]
    for word in (*words, "".join(words)):
        if word in _OF:
            return _OF[word]
    for pair in zip(words, [each for each in words[1:] if each != "of"], strict=False):
        if pair in _PAIRS:
            return " ".join(pair)
    return None


def dates(shape: str) -> tuple[str, ...]:
    """The formats of dates that a shape may be."""
    return _DATES.get(shape, ())


def dates_sql(column: str, form: str) -> str:
    """The aggregate that counts texts that are no date in such a form."""
    return f"count_if({column} IS NOT NULL AND try_strptime({column}, {literal(str(strptime_format(form)))}) IS NULL)"


def private_shape(shape: str) -> str | None:
    """What a shape says that values are, None where it says nothing of the kind."""
    return _NUMBERS.get(shape)
