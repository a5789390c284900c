"""The published libraries of Standard Webhooks, one for Python and one for Node.js."""

import json
import subprocess
from pathlib import Path

from receiver import Message
from standardwebhooks import Webhook, WebhookVerificationError


def verdicts(*messages: tuple[str, Message]) -> list[bool]:
    """Whether each message is signed with the secret beside it. Fails when the two libraries disagree."""
    by_python = [_python_accepts(secret, message) for secret, message in messages]
    given = [{"secret": secret, "headers": each.headers, "body": each.body.decode()} for secret, each in messages]
    command = ["node", Path(__file__).with_name("verify.mjs")]
    done = subprocess.run(command, input=json.dumps(given), stdout=subprocess.PIPE, text=True, check=True)
    assert json.loads(done.stdout) == by_python
    return by_python


def _python_accepts(secret: str, message: Message) -> bool:
    try:
        Webhook(secret).verify(message.body, message.headers)
    except WebhookVerificationError:
        return False
    return True
