"""Fill the Library with books to look at."""

from argparse import ArgumentParser
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from stdnum import ean
from tqdm import tqdm

from library.models import Author, Book
from users.models import User

FIRST_NAMES = ("Ada", "Alan", "Barbara", "Dennis", "Edsger", "Grace", "John", "Katherine", "Leslie", "Margaret")
LAST_NAMES = ("Adler", "Brandt", "Costa", "Dahl", "Eriksen", "Fontaine", "Greene", "Haddad", "Ito", "Jansen")
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
            Author.objects.get_or_create(name=f"{first} {last}", owner=owner)[0].pk
            for first in FIRST_NAMES
            for last in LAST_NAMES
        ]
        with tqdm(total=books, unit=" books", disable=None) as progress:
            for start in range(0, books, BATCH):
                numbers = range(start, min(start + BATCH, books))
                batch = [book(number, authors[number % len(authors)], owner.pk) for number in numbers]
                Book.objects.bulk_create(batch, ignore_conflicts=True)
                progress.update(len(batch))
        self.stdout.write(f"The Library has {Book.objects.count()} books.")


def book(number: int, author: int, owner: int) -> Book:
    """Return the book of that number, the same at every call."""
    digits = f"979{number:09}"
    return Book(
        title=f"The {WORDS[number % 10]} and the {WORDS[number // 10 % 10]}",
        subtitle=f"Volume {number + 1}",
        author_id=author,
        isbn=digits + ean.calc_check_digit(digits),
        published=date(1950, 1, 1) + timedelta(days=number % 27_000),
        owner_id=owner,
    )
