"""The API's serializers show rows as DRF's own do, in less time."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.test.utils import isolate_apps
from rest_framework import serializers
from rest_framework.generics import GenericAPIView

from config.serializers import ModelSerializer, fixed_columns, rows
from users.models import User


class Link(serializers.HyperlinkedRelatedField):
    """Shows any address, so that no view has to be there."""

    def get_url(self, obj: Any, *arguments: Any) -> str:
        return f"/users/{obj.pk}"


class Fields(serializers.Serializer):
    """One of each kind that is read differently, for an entry of the admin's log."""

    flag = serializers.IntegerField(source="action_flag")
    kind: Any = serializers.PrimaryKeyRelatedField(source="content_type", read_only=True)
    kind_name: Any = serializers.SlugRelatedField("model", source="content_type", read_only=True)
    link = Link("none", source="content_type", read_only=True)
    model = serializers.CharField(source="content_type.model", read_only=True)
    shown = serializers.SerializerMethodField()

    def get_shown(self, entry: LogEntry) -> str:
        return f"{entry.object_repr}!"


class Meta:
    model = LogEntry
    fields = ("id", "action_time", "object_id", "user", *Fields._declared_fields)  # noqa: SLF001 - of this file


@pytest.mark.parametrize("has_model", [True, False])
def test_rows_are_shown_as_drf_shows_them(user: User, has_model: bool) -> None:
    content_type = ContentType.objects.get_for_model(User) if has_model else None
    entry = LogEntry.objects.create(user=user, content_type=content_type, action_flag=1, object_repr="ada")
    shown = [
        type("EntrySerializer", (Fields, base), {"Meta": Meta})(entry, context={"request": None}).data
        for base in (ModelSerializer, serializers.ModelSerializer)
    ]
    assert shown[0] == shown[1]
    assert list(shown[0]) == list(shown[1])
    # A field that a row lacks is left out.
    assert ("model" in shown[0]) == has_model


class EntrySerializer(ModelSerializer):
    fixed_fields = True

    class Meta:
        model = LogEntry
        fields = ("id", "object_repr")


def test_fixed_fields_are_found_out_once_and_those_of_one_answer_count(user: User) -> None:
    entry = LogEntry.objects.create(user=user, action_flag=1, object_repr="ada")
    first, second, shorter = (EntrySerializer(entry) for _ in range(3))
    del shorter.fields["id"]
    assert first.data == second.data == {"id": entry.pk, "object_repr": "ada"}
    assert first._readers is second._readers  # noqa: SLF001 - what this is for
    assert shorter.data == {"object_repr": "ada"}


class ColumnsSerializer(EntrySerializer):
    username = serializers.CharField(source="user.username")

    class Meta:
        model = LogEntry
        fields = ("id", "action_time", "object_id", "content_type", "user", "username")


class DrfSerializer(serializers.ModelSerializer):
    username = serializers.CharField(source="user.username")

    class Meta(ColumnsSerializer.Meta):
        """The same."""


class LoudSerializer(ColumnsSerializer):
    def to_representation(self, instance: LogEntry) -> dict[str, Any]:
        return {"username": instance.user.username.upper()}


class ModelNameSerializer(ColumnsSerializer):
    """Leaves the name out for entries without a model."""

    username = serializers.CharField(source="content_type.model")


class MethodSerializer(ColumnsSerializer):
    username = serializers.CharField(source="get_change_message")


class ContentTypeSerializer(EntrySerializer):
    class Meta:
        model = ContentType
        fields = ("id",)


class VaryingSerializer(ColumnsSerializer):
    fixed_fields = False


def page_of(serializer_class: Any) -> Any:
    view: GenericAPIView = GenericAPIView(serializer_class=serializer_class)
    return rows(LogEntry.objects.prefetch_related("user"), view, "object_repr")


def test_a_page_of_columns_is_shown_without_an_instance_for_each_row(user: User) -> None:
    LogEntry.objects.create(user=user, action_flag=1, object_repr="ada")
    page = page_of(ColumnsSerializer)
    assert [row["object_repr"] for row in page] == ["ada"]
    entries = LogEntry.objects.select_related("user")
    assert ColumnsSerializer(page, many=True).data == DrfSerializer(entries, many=True).data
    shorter = ColumnsSerializer(page[0])
    del shorter.fields["id"]
    assert list(shorter.data) == ["action_time", "object_id", "content_type", "user", "username"]


@pytest.mark.parametrize(
    "serializer_class",
    [
        ContentTypeSerializer,
        DrfSerializer,
        LoudSerializer,
        MethodSerializer,
        ModelNameSerializer,
        None,
        VaryingSerializer,
    ],
)
def test_what_is_more_than_columns_is_read_from_instances(user: User, serializer_class: Any) -> None:
    entry = LogEntry.objects.create(user=user, action_flag=1, object_repr="ada")
    assert list(page_of(serializer_class)) == [entry]


@isolate_apps("users")
def test_a_file_is_more_than_its_column() -> None:
    class Upload(models.Model):  # noqa: DJ008 - nobody looks at one
        file = models.FileField()

        class Meta:
            app_label = "users"

    class UploadSerializer(ModelSerializer):
        fixed_fields = True

        class Meta:
            model = Upload
            fields = ("id", "file")

    assert fixed_columns(UploadSerializer) == []
