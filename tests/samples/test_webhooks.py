"""The samples of docs/webhooks.md: two receivers, and the commands of an operator."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import httpx
from blocks import ROOT, samples
from conftest import environment
from front import https_in_front_of

WEBHOOKS = "docs/webhooks.md"
RECEIVER = "http://127.0.0.1:4000"
CREATE = (WEBHOOKS, "neptun-auth webhooks create")
OPERATE = (WEBHOOKS, "neptun-auth webhooks list")
MESSAGE = (WEBHOOKS, "{")


@samples(CREATE, (WEBHOOKS, "import os"), (WEBHOOKS, "import { createServer }"), OPERATE, MESSAGE)
def test_the_receivers_get_each_event_once(
    texts: list[str], service: str, service_folder: Path, tmp_path: Path
) -> None:
    create, python, javascript, operate, message = texts
    (tmp_path / "receiver.py").write_text(python)
    (tmp_path / "receiver.mjs").write_text(javascript)
    (tmp_path / "node_modules").symlink_to(ROOT / "tests/node_modules")
    for command in (["python", "receiver.py"], ["node", "receiver.mjs"]):
        with https_in_front_of(RECEIVER) as front:
            address = create.replace("https://app.example.com", front)
            made = on_the_machine(address, service_folder)
            webhook, secret = re.findall(r"^(?:Webhook: |Secret:  )(\S+)$", made, re.MULTILINE)
            told = tmp_path / f"{command[0]}.log"
            with told.open("w") as output:
                receiver = subprocess.Popen(
                    command, cwd=tmp_path, stdout=output, env=os.environ | {"WEBHOOK_SECRET": secret}
                )
            try:
                is_served()
                first = signed_up(service)
                wait_until(lambda: f"sign_up {first}" in told.read_text(), "the receiver is told")
                forged = {"webhook-id": str(uuid4()), "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}
                assert httpx.post(RECEIVER, content=message, headers=forged).status_code == 401
                rotated = on_the_machine(operate, service_folder, webhook=webhook)
                assert "whsec_" in rotated
                second = signed_up(service)
                wait_until(lambda: f"sign_up {second}" in told.read_text(), "the receiver is told again")
                assert told.read_text().count(first) == 1, "the replay was skipped"
            finally:
                receiver.send_signal(signal.SIGKILL)
                receiver.wait()
                on_the_machine('neptun-auth webhooks delete "$webhook"', service_folder, webhook=webhook)


def on_the_machine(command: str, folder: Path, **more: str) -> str:
    """What a command prints, run beside the service."""
    given = environment(folder) | {"PATH": f"{folder}:{os.environ['PATH']}"} | more
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command], env=given, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def is_served() -> None:
    def answers() -> bool:
        try:
            httpx.post(RECEIVER, content="{}")
        except httpx.TransportError:
            return False
        return True

    wait_until(answers, "the receiver runs")


def signed_up(service: str) -> str:
    account = {"email": f"{uuid4()}@example.com", "password": "correct horse battery"}
    return httpx.post(f"{service}/api/auth/sign-up", json=account).raise_for_status().json()["user"]["id"]


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)
