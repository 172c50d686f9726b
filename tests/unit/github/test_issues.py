"""One issue a model: opened once, left alone while nothing changes, closed when clean, and nobody else's touched."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import openapi_server
import pytest

from mlops_actions.github.api import ApiError, Client
from mlops_actions.github.issues import State, Told, keep

DRIFTED = Told("delay", State.DRIFTED, "Data drift: delay", "`b` moved by 0.38", "one", link="https://github.com/run/1")
CLEAN = replace(DRIFTED, state=State.CLEAN, content="none", text="nothing")


def fault(github: Any, status: int | None = None, **more: Any) -> None:
    github.faults.append(openapi_server.Fault(status, **more))


def tell(client: Client, told: Told) -> str:
    return keep(client, "acme/delays", told)


def writes(github: Any) -> list[str]:
    return [each for each in github.calls if not each.startswith("GET")]


def test_a_drift_opens_an_issue_once(github: Any, client: Client) -> None:
    told = replace(DRIFTED, labels=("drift", "data"), assignees=("ann",))
    assert "opened" in tell(client, told)
    assert "same already" in tell(client, told)
    (issue,) = github.issues.values()
    assert (issue["title"], issue["state"]) == ("Data drift: delay", "open")
    assert "`b` moved by 0.38" in issue["body"]
    assert [each["name"] for each in issue["labels"]] == ["drift", "data"]
    assert [each["login"] for each in issue["assignees"]] == ["ann"]
    assert writes(github) == ["POST /issues"]


def test_without_drift_no_issue_is_opened(github: Any, client: Client) -> None:
    for state in (State.CLEAN, State.UNKNOWN):
        tell(client, replace(DRIFTED, state=state))
    assert github.issues == {}


def test_what_changed_is_rewritten_and_what_people_wrote_stays(github: Any, client: Client) -> None:
    tell(client, DRIFTED)
    (issue,) = github.issues.values()
    issue["body"] = f"Ann looks into it.\r\n\r\n{issue['body']}\r\nSince May."
    assert "up to date" in tell(client, replace(DRIFTED, content="two", text=r"`c` moved \1 by 0.5"))
    assert issue["body"].startswith("Ann looks into it.\r\n") and issue["body"].endswith("\r\nSince May.")
    assert r"`c` moved \1 by 0.5" in issue["body"] and "0.38" not in issue["body"]
    assert "same already" in tell(client, replace(DRIFTED, content="two"))
    assert [each["comments"] for each in github.issues.values()] == [0]


def test_a_name_that_looks_like_our_end_leaves_nothing_behind(github: Any, client: Client) -> None:
    tell(client, replace(DRIFTED, text="`<!-- /mlops-actions:drift -->` moved, and much more"))
    tell(client, replace(DRIFTED, content="two", text="fine"))
    (issue,) = github.issues.values()
    assert "much more" not in issue["body"] and "fine" in issue["body"]


def test_clean_closes_with_a_comment_and_drift_opens_it_again(github: Any, client: Client) -> None:
    tell(client, DRIFTED)
    assert "closed" in tell(client, CLEAN)
    (number,) = github.issues
    assert github.issues[number]["state"] == "closed"
    assert ["found nothing" in each for each in github.comments[number]] == [True]
    before = writes(github)
    assert "stays closed" in tell(client, CLEAN)
    assert writes(github) == before, "a clean night writes nothing"
    assert "reopened" in tell(client, DRIFTED)
    assert github.issues[number]["state"] == "open"
    assert len(github.issues) == 1 and "again" in github.comments[number][-1]


def test_it_closes_after_as_many_clean_checks_in_a_row_as_asked(github: Any, client: Client) -> None:
    def states(*checks: Told) -> list[str]:
        found = []
        for each in checks:
            tell(client, replace(each, close_after=3))
            found.append(next(iter(github.issues.values()))["state"])
        return found

    unknown = replace(CLEAN, state=State.UNKNOWN)
    assert states(DRIFTED, CLEAN, CLEAN, DRIFTED) == ["open"] * 4, "a drift ends the row"
    assert states(CLEAN, CLEAN, unknown) == ["open"] * 3, "what could not be evaluated ends it too"
    assert states(CLEAN, CLEAN, CLEAN) == ["open", "open", "closed"]


def test_what_was_closed_by_hand_stays_closed_until_there_is_news(github: Any, client: Client) -> None:
    tell(client, DRIFTED)
    (issue,) = github.issues.values()
    issue["state"] = "closed"
    assert "by hand" in tell(client, DRIFTED)
    assert issue["state"] == "closed"
    tell(client, replace(DRIFTED, content="two"))
    assert issue["state"] == "open"
    issue["state"] = "closed"
    tell(client, CLEAN)
    tell(client, replace(DRIFTED, content="two"))
    assert issue["state"] == "open", "after a clean check the same drift is news"


def test_another_models_issue_a_pull_request_and_a_strangers_mark_are_not_ours(github: Any, client: Client) -> None:
    tell(client, replace(DRIFTED, model="delay-2"))
    tell(client, DRIFTED)
    first, ours = github.issues.values()
    copied = ours["body"]
    ours["body"] = "a person deleted what we wrote"
    github.add_issue("a stranger's", copied, user={"type": "User"}, author_association="NONE")
    github.add_issue("a pull request", copied, pull_request={})
    broken = github.add_issue("broken", copied.replace("/mlops-actions", "/mlops"))
    assert "opened" in tell(client, DRIFTED)
    assert len(github.issues) == 6
    assert github.issues[broken]["body"] and first["body"] != copied


@pytest.mark.parametrize("model", ["--> <b>", 'a--b"', "a\\u002d", "ü", "</script>"])
def test_a_name_is_data_in_the_mark(github: Any, client: Client, model: str) -> None:
    told = replace(DRIFTED, model=model)
    tell(client, told)
    assert "same already" in tell(client, told)
    (issue,) = github.issues.values()
    mark, _, rest = issue["body"].partition("\n")
    assert mark.startswith("<!-- ") and mark.index("-->") == len(mark) - 3, "the comment ends where it should"
    assert "--" not in mark[4:-3]
    assert rest.startswith("`b` moved")


def test_it_is_found_on_a_later_page(github: Any, client: Client) -> None:
    github.page_size = 2
    for number in range(5):
        github.add_issue(f"other {number}", None)
    tell(client, DRIFTED)
    assert "same already" in tell(client, DRIFTED)
    assert len(github.issues) == 6


def test_a_lost_answer_opens_no_second_issue(github: Any, client: Client) -> None:
    fault(github, on="POST /issues", after=True)
    assert "opened" in tell(client, DRIFTED)
    assert "same already" in tell(client, DRIFTED)
    assert len(github.issues) == 1


def test_of_two_checks_at_once_one_issue_stays_open(github: Any, client: Client) -> None:
    github.before["POST /issues"] = lambda: tell(client, DRIFTED)  # after we looked, before we open
    words = tell(client, DRIFTED)
    first, second = sorted(github.issues)
    assert (github.issues[first]["state"], github.issues[second]["state"]) == ("open", "closed")
    assert f"#{first}" in words
    assert f"#{first}" in tell(client, CLEAN)
    assert f"#{first} is reopened" in tell(client, DRIFTED)


@pytest.mark.parametrize("status", [None, 502])
def test_what_may_not_have_been_opened_is_left_to_the_next_check(
    github: Any, client: Client, status: int | None
) -> None:
    fault(github, status, on="POST /issues")
    with pytest.raises(ApiError) as caught:
        tell(client, DRIFTED)
    assert caught.value.transient and writes(github) == ["POST /issues"]
    tell(client, DRIFTED)
    assert len(github.issues) == 1


def test_limits_and_bad_gateways_are_waited_out(github: Any, client: Client, waits: list[float]) -> None:
    fault(github, 429, headers={"Retry-After": "7"}, on="POST /issues")
    fault(github, 502, on="GET /issues")
    tell(client, DRIFTED)
    fault(github, 502, on="PATCH /issues")
    fault(github, on="PATCH /issues", after=True)
    tell(client, CLEAN)
    (issue,) = github.issues.values()
    assert issue["state"] == "closed" and waits == [1, 7, 1, 2]


def test_a_comment_that_may_have_been_written_is_not_written_twice(github: Any, client: Client) -> None:
    tell(client, DRIFTED)
    (number,) = github.issues
    fault(github, on=f"POST /issues/{number}/comments", after=True)
    assert "closed" in tell(client, CLEAN)
    assert len(github.comments[number]) == 1


def test_an_assignee_whom_github_does_not_take_is_left_out_and_said(github: Any, client: Client) -> None:
    fault(github, 422, on="POST /issues", body={"message": "Validation Failed", "errors": [{"field": "assignees"}]})
    words = tell(client, replace(DRIFTED, assignees=("gone",)))
    assert "opened" in words and "assignees" in words
    assert len(github.issues) == 1


def test_a_refusal_is_an_error(github: Any, client: Client) -> None:
    fault(github, 403, on="POST /issues", body={"message": "Resource not accessible by integration"})
    with pytest.raises(ApiError) as caught:
        tell(client, DRIFTED)
    assert (caught.value.status, caught.value.transient) == (403, False)
