from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from library.models import Author, Book


class IsOwnerOrReadOnly(BasePermission):
    """Only the owner or staff may change or delete."""

    def has_object_permission(self, request: Request, view: APIView, obj: Author | Book) -> bool:
        if request.method in SAFE_METHODS or request.user.is_staff:
            return True
        return request.user.is_authenticated and obj.owner_id == request.user.pk  # both None: nobody's, and nobody
