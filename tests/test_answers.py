"""Which answers are taken, and what becomes of the others."""

import ast
import json
from types import SimpleNamespace

import pytest

from tests import TEMPLATE, cookiecutter


def generate(folder, **answers):
    typed = [f"{name}={value}" for name, value in answers.items()]
    return cookiecutter("--no-input", "--output-dir", folder, *typed, home=folder.parent, cwd=folder)


SLUGS = ["", "My API", "-x", "x-", "con", "a/b", "/tmp/x", "..", "x" * 300, "a", "1st", "a--b", "a_b", "ä-api", "com1"]


@pytest.mark.parametrize("slug", SLUGS)
def test_a_slug_that_cannot_be_a_host_name_is_refused_in_one_line(tmp_path, slug):
    result = generate(tmp_path, project_slug=slug)
    assert result.returncode == 1
    assert result.stderr.startswith(f"project_slug {slug!r}: a slug has 2 to 40 lower-case letters")
    assert len(result.stderr.splitlines()) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("slug", "suggestion"),
    [
        ("My API", "my-api"),
        ("1st", "st"),
        ("nul", "nul-api"),
        ("con", "con-api"),
        ("", "my-api"),
        ("a/b", "a-b"),
        ("x" * 300, "x" * 36),
    ],
)
def test_the_refusal_suggests_a_slug_that_would_do(tmp_path, slug, suggestion):
    assert f"{suggestion!r} would do." in generate(tmp_path, project_slug=slug).stderr
    assert generate(tmp_path, project_slug=suggestion).returncode == 0


@pytest.mark.parametrize(
    ("name", "slug"), [("CON", "con-api"), ("nul", "nul-api"), ("Com1", "com1-api"), ("7", "api-7"), ("x", "api-x")]
)
def test_a_name_that_is_no_slug_becomes_one(tmp_path, name, slug):
    assert generate(tmp_path, project_name=name).returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == [slug]


@pytest.mark.parametrize("name", ["!!!", "🚀"])
def test_a_name_that_leaves_no_slug_needs_one_beside_it(tmp_path, name):
    result = generate(tmp_path, project_name=name)
    assert result.returncode == 1
    assert result.stderr == f"project_name {name!r}: leaves no slug; answer project_slug too.\n"
    assert generate(tmp_path, project_name=name, project_slug="fine").returncode == 0


@pytest.mark.parametrize(
    "name",
    ["", "   ", "x" * 81, "two\nlines", "bell\a", "turned \u202e round", "zero\u200bwidth", "\u00ad", " \u2060\u200d"],
)
def test_what_is_not_a_line_of_text_is_no_name(tmp_path, name):
    result = generate(tmp_path, project_name=name, project_slug="fine")
    assert result.returncode == 1
    assert result.stderr.startswith(f"project_name {name!r}: a name is one line of 1 to 80 visible characters")
    assert not list(tmp_path.iterdir())


def test_the_index_is_no_question(tmp_path):
    result = generate(tmp_path, _index="x")
    assert result.returncode == 1
    assert result.stderr == "_index 'x': leave it out; a project's README says how to use a mirror.\n"
    assert not list(tmp_path.iterdir())


def test_all_wrong_answers_are_reported_together(tmp_path):
    lines = generate(tmp_path, project_name=" ", project_slug="-").stderr.splitlines()
    assert [line.split()[0] for line in lines] == ["project_name", "project_slug"]


def test_an_existing_folder_is_never_touched(tmp_path):
    (tmp_path / "my-api").mkdir()
    (tmp_path / "my-api/precious").write_text("mine")
    result = generate(tmp_path)
    assert result.returncode == 1
    assert "already exists" in result.stdout
    assert [path.name for path in (tmp_path / "my-api").iterdir()] == ["precious"]


def test_generating_over_a_project_on_purpose_keeps_its_environment(cookies, tmp_path):
    project = cookies.bake().project_path
    (project / ".env").write_text("MINE=1\n")
    arguments = ("--no-input", "--overwrite-if-exists", "--output-dir", project.parent)
    assert cookiecutter(*arguments, home=tmp_path).returncode == 0
    assert (project / ".env").read_text() == "MINE=1\n"


