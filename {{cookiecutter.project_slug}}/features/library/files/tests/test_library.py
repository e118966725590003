import re
from collections.abc import Iterator
from html import unescape

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.management import call_command
from django.db import connection
from django.db.models.signals import pre_save
from django.test import Client
from django.test.utils import CaptureQueriesContext
from knox.models import AuthToken
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient, APIRequestFactory
from rest_framework.views import APIView

from library.models import Author, Book
from library.permissions import IsOwnerOrReadOnly
from users.models import User

AUTHORS, BOOKS = "/api/v1/authors/", "/api/v1/books/"
ISBN_10, ISBN_13 = "0-201-89683-4", "978-0-201-89683-1"


@pytest.fixture
def author(user: User) -> Author:
    return Author.objects.create(name="Donald Knuth", owner=user)


@pytest.fixture
def book(author: Author, user: User) -> Book:
    return Book.objects.create(
        title="The Art of Computer Programming",
        subtitle="Fundamental Algorithms",
        author=author,
        isbn="9780201896831",
        published="1997-07-04",
        owner=user,
    )


@pytest.fixture
def fields(author: Author) -> dict[str, str]:
    """What a request for a new book says."""
    return {
        "title": "Concrete Mathematics",
        "author": str(author.pk),
        "isbn": "978-0-201-55802-9",
        "published": "1994-02-28",
    }


@pytest.fixture
def somebody_quicker(author: Author, fields: dict[str, str]) -> None:
    """Another request, which adds the same book after the checks of this one."""

    def add(**_: object) -> None:
        pre_save.disconnect(add, Book)
        Book.objects.create(**fields | {"author": author, "isbn": "9780201558029", "owner": author.owner})

    pre_save.connect(add, Book, weak=False)


@pytest.fixture
def other_api(db: None) -> APIClient:
    client = APIClient()
    client.force_authenticate(User.objects.create_user("other"))
    return client


@pytest.fixture
def staff_api(db: None) -> APIClient:
    client = APIClient()
    client.force_authenticate(User.objects.create_user("staff", is_staff=True))
    return client


