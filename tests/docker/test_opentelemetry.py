"""A project with OpenTelemetry and Celery: requests, queries and tasks are one trace, from every process."""

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.docker import clock
from tests.docker.conftest import running
from tests.docker.stack import PASSWORD, USER, Production, eventually, run, set_variables

# Takes what is sent by OTLP, with the packages of the project's own image, and prints it.
COLLECTOR = """
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

def values(attributes):
    return {each.key: each.value.string_value or each.value.int_value for each in attributes}

class Collector(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/v1/traces":
            for sent in ExportTraceServiceRequest.FromString(body).resource_spans:
                for span in (span for scope in sent.scope_spans for span in scope.spans):
                    self.show(sent, kind=span.kind, name=span.name, trace=span.trace_id.hex(), id=span.span_id.hex(),
                              parent=span.parent_span_id.hex(), **values(span.attributes))
        else:
            for sent in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                for metric in (metric for scope in sent.scope_metrics for metric in scope.metrics):
                    self.show(sent, metric=metric.name)
        self.send_response(200)
        self.end_headers()

    def show(self, sent, **seen):
        line = json.dumps({**values(sent.resource.attributes), **seen})
        print(line + "\\n", end="", flush=True)  # at once: others write too

    def log_message(self, *_):
        pass

ThreadingHTTPServer(("", 4318), Collector).serve_forever()
"""
SERVICE = """services:
  collector:
    <<: *app
    command: python /collector.py
    volumes: ["./collector.py:/collector.py:ro"]
    networks: [front, database]
    healthcheck: {test: ["CMD", "true"]}

"""
OFTEN = """    OTEL_BSP_SCHEDULE_DELAY: "500"
    OTEL_METRIC_EXPORT_INTERVAL: "1000"
    OTEL_EXPORTER_OTLP_ENDPOINT:
"""
VIEW = """
import time
from django.http import HttpResponse
from users.tasks import delete_expired_logins

def ask(request):
    delete_expired_logins.delay()
    return HttpResponse()

def wait(request):
    time.sleep(0.2)
    return HttpResponse()

urlpatterns += [path("ask/", ask), path("wait/", wait)]
"""
SERVER, PRODUCER, CONSUMER = 2, 4, 5


@pytest.fixture(scope="module")
def stack(bake):
    answers = {"celery": True, "opentelemetry": True, "library": False, "python_version": "3.13"}
    project = bake(project_slug="opentelemetry-production-test", **answers)
    compose, urls = project / "compose.production.yaml", project / "config/urls.py"
    text = compose.read_text("utf-8").replace("services:\n", SERVICE, 1)
    compose.write_text(text.replace("    OTEL_EXPORTER_OTLP_ENDPOINT:\n", OFTEN, 1), "utf-8")
    urls.write_text(urls.read_text("utf-8") + VIEW, "utf-8")
    (project / "collector.py").write_text(COLLECTOR, "utf-8")
    set_variables(project, OTEL_EXPORTER_OTLP_ENDPOINT="http://collector:4318")
    with running(Production(project)) as stack:
        yield stack


def logs(stack, service):
    return run("docker", "logs", stack.inspect(service)["Id"])


def sent(stack):
    """Return everything that was sent so far."""
    return [json.loads(line) for line in logs(stack, "collector").stdout.splitlines()]


def spans(stack, **wanted):
    return [each for each in sent(stack) if wanted.items() <= each.items()]


def test_a_request_and_its_queries_are_one_trace_without_secrets(stack):
    with stack.client() as client:
        login = client.post("/api/v1/auth/login/?secret=1", json={"username": USER, "password": PASSWORD})
    assert login.status_code == 200
    [request] = eventually(lambda: spans(stack, kind=SERVER, **{"url.path": "/api/v1/auth/login/"}))
    assert request["service.name"] == "opentelemetry-production-test"
    queries = [each for each in spans(stack, trace=request["trace"]) if "db.query.text" in each]
    assert any('FROM "users_user"' in str(query["db.query.text"]) for query in queries)
    assert request["id"] in {query["parent"] for query in queries}
    everything = logs(stack, "collector").stdout
    assert not [text for text in (PASSWORD, USER, "secret=1", login.json()["token"]) if text in everything]
    lines = [json.loads(line) for line in logs(stack, "web").stderr.splitlines() if request["trace"] in line]
    assert request["id"] in {line["span_id"] for line in lines}


def test_every_process_of_the_web_server_sends_its_own(stack):
    def instances(**wanted):
        return {each["service.instance.id"] for each in spans(stack, **wanted)}

    def both_are_there():
        # At once and slowly, or the proxy sends them all by connections that it has kept to one process.
        with stack.client() as client, ThreadPoolExecutor(8) as pool:
            list(pool.map(client.get, ["/wait/"] * 8))
        return len(instances(kind=SERVER)) == 2 and instances(kind=SERVER) <= instances(
            metric="http.server.request.duration"
        )

    eventually(both_are_there, seconds=40)


def test_health_checks_are_not_traced(stack):
    assert not [each for each in sent(stack) if "health" in str(each.get("url.path"))]


def test_a_task_belongs_to_the_trace_of_who_asked_for_it(stack):
    with stack.client() as client:
        assert client.get("/ask/").status_code == 200
    [task] = eventually(lambda: spans(stack, kind=CONSUMER))
    [request] = eventually(lambda: spans(stack, kind=SERVER, trace=task["trace"]))
    [asked] = spans(stack, kind=PRODUCER, trace=task["trace"])
    assert (asked["parent"], task["parent"]) == (request["id"], asked["id"])
    assert any("knox_authtoken" in str(each.get("db.query.text")) for each in spans(stack, parent=task["id"]))
    assert re.search(f'"task_succeeded".*{task["trace"]}', logs(stack, "worker").stderr)


def test_a_collector_that_does_not_answer_holds_up_no_request_and_web_stops(stack):
    stack.compose("pause", "collector")
    with stack.client() as client:
        client.get("/api/v1/users/me/")
        start = clock.now()
        assert [client.get("/api/v1/users/me/").status_code for _ in range(10)] == [401] * 10
    assert clock.now() - start < 5
    start = clock.now()
    stack.compose("stop", "--timeout", "40", "web")
    # Here, where something is sent all the time. Docker would end it after 10 seconds, when all requests are answered.
    assert clock.now() - start < 20
    assert stack.inspect("web")["State"]["ExitCode"] == 0
