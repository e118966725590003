import base64
import os
import runpy
import urllib.request
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.conf import settings as project_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.test import Client
from moto.server import ThreadedMotoServer
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from uploads.models import Upload
from users.models import User

UPLOADS = "/api/v1/uploads/"
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PAGE = b"<!DOCTYPE html><title>Not an image</title>"


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """Return the address of a server that speaks S3."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint: str, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return the empty bucket that the project keeps uploads in, as its settings say."""
    monkeypatch.setitem(os.environ, "AWS_S3_ENDPOINT_URL", endpoint)
    monkeypatch.setitem(os.environ, "AWS_S3_REGION_NAME", "us-east-1")
    monkeypatch.setitem(os.environ, "AWS_ACCESS_KEY_ID", "a-key")
    monkeypatch.setitem(os.environ, "AWS_SECRET_ACCESS_KEY", "a-secret")
    settings.STORAGES = project_settings.STORAGES | {"default": read_settings()["STORAGES"]["default"]}
    storage: Any = storages["default"]
    storage.bucket.create()
    storage.bucket.objects.delete()
    yield storage.bucket
    storage.bucket.meta.client.close()


def read_settings() -> dict[str, Any]:
    return runpy.run_path(str(project_settings.BASE_DIR / "config/settings.py"))


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_a_key_is_not_taken_without_its_other_half(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, name, "one of two")
    with pytest.raises(ImproperlyConfigured, match="Set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or neither"):
        read_settings()


def send(api: APIClient, content: bytes, name: str = "pixel.png") -> Any:
    file = BytesIO(content)
    file.name = name
    return api.post(UPLOADS, {"file": file}, format="multipart")


def test_a_file_is_kept_in_the_bucket_and_read_by_a_signed_address(user_api: APIClient, bucket: Any) -> None:
    response = send(user_api, PIXEL)
    assert response.status_code == 201
    assert response.data | {"name": "pixel.png", "media_type": "image/png", "size": len(PIXEL)} == response.data
    (stored,) = bucket.objects.all()
    assert stored.key != "pixel.png"
    assert stored.Object().content_type == "image/png"
    assert "X-Amz-Signature" in response.data["url"]
    assert "X-Amz-Expires=3600" in response.data["url"]
    with urllib.request.urlopen(response.data["url"]) as file:  # noqa: S310 - the address is http
        assert file.read() == PIXEL


def test_without_a_bucket_the_address_is_whole_too(user_api: APIClient) -> None:
    assert send(user_api, PIXEL).data["url"].startswith("http://testserver/media/")


def by_the_api(upload: Upload, api: APIClient, admin: Client) -> None:
    assert api.delete(f"{UPLOADS}{upload.pk}/").status_code == 204


def by_the_admin(upload: Upload, api: APIClient, admin: Client) -> None:
    selected = {"action": "delete_selected", "_selected_action": upload.pk, "post": "yes"}
    assert admin.post("/admin/uploads/upload/", selected).status_code == 302


def with_the_account(upload: Upload, api: APIClient, admin: Client) -> None:
    User.objects.get(pk=upload.owner_id).delete()


@pytest.mark.parametrize("delete", [by_the_api, by_the_admin, with_the_account])
def test_a_file_goes_with_its_upload_once_that_is_sure(
    user_api: APIClient,
    admin_client: Client,
    bucket: Any,
    django_capture_on_commit_callbacks: Any,
    delete: Callable[[Upload, APIClient, Client], None],
) -> None:
    send(user_api, PIXEL)
    with django_capture_on_commit_callbacks(execute=True):
        delete(Upload.objects.get(), user_api, admin_client)
        assert not Upload.objects.exists()
        assert list(bucket.objects.all())
    assert not list(bucket.objects.all())


