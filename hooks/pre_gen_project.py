"""Refuse answers that cannot become a project: all at once, a line each."""

import contextlib
import os
from pathlib import Path

# Cookiecutter takes away what it made where a hook fails, but not where it is interrupted or killed, or stopped by a
# fault of the template or a full disk. So a shell waits outside, ten minutes at most, and takes the folder away if it
# still has its .unfinished when Cookiecutter and post_gen_project.py, which adds itself to that file, are both gone.
# There is no such shell on Windows.
WATCH = r"""
cd /
{ tr '\0' ' ' < "/proc/$2/cmdline" || ps -o args= -p "$2"; } | grep -q -e --keep-project-on-failure && exit
while [ $((tenths += 1)) -lt 6000 ] && { read -r made; read -r hook; [ "$made" = "$2" ]; } < "$1/.unfinished"; do
    kill -0 "$made" || kill -0 "${hook:-$made}" || { chmod -R u+w "$1"; rm -rf "$1"; }
    sleep 0.1
done
"""


def watch(folder):
    """Mark a folder that this run has made, which is empty. What is in any other is never taken away."""
    marker = folder / ".unfinished"
    try:
        if any(folder.iterdir()):
            raise FileExistsError
        file = marker.open("x")
    except FileExistsError:  # of two runs at once, too
        marker.unlink(missing_ok=True)
        return
    with file:
        # Who is an orphan already has a parent of another group, and is the last to work here.
        cookiecutter = os.getppid() if os.getpgid(os.getppid()) == os.getpgrp() else os.getpid()
        file.write(f"{cookiecutter}\n")
    nowhere = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
    command = ["sh", "-c", WATCH, "sh", str(folder), str(cookiecutter)]
    os.posix_spawnp("sh", command, os.environ, file_actions=nowhere, setsid=True)


# Before the other imports: Ctrl-C may come during them. Where nobody can watch, a project is made all the same.
with contextlib.suppress(AttributeError, NotImplementedError, OSError):
    watch(Path.cwd())

import difflib
import json
import re
import shutil
import sys
import unicodedata

# In JSON a quote within an answer has a backslash before it, which keeps it from ending this text too.
ANSWERS = json.loads(r"""{{ cookiecutter | tojson }}""")

# Folders that Windows cannot have, whatever follows a dot (learn.microsoft.com, "Naming Files, Paths, and Namespaces").
RESERVED = ANSWERS["_reserved"]

# Control characters, lone surrogates and line breaks; then what makes a source show something other than it says: marks
# that turn the direction of text (CVE-2021-42574), the zero-width space and the byte order mark.
CONTROL = {"Cc", "Cs", "Zl", "Zp"}
INVISIBLE = {*map(chr, [*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200B, 0xFEFF])}


def python_is_recent(answers):
    if sys.version_info < (3, 11):  # noqa: UP036 - Cookiecutter itself runs on 3.10
        yield "Cookiecutter runs on Python {}.{}; this template needs 3.11 or newer.".format(*sys.version_info)


def cookiecutter_is_recent(answers):
    """One that is older than 2.2 has made a text of every boolean, but for those that cookiecutter.json has set."""
    texts = [name for name in answers["_features"] if isinstance(answers[name], str)]
    if {*texts, *answers["_needs"].values()} == {*answers["_features"]}:
        yield "This Cookiecutter is too old; take 2.6 or newer: `pipx run cookiecutter`."


def answers_are_asked_for(answers):
    """A replay file may hold anything. (Of the command line's unknown names, Cookiecutter tells its hooks nothing.)"""
    questions = ["project_name", "project_slug", *answers["_choices"], *answers["_features"]]
    for name in answers:
        if not name.startswith("_") and name not in questions:
            nearest = difflib.get_close_matches(name, questions, n=1, cutoff=0)[0]
            yield f"unknown answer {name!r}: did you mean {nearest!r}?"


def choices_are_offered(answers):
    for name, offered in answers["_choices"].items():
        if answers[name] not in offered:
            yield f"{name} {answers[name]!r}: choose one of {', '.join(offered)}."
    for name in answers["_features"]:
        if not isinstance(answers[name], bool):
            yield f"{name} {answers[name]!r}: answer true or false."


