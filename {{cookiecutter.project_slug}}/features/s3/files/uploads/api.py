"""The API of uploads: each user sees and keeps their own."""

from typing import Any

import puremagic
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.exceptions import APIException
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.routers import SimpleRouter
from rest_framework.viewsets import GenericViewSet

from uploads.models import Upload


class TooLarge(APIException):
    status_code = 413
    default_detail = "The file is too large."
    default_code = "too_large"


class UploadSerializer(serializers.ModelSerializer):
    file = serializers.FileField(write_only=True, max_length=255)
    url = serializers.SerializerMethodField(help_text="Where to read the file, for an hour.")

    class Meta:
        model = Upload
        fields = ("id", "file", "name", "media_type", "size", "created", "url")
        read_only_fields = ("name", "media_type", "size", "created")

    @extend_schema_field(OpenApiTypes.URI)
    def get_url(self, upload: Upload) -> str:
        url: str = self.context["request"].build_absolute_uri(upload.file.url)
        return url

    def validate_file(self, file: UploadedFile) -> UploadedFile:
        """Find out the type from the first bytes: neither the file's name nor what its sender says can be trusted."""
        try:
            media_type = puremagic.from_string(file.read(8192), mime=True)
        except puremagic.PureError:
            media_type = ""
        file.seek(0)
        if media_type not in settings.UPLOAD_TYPES:
            raise serializers.ValidationError(
                f"This is not a file of an allowed type: {', '.join(settings.UPLOAD_TYPES)}.", code="media_type"
            )
        file.content_type = media_type
        return file

    def create(self, validated_data: dict[str, Any]) -> Upload:
        file = validated_data["file"]
        upload = Upload(**validated_data, name=file.name, media_type=file.content_type, size=file.size)
        try:
            upload.save()
        except Exception:  # the file is in the store by then, and nobody would ever delete it
            upload.file.delete(save=False)
            raise
        return upload


class UploadViewSet(
    mixins.CreateModelMixin,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.DestroyModelMixin,
    GenericViewSet,
):
    queryset = Upload.objects.all()
    serializer_class = UploadSerializer
    parser_classes = (MultiPartParser,)
    search_fields = ("name",)
    ordering_fields = ("id", "name", "size", "created")

    def initial(self, request: Request, *arguments: Any, **options: Any) -> None:
        super().initial(request, *arguments, **options)
        if int(request.META.get("CONTENT_LENGTH") or 0) > settings.UPLOAD_MAX_SIZE:
            raise TooLarge

    def get_queryset(self) -> QuerySet[Upload]:
        return super().get_queryset().filter(owner=self.request.user.pk)

    def perform_create(self, serializer: serializers.BaseSerializer) -> None:
        serializer.save(owner=self.request.user)


router = SimpleRouter()
router.register("uploads", UploadViewSet)

urlpatterns = router.urls
