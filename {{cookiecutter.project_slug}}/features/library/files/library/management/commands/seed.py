"""Fill the Library with books to look at."""

from argparse import ArgumentParser
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
BATCH = 10_000


class Command(BaseCommand):
    help = "Add books, their authors and the user 'demo' who owns them. Running it again adds only what is missing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("books", nargs="?", type=int, default=100, help="how many books there are then (100)")

    @transaction.atomic
    def handle(self, *, books: int, **options: Any) -> None:
        owner, _ = User.objects.get_or_create(username="demo")
        authors = [
            Author.objects.get_or_create(name=f"{first} {last}", owner=owner)[0].pk
            for first in FIRST_NAMES
            for last in LAST_NAMES
        ]
        last = Book.objects.filter(owner=owner, isbn__startswith=PREFIX).aggregate(last=Max("isbn"))["last"]
        first = int(last[len(PREFIX) : -1]) + 1 if last else 0
        with tqdm(total=books, initial=first, unit=" books", disable=None) as progress:
            for start in range(first, books, BATCH):
                numbers = range(start, min(start + BATCH, books))
                add([row(number, authors[number % len(authors)], owner.pk) for number in numbers])
                progress.update(len(numbers))
        self.stdout.write(f"The Library has {Book.objects.count()} books.")


def add(rows: list[tuple[Any, ...]]) -> None:
    """Add books in the quickest way that the database has."""
    if connection.vendor != "postgresql":
        Book.objects.bulk_create(Book(**dict(zip(FIELDS, row, strict=True))) for row in rows)
        return
    copy_books = f"COPY library_book ({', '.join(FIELDS)}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(copy_books) as copy:
        for row in rows:
            copy.write_row(row)


def row(number: int, author: int, owner: int) -> tuple[Any, ...]:
    """Return the book of that number, the same at every call."""
    digits = f"{PREFIX}{number:09}"
    title = f"The {WORDS[number % 10]} and the {WORDS[number // 10 % 10]}"
    published = date(1950, 1, 1) + timedelta(days=number % 27_000)
    return title, f"Volume {number + 1}", author, digits + ean.calc_check_digit(digits), published, owner
