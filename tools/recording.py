"""Answer the questions in a terminal, and write what it shows as docs/screenshots/terminal.svg."""

import io
import os
import pty
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
COLUMNS = 120


def main():
    with tempfile.TemporaryDirectory() as folder:
        shown = session(folder).replace(folder, "~")
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    console.print("[bold]~$[/] cookiecutter gh:org/drf-docker")
    console.print(Text.from_ansi(shown))
    console.save_svg(str(ROOT / "docs/screenshots/terminal.svg"), title="drf-docker", unique_id="terminal")


def session(folder):
    """Return what Cookiecutter shows to somebody who types a name, and presses Enter at all other questions."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(folder)
        environment = {"PATH": os.environ["PATH"], "HOME": folder, "TERM": "xterm-256color", "COLUMNS": str(COLUMNS)}
        os.execve(sys.executable, [sys.executable, "-m", "cookiecutter", str(ROOT)], environment)
    shown, answer = "", b"Book Shop\n"
    try:
        while read := os.read(terminal, 10_000):
            shown += read.decode()
            if shown.endswith(": "):
                os.write(terminal, answer)
                answer = b"\n"
    except OSError:  # on Linux, the end of a terminal
        pass
    os.waitpid(process, 0)
    return shown.replace("\r", "")


if __name__ == "__main__":
    main()
