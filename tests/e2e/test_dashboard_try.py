"""The page of forms that cause events."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenDashboard
from tests.support.api import Api
from tests.support.dashboard import Dashboard, new_title


@pytest.fixture
def trial(open_dashboard: OpenDashboard) -> Dashboard:
    """Alice's, in her rooms."""
    dashboard = open_dashboard("alice", "/try")
    expect(dashboard.page.get_by_text(re.compile(r"^(\d+) of \1 rooms joined$"))).to_be_visible()
    return dashboard


@pytest.mark.parametrize(
    ("form", "field", "button", "event"),
    [
        ("A notification", "Title", "Send the notification", "new-notification"),
        ("A message", "Message", "Post the message", "new-message"),
        ("A task", "Title", "Create the task", "task-assigned"),
    ],
)
def test_a_form_causes_an_event_that_shows_on_the_page(
    trial: Dashboard, form: str, field: str, button: str, event: str
) -> None:
    text = new_title()
    trial.page.get_by_role("form", name=form).get_by_label(field, exact=True).fill(text)
    trial.press(button)
    expect(trial.event(event, text)).to_be_visible()
    expect(trial.page.get_by_role("button", name=button)).to_be_focused()


def test_a_task_is_given_to_who_is_chosen(trial: Dashboard, bob: Api) -> None:
    title = new_title()
    form = trial.page.get_by_role("form", name="A task")
    form.get_by_label("For").select_option(label="Bob")
    form.get_by_label("Title").fill(title)
    form.get_by_label("Priority").select_option("urgent")
    trial.press("Create the task")
    expect(trial.event("task-assigned", title)).to_contain_text("for Bob")
    [task] = [task for task in bob.get("/api/tasks").json["items"] if task["title"] == title]
    assert (task["assigneeId"], task["priority"]) == (bob.user["id"], "urgent")


def test_what_is_refused_says_why(trial: Dashboard) -> None:
    trial.page.get_by_role("form", name="A notification").get_by_label("For").select_option(label="Bob")
    trial.press("Send the notification")
    reason = "That did not work: Only an admin or a manager of a team that you share may notify this user."
    expect(trial.page.get_by_text(reason)).to_be_visible()
