import pytest

from tests.playground.shapes import field, modal, opened, plain, refused

# --- views


def test_a_trigger_opens_one_form_within_three_seconds(workspace, clock):
    trigger, late = workspace.new_trigger("U0ANA"), workspace.new_trigger("U0ANA")
    workspace.call("views.open", {"trigger_id": trigger, "view": modal()})
    clock.at += 3.1

    assert refused(workspace, "views.open", trigger_id=trigger, view=modal()) == (
        "exchanged_trigger_id"
    )
    assert refused(workspace, "views.open", trigger_id=late, view=modal()) == "expired_trigger_id"
    assert refused(workspace, "views.open", trigger_id="1.2", view=modal()) == "invalid_trigger_id"


@pytest.mark.parametrize(
    ("view", "error"),
    [
        (None, "invalid_arguments"),
        ({"type": "home", "blocks": []}, "invalid_arguments"),
        (modal(field(), submit=None), "invalid_arguments"),
        (modal(title=plain("x" * 25)), "invalid_arguments"),
        (modal(field(), field()), "invalid_arguments"),
        (modal(private_metadata="x" * 250_000), "view_too_large"),
    ],
)
def test_views_that_slack_would_not_open(workspace, view, error):
    trigger = workspace.new_trigger("U0ANA")

    assert refused(workspace, "views.open", trigger_id=trigger, view=view) == error
    assert "U0ANA" not in workspace.stacks


def test_an_old_hash_changes_nothing(slack, workspace):
    view = opened(workspace)
    slack.views_update(view_id=view["id"], hash=view["hash"], view=modal(title=plain("New")))

    error = refused(workspace, "views.update", view_id=view["id"], hash=view["hash"], view=modal())

    assert error == "hash_conflict"
    assert slack.views[0]["title"]["text"] == "New"
    assert refused(workspace, "views.update", view_id="V0", view=modal()) == "not_found"


def test_a_view_is_found_by_the_name_we_gave_it(slack, workspace):
    opened(workspace, view=modal(external_id="reply-42"))
    again = workspace.new_trigger("U0BEN")

    slack.views_update(external_id="reply-42", view=modal(title=plain("Found")))

    assert slack.views[0]["title"]["text"] == "Found"
    assert refused(workspace, "views.open", trigger_id=again, view=modal(external_id="")) is None


def test_two_open_views_may_not_share_a_name(workspace):
    opened(workspace, view=modal(external_id="reply-42"))
    trigger = workspace.new_trigger("U0BEN")

    error = refused(workspace, "views.open", trigger_id=trigger, view=modal(external_id="reply-42"))

    assert error == "duplicate_external_id"


def test_three_forms_fit_on_one_another(workspace):
    opened(workspace)
    push = [
        refused(
            workspace,
            "views.push",
            trigger_id=workspace.new_trigger("U0ANA", in_view=True),
            view=modal(),
        )
        for _ in range(3)
    ]

    assert push == [None, None, "push_limit_reached"]


def test_a_form_is_pushed_only_from_within_a_form(workspace):
    from_outside = workspace.new_trigger("U0ANA")
    from_inside = workspace.new_trigger("U0ANA", in_view=True)

    assert refused(workspace, "views.push", trigger_id=from_outside, view=modal()) == (
        "invalid_trigger_id"
    )
    assert refused(workspace, "views.push", trigger_id=from_inside, view=modal()) == "not_found"


def test_a_home_is_published_again_under_the_same_id(slack, workspace):
    home = {"type": "home", "blocks": []}
    first = slack.views_publish(user_id="U0ANA", view=home)["view"]
    second = slack.views_publish(user_id="U0ANA", view=home, hash=first["hash"])["view"]

    assert first["id"] == second["id"]
    assert refused(workspace, "views.publish", user_id="U0ANA", view=home, hash=first["hash"]) == (
        "hash_conflict"
    )
    assert refused(workspace, "views.publish", user_id="U0NOBODY", view=home) == "user_not_found"
