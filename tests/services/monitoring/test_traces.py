"""Traces reach a collector as OTLP over HTTP, say nothing of people, and harm nothing when the collector is down."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from collector import Collector, Service, values, wait_until
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

EMAIL = "traced@example.com"
PASSWORD = "correct horse battery"
SENDER = "OpenTelemetry"  # how the thread that sends spans begins its name
FAILING = "the collector takes no traces"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    collector.close()


def service(collector: Collector, folder: Path, **settings: str) -> Service:
    return Service(folder, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, **settings)


def traceparent(sampled: bool) -> dict[str, str]:
    return {"traceparent": f"00-{TRACE}-{PARENT}-0{int(sampled)}"}


def test_requests_are_traced_with_what_takes_time_in_them(collector: Collector, tmp_path: Path) -> None:
    traced = service(
        collector,
        tmp_path,
        # A log that is quiet does not silence the traces.
        NEPTUN_AUTH_LOG="error",
        OTEL_EXPORTER_OTLP_HEADERS="x-key=a%20secret",
        OTEL_RESOURCE_ATTRIBUTES="deployment.environment.name=test",
        OTEL_SERVICE_NAME="accounts",
    )
    try:
        assert any(name.startswith(SENDER) for name in traced.threads())
        body = {"email": EMAIL, "password": PASSWORD}
        answer = traced.stranger.post("/api/auth/sign-up?note=query-text", json=body)
        assert answer.status_code == 200
        user = answer.json()["user"]["id"]
        signed_up = collector.of_request(answer.headers["x-request-id"])
        assert signed_up.name == "POST /api/auth/sign-up"
        assert signed_up.kind == Span.SPAN_KIND_SERVER
        assert {"password hash", "database transaction"} <= collector.below(signed_up)
        assert values(signed_up.attributes) == {
            "http.request.method": "POST",
            "http.route": "/api/auth/sign-up",
            "http.response.status_code": 200,
            "request_id": answer.headers["x-request-id"],
        }

        answer = traced.stranger.get(f"/api/users/{user}/no-such-page", headers={"user-agent": "own-agent"})
        unknown = collector.of_request(answer.headers["x-request-id"])
        assert values(unknown.attributes)["http.response.status_code"] == answer.status_code == 404
        assert unknown.status.code == Status.STATUS_CODE_UNSET
        answer = traced.stranger.delete(f"/api/auth/sessions/{user}")
        assert collector.of_request(answer.headers["x-request-id"]).name == "DELETE /api/auth/sessions/{id}"

        path, headers = collector.requests[0]
        assert path == "/v1/traces"
        assert headers["content-type"] == "application/x-protobuf"
        assert headers["x-key"] == "a secret"
        resource = values(collector.spans[0][0].attributes)
        assert resource["service.name"] == "accounts"
        assert resource["service.version"].count(".") == 2
        assert resource["deployment.environment.name"] == "test"
        # Background tasks write to the database too. Every trace is that of a request, or of a mail.
        roots = {span.name for _, span in collector.spans if not span.parent_span_id} - {"mail delivery"}
        assert all(name.split(" ")[0] in ("GET", "POST", "DELETE") for name in roots), roots
        for text in (EMAIL, PASSWORD, user, "query-text", "own-agent", "127.0.0.", "thread.", "code."):
            assert text.encode() not in collector.texts, text
        traced.stranger.get("/api/auth/check", headers={"x-request-id": "of-a-stranger"})
        last = traced.proxy.get("/api/auth/check", headers={"x-request-id": "of-the-proxy"})
        assert traced.stop() == 0
        # The last spans were sent before the end.
        assert last.headers["x-request-id"] == "of-the-proxy"
        collector.of_request("of-the-proxy")
        assert b"of-a-stranger" not in collector.texts
    finally:
        traced.close()


def test_the_variables_for_traces_alone_count_before_the_general_ones(collector: Collector, tmp_path: Path) -> None:
    traced = Service(
        tmp_path,
        OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9",
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=f"{collector.url}/a/place/of/its/own",
        OTEL_EXPORTER_OTLP_HEADERS="x-of-all=1",
        OTEL_EXPORTER_OTLP_TRACES_HEADERS="x-of-traces=1",
        OTEL_EXPORTER_OTLP_COMPRESSION="gzip",
        OTEL_EXPORTER_OTLP_PROTOCOL="grpc",
        OTEL_EXPORTER_OTLP_TRACES_PROTOCOL="http/protobuf",
    )
    try:
        answer = traced.stranger.get("/health/live")
        assert collector.of_request(answer.headers["x-request-id"]).name == "GET /health/live"
        path, headers = collector.requests[0]
        assert path == "/a/place/of/its/own"
        assert headers["x-of-traces"] == "1" and "x-of-all" not in headers
        assert headers["content-encoding"] == "gzip"
    finally:
        traced.close()


def test_a_collector_gets_the_time_that_is_set(collector: Collector, tmp_path: Path) -> None:
    traced = service(collector, tmp_path, OTEL_EXPORTER_OTLP_TIMEOUT="100")
    try:
        collector.hangs = True
        assert traced.stranger.get("/health/live").status_code == 200
        wait_until(lambda: "no answer within 100ms" in traced.log(), "the log does not tell of it")
    finally:
        traced.close()


def test_a_trusted_proxy_decides_which_trace_a_request_is_part_of(collector: Collector, tmp_path: Path) -> None:
    traced = service(
        collector, tmp_path, OTEL_TRACES_SAMPLER="parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG="0"
    )
    try:
        for client, headers in [
            (traced.proxy, {}),
            (traced.proxy, traceparent(sampled=False)),
            (traced.proxy, {"traceparent": "00-no-trace-01"}),
            (traced.stranger, traceparent(sampled=True)),
        ]:
            assert client.get("/health/live", headers=headers).status_code == 200
        answer = traced.proxy.get("/health/live", headers=traceparent(sampled=True) | {"tracestate": "vendor=x"})
        span = collector.of_request(answer.headers["x-request-id"])
        assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, PARENT)
        assert span.trace_state == "vendor=x"
        assert traced.stop() == 0
        assert [span for _, span in collector.spans] == [span]
    finally:
        traced.close()


def test_a_collector_that_is_down_costs_one_line_and_one_that_hangs_no_stop(
    collector: Collector, tmp_path: Path
) -> None:
    traced = service(collector, tmp_path)
    try:
        collector.status = 503
        for batches in range(1, 3):
            assert traced.stranger.get("/health/live").status_code == 200
            wait_until(lambda batches=batches: len(collector.requests) >= batches, "nothing was sent")
        wait_until(lambda: FAILING in traced.log(), "the log does not tell of it")
        assert traced.log().count(FAILING) == 1
        assert traced.log().count("WARN") == 1

        collector.status = 200
        answer = traced.stranger.get("/health/live")
        collector.of_request(answer.headers["x-request-id"])
        wait_until(lambda: "the collector takes traces again" in traced.log(), "the log does not tell of it")

        collector.hangs = True
        sent = len(collector.requests)
        assert traced.stranger.get("/health/live").status_code == 200
        wait_until(lambda: len(collector.requests) > sent, "nothing was sent")
        assert traced.stranger.get("/health/live").status_code == 200
        assert traced.stop() == 0
        assert "traces of the last requests are lost" in traced.log()
    finally:
        traced.close()


NO_COLLECTOR = {"OTEL_TRACES_SAMPLER": "of-another-program", "OTEL_SERVICE_NAME": "accounts"}
DISABLED = {"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "of-another-program"}


@pytest.mark.parametrize("settings", [NO_COLLECTOR, DISABLED], ids=["no collector", "disabled"])
def test_without_a_collector_nothing_is_built_up(settings: dict[str, str], tmp_path: Path) -> None:
    untraced = Service(tmp_path, **settings)
    try:
        assert untraced.stranger.get("/api/auth/check").status_code == 401
        assert not any(name.startswith(SENDER) for name in untraced.threads())
        answer = untraced.proxy.get("/api/auth/check", headers={"x-request-id": "of-the-proxy"})
        assert answer.headers["x-request-id"] == "of-the-proxy"
        wait_until(lambda: "request_id=of-the-proxy" in untraced.log().replace('"', ""), "the log has another id")
    finally:
        untraced.close()
