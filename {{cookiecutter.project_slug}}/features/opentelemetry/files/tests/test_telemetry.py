import io
import json
import logging.config
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any, cast

import pytest
from django.conf import LazySettings
from django.conf import settings as project_settings
from opentelemetry import metrics, trace
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from rest_framework.test import APIClient

from config import telemetry
from config.logs import logging_config

ME = "/api/v1/users/me/"


class Receiver(BaseHTTPRequestHandler):
    """Takes what is sent by OTLP."""

    spans: list[Any]
    metrics: list[Any]
    headers_seen: set[str | None]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.headers_seen.add(self.headers["Authorization"])
        if self.path == "/v1/traces":
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                self.spans.extend(span for scope in resource.scope_spans for span in scope.spans)
        else:
            for measured in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                self.metrics.extend(metric.name for scope in measured.scope_metrics for metric in scope.metrics)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch, settings: LazySettings) -> Iterator[type[Receiver]]:
    """Send to a receiver on this machine; once in a process, because there is one provider for the whole of it."""
    Receiver.spans, Receiver.metrics, Receiver.headers_seen = [], [], set()
    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        settings.OTEL_EXPORTER_OTLP_ENDPOINT = f"http://127.0.0.1:{server.server_port}"
        settings.OTEL_EXPORTER_OTLP_HEADERS = "authorization=Bearer%20secret"
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", settings.OTEL_EXPORTER_OTLP_ENDPOINT)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "10")
        monkeypatch.setenv("OTEL_SEMCONV_STABILITY_OPT_IN", "http,database")
        telemetry.start()
        yield Receiver
        for instrumentor in telemetry.instrumentors():
            instrumentor.uninstrument()
        server.shutdown()


def shut_down() -> None:
    """Send what is left."""
    cast("Any", trace.get_tracer_provider()).shutdown()
    cast("Any", metrics.get_meter_provider()).shutdown()


def test_a_request_is_traced_and_measured_without_its_query(receiver: type[Receiver], user_api: APIClient) -> None:
    stream, config = io.StringIO(), logging_config("INFO", json=True)
    config["handlers"]["console"]["stream"] = stream
    logging.config.dictConfig(config)
    assert user_api.get(f"{ME}?password=secret").status_code == 200
    assert user_api.get("/health/live", headers={"host": "192.0.2.1"}).status_code == 200
    logging.config.dictConfig(project_settings.LOGGING)
    shut_down()

    (span,) = [span for span in receiver.spans if span.kind == span.SPAN_KIND_SERVER]
    attributes = {attribute.key: attribute.value for attribute in span.attributes}
    assert f"/{attributes['http.route'].string_value}" == ME
    assert attributes["http.response.status_code"].int_value == 200
    assert "secret" not in str(span)
    assert "127.0.0.1" not in str(span)
    assert "http.server.request.duration" in receiver.metrics
    assert receiver.headers_seen == {"Bearer secret"}

    (line,) = map(json.loads, stream.getvalue().splitlines())
    assert (line["trace_id"], line["span_id"]) == (span.trace_id.hex(), span.span_id.hex())


def test_without_an_address_nothing_is_traced() -> None:
    telemetry.start()
    assert not DjangoInstrumentor().is_instrumented_by_opentelemetry
