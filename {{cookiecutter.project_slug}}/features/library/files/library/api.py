"""The Library's API."""

from rest_framework.permissions import IsAuthenticatedOrReadOnly
from rest_framework.routers import SimpleRouter
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import ModelViewSet

from library.filters import BookFilter
from library.models import Author, Book
from library.permissions import IsOwnerOrReadOnly
from library.serializers import AuthorSerializer, BookSerializer


class OwnedViewSet(ModelViewSet):
    """Anyone may read, and users may add; what they add is theirs."""

    permission_classes = (IsAuthenticatedOrReadOnly, IsOwnerOrReadOnly)

    def perform_create(self, serializer: BaseSerializer) -> None:
        serializer.save(owner=self.request.user)


class AuthorViewSet(OwnedViewSet):
    queryset = Author.objects.all()
    serializer_class = AuthorSerializer
    search_fields = ("name",)
    ordering_fields = ("id", "name")


class BookViewSet(OwnedViewSet):
    queryset = Book.objects.select_related("author")
    serializer_class = BookSerializer
    filterset_class = BookFilter
    ordering_fields = ("id", "title", "published")


router = SimpleRouter()
router.register("authors", AuthorViewSet)
router.register("books", BookViewSet)

urlpatterns = router.urls
