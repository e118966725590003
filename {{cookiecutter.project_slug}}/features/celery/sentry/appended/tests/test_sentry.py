

def test_a_task_that_fails_is_reported_once_and_without_what_it_was_given(sink: Sink) -> None:
    from config.celery import app

    task = app.task(name="of the test")(fail)
    given = "-".join(["in", "an", "argument"])
    try:
        task.delay(given, option=given)
    finally:
        app.tasks.unregister("of the test")
    (event,), (trace,) = sink.received("event"), sink.received("transaction")
    assert event["exception"]["values"][-1]["value"] == "the cause"
    assert event["transaction"] == trace["transaction"] == "of the test"
    assert given not in b"".join(sink.bodies).decode()
