from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from uploads.models import Upload


@admin.register(Upload)
class UploadAdmin(admin.ModelAdmin):
    list_display = ("name", "media_type", "size", "owner", "created")
    readonly_fields = ("file", "name", "media_type", "size", "owner", "created")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Upload]:
        return super().get_queryset(request).select_related("owner")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # only the API checks uploads
