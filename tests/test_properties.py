"""Whatever is answered, there is a project that passes every check and shows its name as typed, or there is nothing."""

import ast
import os
import re
import shutil
import subprocess

import pytest
from cookiecutter.exceptions import FailedHookException
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from pytest_cookies.plugin import Cookies

from tests import BIN, TEMPLATE
from tests.combinations import CHOICES, OPTIONS, QUESTIONS

# `make test` tries 300 examples; before a release, EXAMPLES=5000 make test.
EXAMPLES = int(os.environ.get("EXAMPLES", "300"))
pytestmark = pytest.mark.timeout(3 * EXAMPLES)
TROUBLE = [
    *("{{7*7}}", "{% raw %}", "{#", "# %", "%}", "$HOME", "`id`", "</title><script>", "&amp;", "%s", ": #", "--"),
    *("\\", '"', "'", '"""', "\\N{x}", "\\u0041", "*", "_", "[x](y)", "~~", "!", "|", " ", ".", "CON", "a"),
    *("\u200d", "\u0301", "שלום", "中文", "🚀", "👩\u200d💻", "ﬁ", "İ", "\u00a0", "\ufffe"),
    *("\u2028", "\u202e", "\x00", "\n", "\t", "\x7f", "\ud800"),
]

names = st.one_of(
    st.text(max_size=90),
    st.lists(st.sampled_from(TROUBLE), max_size=12).map("".join),
    st.from_regex(r"[A-Za-z][\w' -]{0,60}", fullmatch=True),
)
slugs = st.one_of(
    st.none(),
    st.text(max_size=50),
    st.sampled_from(TROUBLE),
    st.from_regex(r"[a-z][a-z0-9-]{0,45}", fullmatch=True, alphabet=st.characters(codec="ascii")),
)
offered = {name: st.sampled_from(values) for name, values in CHOICES.items()}
options = st.fixed_dictionaries({**offered, **dict.fromkeys(OPTIONS, st.booleans())})


def takes(name):
    """Tell whether that is a name without doubt; there may be others."""
    return name.isprintable() and bool(name.strip()) and len(name) <= 80


def typed(text):
    """Return the answer as Cookiecutter takes it without prompting: as a template, here of nothing but that text."""
    return '{{ "' + text.replace("\\", "\\\\").replace('"', '\\"') + '" }}'


class Oven:
    """Bakes one project after the other into the same folder, which holds nothing but the last one."""

    def __init__(self, folder, config_file):
        self.folder = folder
        self.cookies = Cookies(str(TEMPLATE), self.empty_folder, config_file)

    def empty_folder(self, _):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        return self.folder

    def bake(self, **answers):
        """Return the project, or None where the answers were refused and nothing was left."""
        result = self.cookies.bake(extra_context=answers)
        if result.exception is None:
            return result.project_path
        assert isinstance(result.exception, FailedHookException)
        assert not list(self.folder.iterdir())
        return None


@pytest.fixture(scope="module")
def oven(tmp_path_factory, _cookiecutter_config_file):
    return Oven(tmp_path_factory.mktemp("oven") / "out", _cookiecutter_config_file)


def shown(project):
    """Return the project's name as its settings and its README have it."""
    module = ast.parse((project / "config/settings.py").read_text("utf-8"))
    assigned = {node.targets[0].id: node.value for node in module.body if isinstance(node, ast.Assign)}
    heading = MarkdownIt().parse((project / "README.md").read_text("utf-8"))[1]
    return ast.literal_eval(assigned["PROJECT_NAME"]), "".join(part.content for part in heading.children)


# Each in a class of its own, so that two processes share them (the Makefile gives a class to one).
class TestNames:
    @settings(max_examples=EXAMPLES // 4, deadline=None)
    @given(name=names, options=options)
    def test_any_is_shown_as_typed_or_refused(self, oven, name, options):
        project = oven.bake(project_name=typed(name), project_slug="fine", **options)
        if takes(name):
            assert project
        if project:
            in_settings, in_readme = shown(project)
            assert in_settings == name
            assert in_readme == name.strip()
            for lint in (["check", "--no-cache"], ["format", "--no-cache", "--check"]):
                assert subprocess.run([BIN / "ruff", *lint, "--quiet", project / "config"], check=False).returncode == 0


class TestSlugs:
    @settings(max_examples=EXAMPLES * 3 // 4, deadline=None)
    @given(slug=slugs, name=names, options=options)
    def test_any_names_the_folder_or_is_refused(self, oven, slug, name, options):
        answers = {"project_name": typed(name)} if slug is None else {"project_slug": typed(slug)}
        project = oven.bake(**answers, **options)
        if slug is not None:
            right = re.fullmatch("[a-z][a-z0-9-]{0,38}[a-z0-9]", slug) and "--" not in slug
            assert bool(project) == bool(right and slug not in QUESTIONS["_reserved"])
        elif takes(name) and len(re.findall("[A-Za-z]", name)) > 1 and "&" not in name:  # &amp; is one symbol in a slug
            assert project
        if project:
            assert project.parent == oven.folder
            assert slug in {None, project.name}
