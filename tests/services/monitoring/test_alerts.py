"""Each alert fires on the series that it is for, and no alert fires while all is well."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

RULES = yaml.safe_load(Path("alerts.yml").read_text())["groups"][0]["rules"]
INSTANCE = 'instance="one:9090",job="neptun-auth"'


def series(name: str, labels: str = "") -> str:
    return f"{name}{{{','.join(filter(None, [INSTANCE, labels]))}}}"


def constant(value: float) -> str:
    return f"{value}+0x120"


def growing(start: float, step: float) -> str:
    return f"{start}+{step}x120"


REQUESTS = series("neptun_auth_requests_total", 'operation="logIn",status="200"')
FAILED = series("neptun_auth_requests_total", 'operation="logIn",status="503"')
CHECK_BUCKETS = "neptun_auth_request_duration_seconds_bucket"

# A service that is well, with a value every 15 s.
WELL = {
    series("up"): constant(1),
    series("neptun_auth_database_writable"): constant(1),
    REQUESTS: growing(0, 1500),
    FAILED: growing(0, 1),
    series(CHECK_BUCKETS, 'operation="checkSession",le="0.1"'): growing(0, 1000),
    series(CHECK_BUCKETS, 'operation="checkSession",le="0.25"'): growing(0, 1000),
    series(CHECK_BUCKETS, 'operation="checkSession",le="+Inf"'): growing(0, 1000),
    series("neptun_auth_hash_queue"): constant(3),
    series("neptun_auth_background_task_up", 'task="mail"'): constant(1),
    series("neptun_auth_outbox_oldest_mail_seconds"): constant(2),
    series("neptun_auth_mails_total", 'result="rejected"'): constant(7),
    series("neptun_auth_security_events_total", 'event="refresh_token_reused"'): constant(1),
    series("neptun_auth_security_events_total", 'event="limit_of_all_log_in"'): constant(1),
    series("neptun_auth_session_cache_trusted"): constant(1),
    series("neptun_auth_database_connections", 'pool="all",state="in_use"'): constant(19),
    series("neptun_auth_database_connections", 'pool="write",state="in_use"'): constant(1),
    series("neptun_auth_database_connections_max", 'pool="all"'): constant(20),
    series("neptun_auth_database_connections_max", 'pool="write"'): constant(1),
    series("neptun_auth_database_errors_total", 'kind="failed"'): constant(2),
    series("process_open_fds"): constant(700),
    series("process_max_fds"): constant(1000),
    series("neptun_auth_log_lines_lost_total"): constant(9),
    series("neptun_auth_signing_key_active_timestamp_seconds"): constant(0),
}

# What has to change for each alert.
ILL = {
    "NeptunAuthDown": {series("up"): constant(0)},
    "NeptunAuthDatabaseNotWritable": {series("neptun_auth_database_writable"): constant(0)},
    "NeptunAuthErrors": {FAILED: growing(0, 30)},
    "NeptunAuthSlow": {series(CHECK_BUCKETS, 'operation="checkSession",le="0.1"'): growing(0, 900)},
    "NeptunAuthHashQueueLong": {series("neptun_auth_hash_queue"): constant(65)},
    "NeptunAuthTaskFails": {series("neptun_auth_background_task_up", 'task="mail"'): constant(0)},
    "NeptunAuthMailsWait": {series("neptun_auth_outbox_oldest_mail_seconds"): constant(301)},
    "NeptunAuthMailsRejected": {series("neptun_auth_mails_total", 'result="rejected"'): growing(0, 1)},
    "NeptunAuthRefreshTokenReused": {
        series("neptun_auth_security_events_total", 'event="refresh_token_reused"'): growing(0, 1)
    },
    "NeptunAuthLimitOfAllNearlyUsedUp": {
        series("neptun_auth_security_events_total", 'event="limit_of_all_log_in"'): growing(0, 1)
    },
    "NeptunAuthCacheNotTrusted": {series("neptun_auth_session_cache_trusted"): constant(0)},
    "NeptunAuthDatabaseConnectionsUsedUp": {
        series("neptun_auth_database_connections", 'pool="all",state="in_use"'): constant(20)
    },
    "NeptunAuthDatabaseErrors": {series("neptun_auth_database_errors_total", 'kind="failed"'): growing(0, 1)},
    "NeptunAuthFileDescriptors": {series("process_open_fds"): constant(801)},
    "NeptunAuthLogLinesLost": {series("neptun_auth_log_lines_lost_total"): growing(0, 1)},
    "NeptunAuthSigningKeyOld": {series("neptun_auth_signing_key_active_timestamp_seconds"): constant(-401 * 86400)},
}


def firing(changes: dict[str, str], folder: Path) -> str:
    """What `promtool` says of a test that expects no alert after 25 minutes: each that fires."""
    inputs = [{"series": name, "values": values} for name, values in (WELL | changes).items()]
    expected = [{"eval_time": "25m", "alertname": rule["alert"], "exp_alerts": []} for rule in RULES]
    test = {
        "rule_files": [str(Path("alerts.yml").absolute())],
        "tests": [{"interval": "15s", "input_series": inputs, "alert_rule_test": expected}],
    }
    (folder / "test.yml").write_text(json.dumps(test))
    ran = subprocess.run(["promtool", "test", "rules", folder / "test.yml"], capture_output=True, text=True, timeout=60)
    said = ran.stdout + ran.stderr
    assert (ran.returncode == 0) == ("SUCCESS" in said), said
    return "" if ran.returncode == 0 else said


def test_every_alert_is_tried() -> None:
    assert {rule["alert"] for rule in RULES} == set(ILL)
    for rule in RULES:
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"].keys() == {"summary", "description"}


def test_no_alert_fires_while_all_is_well(tmp_path: Path) -> None:
    assert firing({}, tmp_path) == ""


@pytest.mark.parametrize("alert", ILL)
def test_an_alert_fires_on_its_trouble_and_no_other_does(alert: str, tmp_path: Path) -> None:
    said = firing(ILL[alert], tmp_path)
    named = {rule["alert"] for rule in RULES if f"alertname: {rule['alert']}," in said}
    assert named == {alert}, said
