"""The list of books as the DRF tutorial writes it, and as one SQL statement."""

from django.db import connection
from django.http import JsonResponse
from django.urls import path
from rest_framework import generics, serializers

from library.models import Book

FIELDS = ("id", "title", "subtitle", "author", "author_name", "isbn", "published", "owner")
STATEMENT = """
SELECT b.id, b.title, b.subtitle, b.author_id, a.name, b.isbn, b.published, b.owner_id
FROM library_book b JOIN library_author a ON a.id = b.author_id ORDER BY b.id DESC LIMIT 50
"""


class BookSerializer(serializers.ModelSerializer):
    author_name = serializers.CharField(source="author.name", read_only=True)

    class Meta:
        model = Book
        fields = FIELDS


class BookList(generics.ListCreateAPIView):
    queryset = Book.objects.select_related("author").order_by("-id")
    serializer_class = BookSerializer


def bare(request):
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT)
        rows = cursor.fetchall()
    return JsonResponse({"results": [dict(zip(FIELDS, row, strict=True)) for row in rows]})


urlpatterns = [path("api/v1/books/", BookList.as_view()), path("bare", bare)]
