"""The service starts with the settings that the files for containers name."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import httpx
import pytest
import yaml
from cluster import free_port

BINARY = os.environ["SERVICE_BINARY"]
DATABASE = os.environ["POSTGRES_URL"]
SECRET_KEY = "5c0e8d27f1b94a6330e7d8125f9ac4b6e21d7048b395fc6a81d40e37926bcf15"
VALUES = {"AUTH_DOMAIN": "auth.example.com", "NEPTUN_AUTH_SECRET_KEY": SECRET_KEY, "POSTGRES_PASSWORD": "secret"}


def compose() -> dict:
    return yaml.safe_load(Path("compose.yml").read_text())


def kubernetes(kind: str) -> dict:
    documents = yaml.safe_load_all(Path("kubernetes.yml").read_text())
    (found,) = [document for document in documents if document["kind"] == kind]
    return found


def container() -> dict:
    (only,) = kubernetes("Deployment")["spec"]["template"]["spec"]["containers"]
    return only


def settings_of_compose() -> dict[str, str]:
    def filled_in(value: str) -> str:
        return re.sub(r"\$\{(\w+)[^}]*\}", lambda name: VALUES.get(name[1], ""), value)

    services = compose()["services"]
    assert services["one"]["environment"] == services["two"]["environment"]
    return {name: filled_in(value) for name, value in services["one"]["environment"].items()}


def settings_of_kubernetes() -> dict[str, str]:
    secret = {"database-url": DATABASE, "secret-key": SECRET_KEY}
    return {
        entry["name"]: entry.get("value") or secret[entry["valueFrom"]["secretKeyRef"]["key"]]
        for entry in container()["env"]
    }


@pytest.mark.parametrize("settings", [settings_of_compose, settings_of_kubernetes])
def test_the_service_starts_with_the_settings(settings, tmp_path: Path) -> None:
    port, metrics = free_port(), free_port()
    # The image sets PORT; the addresses are those of this machine.
    here = {
        "NEPTUN_AUTH_DATABASE_URL": DATABASE,
        "NEPTUN_AUTH_METRICS_LISTEN": f"127.0.0.1:{metrics}",
        "NEPTUN_AUTH_DRAIN_DELAY": "0s",
        "PORT": str(port),
    }
    named = settings()
    assert here.keys() - {"PORT"} <= named.keys()
    log = tmp_path / "log"
    with log.open("w") as written:
        service = subprocess.Popen([BINARY], env=named | here, stdout=written, stderr=written)
    try:
        wait_until_ready(f"http://127.0.0.1:{port}", service, log)
        assert "neptun_auth_build_info" in httpx.get(f"http://127.0.0.1:{metrics}/metrics").text
        service.send_signal(signal.SIGTERM)
        assert service.wait(20) == 0
    finally:
        service.kill()
        service.wait()
    # The service warns of names that it does not know.
    assert "NEPTUN_AUTH_" not in log.read_text().replace("set NEPTUN_AUTH_SMTP_URL to send the waiting mails", "")


def wait_until_ready(url: str, service: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        assert service.poll() is None and time.monotonic() < deadline, log.read_text()
        try:
            if httpx.get(f"{url}/health/ready", timeout=10).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)


def seconds(text: str) -> int:
    return int(text.removesuffix("s"))


def test_a_stop_is_given_the_time_that_it_takes() -> None:
    """The drain delay, and then up to ten seconds for requests in flight."""
    spec = kubernetes("Deployment")["spec"]
    delay = seconds(settings_of_kubernetes()["NEPTUN_AUTH_DRAIN_DELAY"])
    assert spec["template"]["spec"]["terminationGracePeriodSeconds"] >= delay + 10
    probe = container()["readinessProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] < delay
    one = compose()["services"]["one"]
    assert seconds(one["stop_grace_period"]) >= seconds(one["environment"]["NEPTUN_AUTH_DRAIN_DELAY"]) + 10


def test_one_instance_of_kubernetes_is_always_left() -> None:
    spec = kubernetes("Deployment")["spec"]
    assert spec["replicas"] > kubernetes("PodDisruptionBudget")["spec"]["minAvailable"] == 1
    assert spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    labels = spec["template"]["metadata"]["labels"]
    assert kubernetes("Service")["spec"]["selector"] == labels
    assert kubernetes("PodDisruptionBudget")["spec"]["selector"]["matchLabels"] == labels
    assert not {"metrics"} & {port["targetPort"] for port in kubernetes("Service")["spec"]["ports"]}


def test_compose_hands_the_proxys_address_to_the_instances() -> None:
    services = compose()["services"]
    address = services["proxy"]["networks"]["inside"]["ipv4_address"]
    assert services["one"]["environment"]["NEPTUN_AUTH_TRUSTED_PROXIES"] == address
    assert "ports" not in services["one"] and "ports" not in services["database"]
