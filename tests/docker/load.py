"""A steady mixed load on a project that runs: requests that read and ones that add books, each counted."""

import collections
import itertools
import threading
import typing

import httpx

from tests.docker import clock
from tests.docker.stack import run

BOOKS, AUTHORS = "/api/v1/books/", "/api/v1/authors/"
UNLIMITED = "1000000/min"  # for the throttles of a project that is to bear a load
PAUSE = 0.02  # seconds between two requests of a client
numbers = itertools.count(100_000_000)


class Answer(typing.NamedTuple):
    time: float
    method: str
    status: int
    headers: httpx.Headers
    seconds: float


def served(containers):
    """Return how many requests each of the containers has answered in the last three seconds."""
    logs = [run("docker", "logs", "--since", "3s", container).stderr for container in containers]
    return [log.count("request_finished") for log in logs]


def isbn(number):
    digits = f"978{number}"
    return f"{digits}{-sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(digits)) % 10}"


class Load:
    """While it is entered, `clients` threads read and as many add books.

    After it, `answers` has all answers, where a status of 0 is a connection that broke, and `acknowledged` the ISBN of
    each book that was answered with 201.
    """

    def __init__(self, stack, clients=4):
        self.stack = stack
        self.answers, self.acknowledged = [], []
        with stack.user_client() as client:
            self.author = client.post(AUTHORS, json={"name": "Under Load"}).json()["id"]
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=work) for work in [self.read, self.add] * clients]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def read(self):
        with self.stack.client() as client:
            while not self.ended.wait(PAUSE):
                self.request(client, "GET", BOOKS)

    def add(self):
        with self.stack.user_client() as client:
            while not self.ended.wait(PAUSE):
                number = isbn(next(numbers))
                book = {"title": "Added under load", "author": self.author, "published": "2026-01-01", "isbn": number}
                if self.request(client, "POST", BOOKS, json=book) == 201:
                    self.acknowledged.append(number)

    def request(self, client, method, path, **options):
        begun = clock.now()
        try:
            response = client.request(method, path, **options)
            status, headers = response.status_code, response.headers
        except httpx.TransportError:
            status, headers = 0, httpx.Headers()
        now = clock.now()
        self.answers.append(Answer(now, method, status, headers, now - begun))
        return status

    def counts(self):
        """Return how many answers there were of each method and status."""
        return collections.Counter((answer.method, answer.status) for answer in self.answers)

    def failures(self):
        return [answer for answer in self.answers if answer.status not in {200, 201}]

    def lost(self):
        """Return the acknowledged books that the database does not have."""
        script = "from library.models import Book; print(*Book.objects.values_list('isbn', flat=True))"
        return {*self.acknowledged} - {*self.stack.manage("shell", "--verbosity=0", "--command", script).split()}
