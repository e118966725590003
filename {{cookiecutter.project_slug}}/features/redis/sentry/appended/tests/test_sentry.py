

def test_keys_of_the_cache_are_not_reported(sink: Sink) -> None:
    from django.utils.module_loading import import_string

    silent = {"OPTIONS": {"IGNORE_EXCEPTIONS": True}}
    cache = import_string("django_redis.cache.RedisCache")("redis://127.0.0.1:1", silent)
    with sentry_sdk.start_transaction(op="of the test"):
        cache.get("a key of the cache")
        sentry_sdk.capture_message("of the test")
    assert len(sink.received("event") + sink.received("transaction")) == 2
    assert "a key of the cache" not in b"".join(sink.bodies).decode()
