from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers
from rest_framework.validators import UniqueValidator

from config.serializers import ModelSerializer
from library.isbn import LONGEST_SPELLING, IsbnSerializerField
from library.models import Author, Book


@extend_schema_serializer(
    examples=[
        OpenApiExample("A new author", {"name": "Donald Knuth"}, request_only=True),
        OpenApiExample("An author", {"id": 1, "name": "Donald Knuth", "owner": 1}, response_only=True),
    ]
)
class AuthorSerializer(ModelSerializer):
    fixed_fields = True

    class Meta:
        model = Author
        fields = ("id", "name", "owner")
        read_only_fields = ("owner",)


BOOK = {
    "title": "The Art of Computer Programming",
    "subtitle": "Fundamental Algorithms",
    "author": 1,
    "isbn": "978-0-201-89683-1",
    "published": "1997-07-04",
}
READ_ONLY = {"id": 1, "author_name": "Donald Knuth", "isbn": "9780201896831", "owner": 1}


@extend_schema_serializer(
    examples=[
        OpenApiExample("A new book", BOOK, request_only=True),
        OpenApiExample("A book", BOOK | READ_ONLY, response_only=True),
    ]
)
class BookSerializer(ModelSerializer):
    author_name = serializers.CharField(source="author.name", read_only=True)
    isbn = IsbnSerializerField(
        max_length=LONGEST_SPELLING,
        help_text="10 or 13 characters, with or without hyphens; answered as 13 digits.",
        validators=[UniqueValidator(Book.objects.all(), "There is a book with this ISBN already.")],
    )
    fixed_fields = True

    class Meta:
        model = Book
        fields = ("id", "title", "subtitle", "author", "author_name", "isbn", "published", "owner")
        read_only_fields = ("owner",)
