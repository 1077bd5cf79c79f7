"""What is sent to a webhook: as docs/webhook.md has it, and as the services that it names do."""

import json
import re

from tests.processes import ROOT

PAGE = (ROOT / "docs" / "webhook.md").read_text(encoding="utf-8")
SCHEMA = json.loads((ROOT / "docs" / "webhook.schema.json").read_text(encoding="utf-8"))


def section(title):
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def blocks(text, language):
    """The pieces of code in it, as they stand there."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", code, flags=re.MULTILINE) for indent, code in found]


EXAMPLES = [json.loads(block) for block in blocks(section("The JSON"), "json")]
[A_CALL] = map(json.loads, blocks(section("Services that are known"), "json"))

CALL = {
    "CallSid": "CA1234567890ABCDE",
    "From": "+14158675309",
    "To": "+18005551212",
    "CallStatus": "no-answer",
    "Direction": "inbound",
    "Timestamp": "Tue, 03 Nov 2026 11:59:00 +0000",
    "FromCity": "SAN FRANCISCO",
    "CallerName": "",
}
OCTOLENS = {
    "action": "mention_created",
    "data": {
        "title": "Is Acme any good?",
        "body": "My kettle leaks.",
        "url": "https://www.reddit.com/r/kettles/comments/1/",
        "timestamp": "2026-11-03T11:00:00Z",
        "imageUrl": "https://i.redd.it/kettle.jpg",
        "author": "mira",
    },
}
TRUSTPILOT = {
    "events": [
        {
            "eventName": "service-review-created",
            "version": "1",
            "eventData": {
                "id": "53bffd360000640002975387",
                "language": "en",
                "title": "Great service",
                "text": "Nothing other than excellent.",
                "referenceId": "ABC-123-xyz",
                "stars": 5,
                "createdAt": "2026-05-20T09:34:44.000Z",
                "isVerified": True,
                "link": "https://api.trustpilot.com/v1/reviews/53bffd360000640002975387",
                "consumer": {
                    "id": "53bffc3900006400017e5db8",
                    "name": "Customer",
                    "link": "https://api.trustpilot.com/v1/consumers/53bffc3900006400017e5db8",
                },
            },
        }
    ]
}
TALLY = {
    "eventId": "ce9f355d",
    "eventType": "FORM_RESPONSE",
    "createdAt": "2026-11-03T10:55:01.000Z",
    "data": {
        "responseId": "Z9Z97Go",
        "submissionId": "Z9Z97Go",
        "respondentId": "Pdgjl70",
        "formId": "XxA4WO",
        "formName": "Complaints",
        "createdAt": "2026-11-03T10:55:00.000Z",
        "fields": [
            {"key": "q1", "label": "Your mail", "type": "INPUT_EMAIL", "value": "mira@a.example"},
            {
                "key": "q2",
                "label": "Which kettle?",
                "type": "MULTIPLE_CHOICE",
                "value": ["o2"],
                "options": [{"id": "o1", "text": "Small"}, {"id": "o2", "text": "Large"}],
            },
            {"key": "q3", "label": "What happened?", "type": "TEXTAREA", "value": "It leaks."},
            {"key": "q4", "label": "Anything else?", "type": "TEXTAREA", "value": None},
        ],
    },
}
TYPEFORM = {
    "event_id": "01HM",
    "event_type": "form_response",
    "form_response": {
        "form_id": "abc",
        "token": "t0k3n",
        "submitted_at": "2026-11-03T11:30:00Z",
        "definition": {
            "title": "Complaints",
            "fields": [
                {"id": "f1", "title": "What happened?", "type": "long_text"},
                {"id": "f2", "title": "Which ones?", "type": "multiple_choice"},
                {"id": "f3", "title": "Your mail", "type": "email"},
                {"id": "f4", "title": "Shall we call?", "type": "yes_no"},
            ],
        },
        "answers": [
            {"type": "text", "text": "It leaks.", "field": {"id": "f1"}},
            {"type": "choices", "choices": {"labels": ["Small", "Large"]}, "field": {"id": "f2"}},
            {"type": "email", "email": "mira@a.example", "field": {"id": "f3"}},
            {"type": "boolean", "boolean": False, "field": {"id": "f4"}},
        ],
    },
}
