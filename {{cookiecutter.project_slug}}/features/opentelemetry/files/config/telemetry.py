"""OpenTelemetry: traces and metrics, sent by OTLP to where OTEL_EXPORTER_OTLP_ENDPOINT says.

Processes that are forked after `start()` send their own: the SDK begins anew in each of them.
"""

import os
from collections.abc import Iterator
from importlib.metadata import entry_points
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor


def start() -> None:
    """Send what the installed instrumentations record, as the standard variables say; without an address, nothing."""
    if not settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        return
    # The current names of attributes, not those from before 2023.
    os.environ.setdefault("OTEL_SEMCONV_STABILITY_OPT_IN", "http,database")
    # Seconds, not 10: at its end, a process waits this long, several times, for a server that is down.
    os.environ.setdefault("OTEL_EXPORTER_OTLP_TIMEOUT", "2")
    os.environ["OTEL_EXPORTER_OTLP_HEADERS"] = settings.OTEL_EXPORTER_OTLP_HEADERS  # they may come from a file
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    metrics.set_meter_provider(MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())]))
    # Health checks are not traced, and use an IP address as host name.
    after_health = settings.MIDDLEWARE.index("config.health.HealthMiddleware") + 1
    DjangoInstrumentor().instrument(middleware_position=after_health, request_hook=redact)
    for instrumentor in instrumentors():
        if not instrumentor.is_instrumented_by_opentelemetry:
            instrumentor.instrument()


def instrumentors() -> Iterator[Any]:
    """Yield one for each installed package `opentelemetry-instrumentation-...`."""
    for entry_point in entry_points(group="opentelemetry_instrumentor"):
        yield entry_point.load()()


def redact(span: trace.Span, request: HttpRequest) -> None:
    """Keep out of traces what is kept out of logs: query strings, which may hold secrets, and addresses."""
    del request
    span.set_attributes({"client.address": "REDACTED", "url.query": "REDACTED"})