@pytest.mark.parametrize("name", ['Say "hello"', "Back\\slash", "O'Reilly & <Sons>", "50 % $HOME: #1", "Ünï 日本 🚀"])
def test_a_name_is_shown_as_typed(bake, name):
    namespace = {}
    settings = (bake(project_name=name) / "config/settings.py").read_text("utf-8")
    exec(next(line for line in settings.splitlines() if line.startswith("PROJECT_NAME")), namespace)
    assert namespace["PROJECT_NAME"] == name


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Return what Cookiecutter keeps of the default answers, to replay them."""
    folder = tmp_path_factory.mktemp("recorded")
    assert cookiecutter("--no-input", "--output-dir", folder, home=folder).returncode == 0
    [file] = (folder / ".cookiecutter_replay").iterdir()
    return json.loads(file.read_text())


@pytest.fixture
def replay(recorded, tmp_path):
    """Return a function that replays the default answers with these in their place, as from a file edited by hand."""

    def replayed(**answers):
        content = {**recorded, "cookiecutter": recorded["cookiecutter"] | answers}
        (tmp_path / "edited.json").write_text(json.dumps(content))
        (tmp_path / "out").mkdir()
        arguments = ("--output-dir", tmp_path / "out", "--replay-file", tmp_path / "edited.json")
        return cookiecutter(*arguments, home=tmp_path)

    return replayed


@pytest.mark.parametrize(
    ("answers", "line"),
    [
        ({"pyhton_version": "3.13"}, "unknown answer 'pyhton_version': did you mean 'python_version'?"),
        ({"python_version": "2.7"}, "python_version '2.7': choose one of 3.14, 3.13, 3.12."),
        ({"library": "maybe"}, "library 'maybe': answer true or false."),
        ({"celery": True}, "redis False: answer true; celery needs it."),
        ({"project_slug": "My API"}, "project_slug 'My API': a slug has 2 to 40 lower-case letters"),
        ({"project_name": "\n"}, "project_name '\\n': a name is one line"),
        ({"project_name": ["My", "API"]}, "project_name ['My', 'API']: a name is one line"),
        ({"_index": "x"}, "_index 'x': leave it out"),
        ({"jwt": True}, "__chosen 'library ci/github license/MIT ': write 'library jwt ci/github license/MIT' there"),
    ],
)
def test_a_replay_file_is_checked_like_typed_answers(replay, tmp_path, answers, line):
    result = replay(**answers)
    assert result.returncode == 1
    assert result.stderr.startswith(line)
    assert not list((tmp_path / "out").iterdir())


def test_a_replay_file_that_says_what_follows_from_its_answers_is_taken(replay, tmp_path):
    assert replay(jwt=True, __chosen="library jwt ci/github license/MIT").returncode == 0
    assert (tmp_path / "out/my-api/users/jwt").is_dir()


@pytest.fixture
def configured(tmp_path):
    """Return a function that generates with these answers as the defaults of a configuration file."""

    def generated(**answers):
        (tmp_path / "answers.yaml").write_text(json.dumps({"default_context": answers}))
        (tmp_path / "out").mkdir()
        arguments = ("--no-input", "--output-dir", tmp_path / "out", "--config-file", tmp_path / "answers.yaml")
        return cookiecutter(*arguments, home=tmp_path)

    return generated


def test_a_configuration_file_may_answer(configured, tmp_path):
    assert configured(project_name="Ours", project_slug="theirs", python_version="3.12").returncode == 0
    assert 'PROJECT_NAME = "Ours"' in (tmp_path / "out/theirs/config/settings.py").read_text()
    assert 'python_version = "3.12"' in (tmp_path / "out/theirs/Pipfile").read_text()


def test_a_wrong_slug_of_a_configuration_file_is_refused(configured, tmp_path):
    assert configured(project_slug="My API").stderr.startswith("project_slug 'My API': a slug has 2 to 40")
    assert not list((tmp_path / "out").iterdir())


def test_a_wrong_choice_of_a_configuration_file_is_named_and_the_default_taken(configured, tmp_path):
    assert "Invalid default received: 2.7 provided for choice variable python_version" in " ".join(
        configured(python_version="2.7").stderr.split()
    )
    assert 'python_version = "3.14"' in (tmp_path / "out/my-api/Pipfile").read_text()


def test_a_python_that_is_too_old_is_named():
    source = (TEMPLATE / "hooks/pre_gen_project.py").read_text("utf-8")
    module = ast.parse(source, feature_version=(3, 10))  # which has to be able to read it
    [check] = [node for node in module.body if getattr(node, "name", "") == "python_is_recent"]
    said = {}
    for version in [(3, 10), (3, 11)]:
        names = {"sys": SimpleNamespace(version_info=version)}
        exec(compile(ast.Module([check], []), "hook", "exec"), names)
        said[version] = list(names["python_is_recent"]({}))
    assert said == {
        (3, 10): ["Cookiecutter runs on Python 3.10; this template needs 3.11 or newer."],
        (3, 11): [],
    }


def test_the_choices_that_the_hook_knows_are_those_that_are_asked(answers):
    asked = {name: choices for name, choices in answers.items() if isinstance(choices, list) and name[0] != "_"}
    assert answers["_choices"] == asked


@pytest.mark.parametrize("name", ["{{7*7}}", "{% raw %}", "# %", "{# no #}", "</title><script>", "  .dots ", "%s: #"])
def test_a_name_may_look_like_a_template(tmp_path, name):
    typed = f"{name}\n\nfine\n" + "\n" * 20  # Enter to every option
    result = cookiecutter("--output-dir", tmp_path, home=tmp_path, input=typed)
    assert result.returncode == 0, result.stderr
    assert f"PROJECT_NAME = {json.dumps(name.strip())}" in (tmp_path / "fine/config/settings.py").read_text()
