"""Fill the Library with books to look at."""

from argparse import ArgumentParser
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from stdnum import ean

from library.models import Author, Book
from users.models import User

WORDS = ("River", "Garden", "Winter", "Letter", "Island", "Window", "Signal", "Orchard", "Harbour", "Lantern")
BATCH = 5_000


class Command(BaseCommand):
    help = "Add books, their authors and the user 'demo' who owns them. Running it again adds no book twice."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("books", nargs="?", type=int, default=100, help="how many books there are then (100)")

    @transaction.atomic
    def handle(self, *, books: int, **options: Any) -> None:
        owner, _ = User.objects.get_or_create(username="demo")
        authors = [
            Author.objects.get_or_create(name=f"{first} {second}", owner=owner)[0]
            for first in WORDS
            for second in WORDS
        ]
        Book.objects.bulk_create(
            (book(number, authors[number % len(authors)], owner) for number in range(books)),
            batch_size=BATCH,
            ignore_conflicts=True,
        )
        self.stdout.write(f"The Library has {Book.objects.count()} books.")


def book(number: int, author: Author, owner: User) -> Book:
    """Return the book of that number, the same at every call."""
    digits = f"979{number:09}"
    return Book(
        title=f"The {WORDS[number % 10]} and the {WORDS[number // 10 % 10]}",
        subtitle=f"Volume {number + 1}",
        author=author,
        isbn=digits + ean.calc_check_digit(digits),
        published=date(1950, 1, 1) + timedelta(days=number % 27_000),
        owner=owner,
    )