def what_is_needed_is_chosen(answers):
    """Cookiecutter.json adds what an option needs to the answers, but not to those of a replay file."""
    for option, needed in answers["_needs"].items():
        if answers[option] and not answers[needed]:
            yield f"{needed} {answers[needed]!r}: answer true; {option} needs it."


def chosen_is_what_was_answered(answers):
    """A replay file that was edited may keep what followed from its former answers."""
    chosen = [name for name in answers["_features"] if answers[name]]
    chosen += [f"{one}/{other}" for one, other in answers["_pairs"] if answers[one] and answers[other]]
    chosen += [f"{name}/{answers[name]}" for name in answers["_choices"] if name != "python_version"]
    if answers["__chosen"].split() != chosen:
        yield f"__chosen {answers['__chosen']!r}: write {' '.join(chosen)!r} there, as the other answers have it."


def name_is_a_line_of_text(answers):
    name = answers["project_name"]
    unseen = [
        character for character in str(name) if character in INVISIBLE or unicodedata.category(character) in CONTROL
    ]
    # There are characters that show nothing, and are no spaces: the soft hyphen for one.
    seen = [character for character in str(name) if unicodedata.category(character)[0] not in "CZ"]
    if not isinstance(name, str) or not seen or len(name) > 80 or unseen:
        yield f"project_name {name!r}: a name is one line of 1 to 80 visible characters, not all of them spaces."


def slug_is_a_host_name(answers):
    # cookiecutter.json puts _ for what would not be safe as a folder.
    slug = str(answers["__asked_slug"] if answers["project_slug"] == "_" else answers["project_slug"])
    if slug == "api-":  # what cookiecutter.json makes of a name of nothing but symbols
        yield f"project_name {answers['project_name']!r}: leaves no slug; answer project_slug too."
    elif not re.fullmatch(r"[a-z]([a-z0-9]|-(?!-)){0,38}[a-z0-9]", slug) or slug in RESERVED:
        yield (
            f"project_slug {slug!r}: a slug has 2 to 40 lower-case letters, digits and single hyphens, begins with a "
            f"letter, ends with no hyphen, and is no name that Windows reserves; {suggestion(slug)!r} would do."
        )


def suggestion(slug):
    words = re.findall(r"[a-z0-9]+", unicodedata.normalize("NFKD", slug).lower())
    plain = re.sub(r"^[0-9-]+", "", "-".join(words))[:36].strip("-")
    return plain if len(plain) > 1 and plain not in RESERVED else f"{plain or 'my'}-api"


def index_is_the_templates(answers):
    """Cookiecutter takes it from the command line, although it is no question."""
    if answers["_index"] != "pypi":
        yield f"_index {answers['_index']!r}: leave it out; a project's README says how to use a mirror."


def nothing_of_the_owner_is_in_the_way(answers):
    """In a folder that was there: features/ is the template's own while a project is made, and goes at its end."""
    module = Path("config/__init__.py")
    without_hooks = module.is_file() and "without its hooks" in module.read_text("utf-8", "replace")
    if Path("features").exists() and not without_hooks:
        yield "There is a folder features/ here, which the template would take away: move yours elsewhere meanwhile."


def there_is_room(answers):
    disk = os.statvfs(".") if hasattr(os, "statvfs") else None
    # Some file systems do not count their files.
    if shutil.disk_usage(".").free < 2_000_000 or (disk and disk.f_files and disk.f_favail < 600):
        yield "There is no room here: a project takes 1 MB and 200 files, and up to three times that while it is made."


VALIDATORS = (
    python_is_recent,
    answers_are_asked_for,
    choices_are_offered,
    what_is_needed_is_chosen,
    chosen_is_what_was_answered,
    name_is_a_line_of_text,
    slug_is_a_host_name,
    index_is_the_templates,
    nothing_of_the_owner_is_in_the_way,
    there_is_room,
)

refusals = [*cookiecutter_is_recent(ANSWERS)]
if refusals := refusals or [refusal for validator in VALIDATORS for refusal in validator(ANSWERS)]:
    # Cookiecutter takes away the folder if it has made it.
    Path(".unfinished").unlink(missing_ok=True)
    sys.exit("\n".join(refusals))
