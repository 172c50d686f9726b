from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_actions.project.secrets import HIDDEN, Mask, values


def test_passwords_in_addresses_and_variables_named_like_secrets_are_values() -> None:
    env = {
        "PIP_INDEX_URL": "https://robot:s3cr%40t-word@pypi.example/simple",
        "UV_INDEX": "https://one.example/simple https://pypi-AgEIcHlwaS5vcmc@two.example/simple",
        "MY_API_KEY": "abcdefgh",
        "DEPLOY_TOKEN": "first-line\nsecond-line",
        "GOOGLE_APPLICATION_CREDENTIALS": "/home/runner/key.json",
        "HARMLESS": "visible-value",
        "OTHER_PASSWORD": "short",
    }
    assert values(env) == {
        "s3cr%40t-word",
        "s3cr@t-word",
        "pypi-AgEIcHlwaS5vcmc",
        "abcdefgh",
        "first-line",
        "second-line",
    }


text = st.text(alphabet="ab*\n ", max_size=30)


@settings(deadline=None)
@given(st.lists(text, max_size=6), st.text(alphabet="ab", min_size=2, max_size=6), st.data())
def test_a_secret_never_shows_however_the_text_arrives(parts: list[str], secret: str, data: st.DataObject) -> None:
    whole = secret.join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    mask = Mask([secret])
    shown, rest = "", ""
    for piece in pieces:
        now, rest = mask.split(rest + piece)
        shown += now
    shown += rest
    assert shown == whole.replace(secret, HIDDEN)


def test_the_longer_of_two_secrets_is_hidden_whole() -> None:
    assert Mask(["secret", "secret-and-more"]).whole("a secret-and-more b secret") == "a *** b ***"


def test_without_secrets_text_passes_unchanged() -> None:
    assert Mask([]).split("as it is") == ("as it is", "")