class TestApi:
    def test_anyone_may_read(self, api: APIClient, book: Book) -> None:
        assert [found["isbn"] for found in api.get(BOOKS).data["results"]] == ["9780201896831"]
        assert api.get(f"{BOOKS}{book.pk}/").data["author_name"] == "Donald Knuth"

    def test_a_user_owns_what_she_adds(self, user_api: APIClient, user: User, fields: dict[str, str]) -> None:
        response = user_api.post(BOOKS, {**fields, "owner": "0"})
        assert response.status_code == 201
        assert response.data["owner"] == user.pk
        assert user_api.get(f"{BOOKS}{response.data['id']}/").data["title"] == "Concrete Mathematics"

    def test_an_author_belongs_to_the_user_who_adds_them(self, user_api: APIClient, user: User) -> None:
        assert user_api.post(AUTHORS, {"name": "Ronald Graham"}).data["owner"] == user.pk

    @pytest.mark.parametrize(
        ("client", "change", "deletion"),
        [("api", 401, 401), ("other_api", 403, 403), ("user_api", 200, 204), ("staff_api", 200, 204)],
    )
    def test_only_the_owner_and_staff_may_change_something(
        self, client: str, change: int, deletion: int, book: Book, request: pytest.FixtureRequest
    ) -> None:
        somebody: APIClient = request.getfixturevalue(client)
        author = Author.objects.create(name="Old", owner_id=book.owner_id)
        new_book = {"title": "New", "author": book.author_id, "isbn": book.isbn, "published": "1997-07-04"}
        for path, new in ((f"{BOOKS}{book.pk}/", new_book), (f"{AUTHORS}{author.pk}/", {"name": "New"})):
            assert somebody.get(path).status_code == 200
            assert somebody.patch(path, new).status_code == change
            assert somebody.put(path, new).status_code == change
            assert somebody.delete(path).status_code == deletion

    def test_an_author_stays_while_there_are_books_by_them(self, user_api: APIClient, book: Book) -> None:
        response = user_api.delete(f"{AUTHORS}{book.author_id}/")
        assert response.status_code == 409
        assert response.json()["detail"] == "Something else needs this, and has to go first."
        assert Author.objects.filter(pk=book.author_id).exists()

    def test_a_users_books_go_with_the_account_and_authors_stay_for_the_books_of_others(
        self, admin_client: Client, user: User, book: Book, fields: dict[str, str]
    ) -> None:
        other = User.objects.create_user("other")
        Book.objects.create(**fields | {"author": book.author, "isbn": "9780201558029", "owner": other})
        assert admin_client.post(f"/admin/users/user/{user.pk}/delete/", {"post": "yes"}).status_code == 302
        assert (Book.objects.get().owner_id, Author.objects.get().owner_id) == (other.pk, None)

    @pytest.mark.parametrize(("client", "status"), [("api", 401), ("other_api", 403), ("staff_api", 200)])
    def test_an_author_of_nobody_is_for_staff_to_change(
        self, client: str, status: int, author: Author, request: pytest.FixtureRequest
    ) -> None:
        somebody: APIClient = request.getfixturevalue(client)
        Author.objects.update(owner=None)
        path = f"{AUTHORS}{author.pk}/"
        assert somebody.get(path).data == {"id": author.pk, "name": "Donald Knuth", "owner": None}
        assert somebody.patch(path, {"name": "New"}).status_code == status

    @pytest.mark.django_db(transaction=True)
    def test_authors_of_nobody_are_given_back_where_the_library_is_taken_back(
        self, author: Author, fields: dict[str, str]
    ) -> None:
        other = User.objects.create_user("other")
        Book.objects.create(**fields | {"author": author, "isbn": "9780201558029", "owner": other})
        Author.objects.create(name="Without a book")
        Author.objects.update(owner=None)
        call_command("migrate", "library", "0002", verbosity=0)
        try:
            assert Author.objects.get().owner_id == other.pk
        finally:
            call_command("migrate", "library", verbosity=0)

    def test_nobody_does_not_own_what_is_nobodys(self) -> None:
        request = APIRequestFactory().delete("/")
        request.user = AnonymousUser()
        assert not IsOwnerOrReadOnly().has_object_permission(request, APIView(), Author(owner=None))

    def test_somebody_without_a_login_is_told_when_to_come_back(
        self, api: APIClient, db: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("config.throttling.AnonRateThrottle.rate", "1/min", raising=False)
        assert api.get(BOOKS).status_code == 200
        response = api.get(BOOKS)
        assert (response.status_code, response.json()["title"]) == (429, "Too Many Requests")
        assert response.headers["Content-Type"] == "application/problem+json"
        assert 0 < int(response.headers["Retry-After"]) <= 60

    def test_without_a_login_nothing_is_added(self, api: APIClient, fields: dict[str, str]) -> None:
        response = api.post(BOOKS, fields)
        assert response.status_code == 401
        assert response.headers["Content-Type"] == "application/problem+json"

    @pytest.mark.parametrize("spelling", [ISBN_10, ISBN_13, "0201896834", "978 0 201 89683 1"])
    def test_an_isbn_is_stored_in_one_form(self, user_api: APIClient, fields: dict[str, str], spelling: str) -> None:
        assert user_api.post(BOOKS, fields | {"isbn": spelling}).data["isbn"] == "9780201896831"

    def test_an_isbn_may_end_in_x(self, user_api: APIClient, fields: dict[str, str]) -> None:
        assert user_api.post(BOOKS, fields | {"isbn": "0-8044-2957-X"}).data["isbn"] == "9780804429573"

    @pytest.mark.parametrize("wrong", ["9780201896832", "0201896835", "123", "9770201896831", "x"])
    def test_a_number_that_is_no_isbn_is_refused(self, user_api: APIClient, fields: dict[str, str], wrong: str) -> None:
        response = user_api.post(BOOKS, fields | {"isbn": wrong})
        assert response.status_code == 400
        assert response.json()["errors"][0]["pointer"] == "#/isbn"

    def test_the_same_book_is_not_added_twice_however_its_isbn_is_spelled(
        self, user_api: APIClient, book: Book, fields: dict[str, str]
    ) -> None:
        assert user_api.post(BOOKS, fields | {"isbn": ISBN_10}).status_code == 400

    @pytest.mark.usefixtures("somebody_quicker")
    def test_of_two_who_add_a_book_at_once_one_is_told(self, user_api: APIClient, fields: dict[str, str]) -> None:
        response = user_api.post(BOOKS, fields)
        assert response.status_code == 409
        assert "Another request" in response.json()["detail"]

    @pytest.mark.parametrize(
        ("query", "count"),
        [
            ("search=programming", 1),
            ("search=knuth", 1),
            ("search=nothing", 0),
            *((f"search={spelling}", 1) for spelling in (ISBN_10, ISBN_13, "978 0 201 89683 1", "978-0-201")),
            ("search=-", 0),
            ("published_after=1997-07-04", 1),
            ("published_before=1997-07-03", 0),
            ("published_after=1997-07-04&published_before=1997-07-04", 1),
            ("published_after=1997-07-05&published_before=1997-07-06", 0),
            ("author=0", 400),
        ],
    )
    def test_books_are_found_by_words_author_and_date(self, api: APIClient, book: Book, query: str, count: int) -> None:
        response = api.get(f"{BOOKS}?{query}")
        assert count == (len(response.data["results"]) if response.status_code == 200 else response.status_code)

    def test_books_are_found_by_their_author(self, api: APIClient, book: Book) -> None:
        other = Author.objects.create(name="Ronald Graham", owner_id=book.owner_id)
        assert [found["id"] for found in api.get(f"{BOOKS}?author={book.author_id}").data["results"]] == [book.pk]
        assert api.get(f"{BOOKS}?author={other.pk}").data["results"] == []

    def test_a_name_that_many_authors_have_is_found_too(
        self, api: APIClient, book: Book, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("library.models.MAX_AUTHORS", 0)
        assert len(api.get(f"{BOOKS}?search=knuth").data["results"]) == 1

    @pytest.mark.parametrize("path", [BOOKS, AUTHORS])
    def test_a_list_takes_one_query_however_long_it_is_and_so_does_one_of_it(
        self, api: APIClient, path: str, django_assert_num_queries: DjangoAssertNumQueries, db: None
    ) -> None:
        call_command("seed", 20, verbosity=0)
        with django_assert_num_queries(1):
            found = api.get(path).data["results"]
        assert len(found) > 5
        with django_assert_num_queries(1):
            assert api.get(f"{path}{found[0]['id']}/").data == found[0]

    def test_a_browser_is_not_shown_every_author(self, client: Client, user: User, book: Book) -> None:
        client.force_login(user)
        page = client.get(BOOKS, headers={"accept": "text/html"}).content.decode()
        assert '<input type="number" name="author"' in page
        assert "Donald Knuth</option>" not in page

    def test_a_list_by_token_takes_two_queries_however_long_it_is(
        self, api: APIClient, user: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        _, token = AuthToken.objects.create(user)
        for books in (1, 50):
            call_command("seed", books, verbosity=0)
            with django_assert_num_queries(2):
                found = api.get(BOOKS, headers={"authorization": f"Bearer {token}"}).data["results"]
            assert len(found) == books


def pages(client: Client, path: str, direction: str) -> Iterator[list[int]]:
    """Yield the keys of the books on a page, and on those that follow it in a direction (`next` or `prev`)."""
    while path:
        page = client.get(path).content.decode()
        yield [int(key) for key in re.findall(r'href="/books/(\d+)/"', page)]
        link = re.search(f'rel="{direction}" href="([^"]+)"', page)
        path = unescape(f"/{link[1]}") if link else ""


class TestWebsite:
    def test_the_first_page_lists_books(self, client: Client, book: Book) -> None:
        assert book.title in client.get("/").content.decode()

    @pytest.mark.parametrize(("words", "found"), [("art knuth", True), ("art graham", False), ("art\0", True)])
    def test_search_finds_all_words_in_title_and_author(
        self, client: Client, book: Book, words: str, found: bool
    ) -> None:
        assert (book.title in client.get("/", {"q": words}).content.decode()) is found

    def test_a_list_without_books_says_so(self, client: Client, db: None) -> None:
        assert "There are no books yet" in client.get("/").content.decode()
        assert "No book has all these words" in client.get("/", {"q": "art"}).content.decode()

    def test_pages_follow_each_other_in_both_directions_and_keep_the_search(self, client: Client, db: None) -> None:
        call_command("seed", 50, verbosity=0)
        Book.objects.update(title="The same")  # books of one title have an order, too
        forwards = list(pages(client, "/?q=the", "next"))
        backwards = list(pages(client, f"/?q=the&before={forwards[-1][0]}", "prev"))
        assert [len(page) for page in forwards] == [20, 20, 10]
        assert [key for page in forwards for key in page] == sorted(Book.objects.values_list("pk", flat=True))
        assert backwards == [forwards[1], forwards[0]]

    @pytest.mark.parametrize("place", ["after=0", "before=0", "after=x", "before=9" * 30, "after=%00"])
    def test_a_place_that_is_not_there_is_the_beginning(self, client: Client, book: Book, place: str) -> None:
        assert book.title in client.get(f"/?{place}").content.decode()

    @pytest.mark.parametrize("place", ["after", "before"])
    def test_a_page_that_has_become_empty_is_the_first(self, client: Client, book: Book, place: str) -> None:
        assert book.title in client.get(f"/?{place}={book.pk}").content.decode()

    def test_a_page_takes_one_query_whatever_is_on_it(
        self, client: Client, django_assert_num_queries: DjangoAssertNumQueries, db: None
    ) -> None:
        call_command("seed", 20, verbosity=0)
        with django_assert_num_queries(1):
            assert client.get("/").content.count(b'<a href="/books/') == 20
        path = Book.objects.all()[0].get_absolute_url()
        with django_assert_num_queries(1):
            assert client.get(path).status_code == 200

    def test_a_book_has_a_page(self, client: Client, book: Book) -> None:
        assert book.isbn in client.get(book.get_absolute_url()).content.decode()

    def test_only_a_user_may_add_a_book(self, client: Client, db: None) -> None:
        assert client.get("/books/add/").headers["Location"] == "/login/?next=/books/add/"

    def test_a_user_adds_a_book(self, client: Client, user: User, fields: dict[str, str]) -> None:
        client.force_login(user)
        response = client.post("/books/add/", fields | {"author": "Donald Knuth"})
        book = Book.objects.get()
        assert response.headers["Location"] == book.get_absolute_url()
        assert (book.isbn, book.owner_id) == ("9780201558029", user.pk)

    @pytest.mark.parametrize(("name", "authors"), [("Donald Knuth", 1), ("Ronald Graham", 2)])
    def test_an_author_is_found_by_name_or_added(
        self, client: Client, user: User, fields: dict[str, str], name: str, authors: int
    ) -> None:
        client.force_login(user)
        client.post("/books/add/", fields | {"author": f" {name} "})
        author = Book.objects.select_related("author").get().author
        assert (author.name, author.owner_id, Author.objects.count()) == (name, user.pk, authors)

    def test_a_wrong_isbn_is_explained(self, client: Client, user: User, fields: dict[str, str]) -> None:
        client.force_login(user)
        response = client.post("/books/add/", fields | {"author": "Ronald Graham", "isbn": "978-0-201-55802-8"})
        page = response.content.decode()
        assert "This is not an ISBN" in page
        assert 'aria-invalid="true"' in page
        assert not Book.objects.exists()
        assert not Author.objects.filter(name="Ronald Graham").exists()

    @pytest.mark.usefixtures("somebody_quicker")
    def test_of_two_who_add_a_book_at_once_one_is_told(
        self, client: Client, user: User, fields: dict[str, str]
    ) -> None:
        client.force_login(user)
        response = client.post("/books/add/", fields | {"author": "Ronald Graham"})
        assert "Book with this ISBN already exists." in response.content.decode()
        assert not Author.objects.filter(name="Ronald Graham").exists()

    def test_a_user_signs_in(self, client: Client, user: User) -> None:
        response = client.post("/login/", {"username": "ada", "password": "correct horse battery"})
        assert response.headers["Location"] == "/"
        assert "Sign out" in client.get("/").content.decode()


class TestAdmin:
    @pytest.mark.parametrize("path", ["/admin/library/author/?q=knuth", "/admin/library/book/?q=knuth"])
    def test_lists_can_be_searched(self, admin_client: Client, book: Book, path: str) -> None:
        assert "Donald Knuth" in admin_client.get(path).content.decode()

    def test_no_list_counts_every_row(self, admin_client: Client, book: Book) -> None:
        with CaptureQueriesContext(connection) as queries:
            admin_client.get("/admin/library/book/")
        counts = [query["sql"] for query in queries if "COUNT" in query["sql"]]
        assert counts
        assert [sql for sql in counts if "LIMIT 2000" not in sql] == []

    @pytest.mark.parametrize(
        ("field", "term", "found"), [("author", "knuth", "Donald Knuth"), ("owner", "ADA@", "ada")]
    )
    def test_an_author_and_an_owner_are_found_by_a_part_of_their_name(
        self, admin_client: Client, book: Book, field: str, term: str, found: str
    ) -> None:
        query = {"app_label": "library", "model_name": "book", "field_name": field, "term": term}
        response = admin_client.get("/admin/autocomplete/", query)
        assert [result["text"] for result in response.json()["results"]] == [found]

    def test_books_can_be_narrowed_to_a_time(self, admin_client: Client, book: Book) -> None:
        path = "/admin/library/book/?published__gte={}&published__lt=2000-01-01"
        assert book.title in admin_client.get(path.format("1997-07-04")).content.decode()
        assert book.title not in admin_client.get(path.format("1997-07-05")).content.decode()

    @pytest.mark.parametrize("path", ["/admin/library/author/", "/admin/library/book/"])
    def test_a_list_takes_as_many_queries_however_long_it_is(
        self, admin_client: Client, path: str, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        call_command("seed", 1, verbosity=0)
        with CaptureQueriesContext(connection) as queries:
            admin_client.get(path)
        call_command("seed", 50, verbosity=0)
        with django_assert_num_queries(len(queries)):
            assert admin_client.get(path).status_code == 200

    @pytest.mark.parametrize(("words", "found"), [("art knuth", True), ("978-0201", True), ("art graham", False)])
    def test_books_are_found_as_on_the_website(self, admin_client: Client, book: Book, words: str, found: bool) -> None:
        assert (book.isbn in admin_client.get("/admin/library/book/", {"q": words}).content.decode()) is found


@pytest.mark.parametrize("is_terminal", [True, False])
def test_seeding_shows_its_progress_on_a_terminal_only(
    db: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, is_terminal: bool
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: is_terminal)
    call_command("seed", 5)
    assert ("5/5" in capsys.readouterr().err) is is_terminal


def test_seeding_twice_adds_no_book_twice(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("seed", 5)
    call_command("seed", 5)
    assert capsys.readouterr().out.splitlines()[-1] == "The Library has 5 books."
    assert {len(book.isbn) for book in Book.objects.all()} == {13}