def test_no_file_is_left_where_its_row_cannot_be_written(
    user_api: APIClient, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        assert list(bucket.objects.all())
        raise DatabaseError

    monkeypatch.setattr(Upload, "_do_insert", fail)
    with pytest.raises(DatabaseError):
        send(user_api, PIXEL)
    assert not list(bucket.objects.all())


def test_uploads_are_found_by_name(user_api: APIClient) -> None:
    send(user_api, PIXEL)
    assert [len(user_api.get(UPLOADS, {"search": text}).data["results"]) for text in ("pix", "other")] == [1, 0]


@pytest.mark.parametrize("content", [PAGE, b"MZ", b"PK\x03\x04", b"\x00"])
def test_what_a_file_is_is_found_out_from_its_content(user_api: APIClient, content: bytes) -> None:
    response = send(user_api, content)
    assert response.status_code == 400
    assert response.data["errors"][0]["pointer"] == "#/file"
    assert not Upload.objects.exists()


def test_a_file_is_kept_as_what_it_is_whatever_it_is_called(user_api: APIClient) -> None:
    response = send(user_api, PIXEL, name=f"page.{'html' * 50}")
    assert response.status_code == 201
    assert str(Upload.objects.get().file).endswith(".png")


def test_a_file_that_is_too_large_is_not_read(user_api: APIClient, settings: LazySettings) -> None:
    settings.UPLOAD_MAX_SIZE = len(PIXEL)
    assert send(user_api, PIXEL).status_code == 413


def test_an_upload_is_seen_and_deleted_by_its_owner_only(user_api: APIClient, api: APIClient) -> None:
    address = f"{UPLOADS}{send(user_api, PIXEL).data['id']}/"
    assert api.get(address).status_code == 401
    assert send(api, PIXEL).status_code == 401
    api.force_authenticate(User.objects.create_user("other"))
    assert api.get(address).status_code == 404
    assert api.delete(address).status_code == 404
    assert api.get(UPLOADS).data["results"] == []
    assert user_api.get(address).status_code == 200


def test_production_needs_a_bucket_and_development_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "AWS_STORAGE_BUCKET_NAME", "")
    with pytest.raises(ImproperlyConfigured, match="AWS_STORAGE_BUCKET_NAME"):
        read_settings()
    monkeypatch.setitem(os.environ, "DEBUG", "true")
    assert read_settings()["STORAGES"]["default"]["BACKEND"].endswith("FileSystemStorage")
    assert read_settings()["MEDIA_ROOT"] == Path(project_settings.BASE_DIR, "media")


def test_the_admin_shows_uploads_and_adds_none(admin_client: APIClient, user_api: APIClient) -> None:
    upload = send(user_api, PIXEL).data["id"]
    assert admin_client.get(f"/admin/uploads/upload/{upload}/change/").status_code == 200
    assert admin_client.get("/admin/uploads/upload/").status_code == 200
    assert admin_client.get("/admin/uploads/upload/add/").status_code == 403


def test_backups_of_the_database_are_copied_to_the_bucket_and_back(
    bucket: Any, settings: LazySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("uploads.management.commands.copy_backups.COPIED", tmp_path / "copied")
    settings.BASE_DIR = tmp_path
    backup, checksum = tmp_path / "backups/1.dump", tmp_path / "backups/1.dump.sha256"
    backup.parent.mkdir()
    backup.write_text("a backup")
    checksum.write_text("its checksum")
    (tmp_path / "backups/0.dump").write_text("a file of somebody's, without a checksum")
    for _ in range(2):
        call_command("copy_backups")
        assert sorted(item.key for item in bucket.objects.all()) == ["backups/1.dump", "backups/1.dump.sha256"]
    backup.unlink()
    checksum.unlink()
    call_command("copy_backups")
    bucket.put_object(Key="backups/")
    call_command("copy_backups", back=True)
    assert {path.name for path in backup.parent.iterdir()} == {"0.dump", "1.dump", "1.dump.sha256"}
    assert (backup.read_text(), checksum.read_text()) == ("a backup", "its checksum")
    assert backup.stat().st_mode & 0o777 == 0o600
    assert backup.stat().st_mtime == bucket.Object("backups/1.dump").last_modified.timestamp()


def test_backups_are_copied_again_and_again(
    bucket: Any, settings: LazySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class EnoughError(Exception):
        pass

    def stop(seconds: int) -> None:
        raise EnoughError(seconds)

    monkeypatch.setattr("uploads.management.commands.copy_backups.COPIED", tmp_path / "copied")
    monkeypatch.setattr("time.sleep", stop)
    settings.BASE_DIR = tmp_path
    with pytest.raises(EnoughError, match="600"):
        call_command("copy_backups", every=10)
    assert (tmp_path / "copied").exists()


def test_backups_are_copied_only_where_there_is_a_bucket(settings: LazySettings) -> None:
    settings.BACKUP_BUCKET = ""
    with pytest.raises(CommandError, match="Set AWS_STORAGE_BUCKET_NAME"):
        call_command("copy_backups")


@pytest.mark.parametrize("ordering", ["-created", "file__url"])
def test_a_list_takes_one_query_in_any_order_however_long_it_is(
    user_api: APIClient, user: User, ordering: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for uploads in (1, 50):
        Upload.objects.all().delete()
        Upload.objects.bulk_create(Upload(owner=user, file=f"{n}.png", size=n) for n in range(uploads))
        with django_assert_num_queries(1):
            found = user_api.get(f"{UPLOADS}?ordering={ordering}").data["results"]
        assert len(found) == uploads
