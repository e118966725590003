"""Fill the Library with books to look at."""

from argparse import ArgumentParser
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection, transaction
from django.db.models import Max
from stdnum import ean
from tqdm import tqdm

from library.models import Author, Book
from users.models import User

FIRST_NAMES = ("Ada", "Alan", "Barbara", "Dennis", "Edsger", "Grace", "John", "Katherine", "Leslie", "Margaret")
LAST_NAMES = ("Adler", "Brandt", "Costa", "Dahl", "Eriksen", "Fontaine", "Greene", "Haddad", "Ito", "Jansen")
WORDS = ("River", "Garden", "Winter", "Letter", "Island", "Window", "Signal", "Orchard", "Harbour", "Lantern")
PREFIX = "979"
FIELDS = ("title", "subtitle", "author_id", "isbn", "published", "owner_id")


class Command(BaseCommand):
    help = "Add books, their authors and the user 'demo' who owns them. Running it again adds only what is missing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("books", nargs="?", type=int, default=100, help="how many books there will be (100)")

    @transaction.atomic
    def handle(self, *, books: int, **options: Any) -> None:
        owner, _ = User.objects.get_or_create(username="demo")
        names = {f"{first} {last}" for first in FIRST_NAMES for last in LAST_NAMES}
        existing = Author.objects.filter(owner=owner, name__in=names)
        missing = names.difference(existing.values_list("name", flat=True))
        Author.objects.bulk_create(Author(name=name, owner=owner) for name in sorted(missing))
        authors = list(existing.values_list("pk", flat=True))
        last = Book.objects.filter(owner=owner, isbn__startswith=PREFIX).aggregate(last=Max("isbn"))["last"]
        first = int(last[len(PREFIX) : -1]) + 1 if last else 0
        numbers = tqdm(range(first, books), unit=" books", disable=None)
        add(row(number, authors[number % len(authors)], owner.pk) for number in numbers)
        self.stdout.write(f"The Library has {Book.objects.count()} books.")


def add(rows: Iterable[tuple[Any, ...]]) -> None:
    """Add books in the quickest way that the database has."""
    if connection.vendor == "postgresql":
        copy_books = f"COPY library_book ({', '.join(FIELDS)}) FROM STDIN"
        with connection.cursor() as cursor, cursor.copy(copy_books) as copy:
            for values in rows:
                copy.write_row(values)
    else:
        books = (Book(**dict(zip(FIELDS, values, strict=True))) for values in rows)
        Book.objects.bulk_create(books, batch_size=5_000)


def row(number: int, author: int, owner: int) -> tuple[Any, ...]:
    """Return the book of that number, the same at every call."""
    digits = f"{PREFIX}{number:09}"
    title = f"The {WORDS[number % 10]} and the {WORDS[number // 10 % 10]}"
    published = date(1950, 1, 1) + timedelta(days=number % 27_000)
    subtitle = "" if number % 4 else f"Volume {number // 4 + 1}"
    return title, subtitle, author, digits + ean.calc_check_digit(digits), published, owner
