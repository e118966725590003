"""Answer the questions in a terminal, and write what it shows, line by line, as docs/screenshots/terminal.svg."""

import io
import os
import pty
import re
import sys
import tempfile
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
COLUMNS = 120
SECONDS = 0.2  # from one line to the next


def main():
    with tempfile.TemporaryDirectory() as folder:
        shown = session(folder).replace(folder, "~")
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    console.print("[bold]~$[/] cookiecutter gh:org/drf-docker")
    console.print(Text.from_ansi(shown))
    drawn = console.export_svg(title="drf-docker", unique_id="terminal", code_format=without_fonts(CONSOLE_SVG_FORMAT))
    (ROOT / "docs/screenshots/terminal.svg").write_text(played(drawn), "utf-8")


def without_fonts(form):
    """Return it without fonts from elsewhere, which a picture on a page does not get."""
    return re.sub(r" *@font-face \{\{.*?\}\}\n", "", form, flags=re.DOTALL)


def played(drawn):
    """Have the lines appear one after the other, once, for who has nothing against motion."""
    lines = sorted({int(number) for number in re.findall(r'clip-path="url\(#terminal-line-(\d+)\)"', drawn)})
    delays = [
        f'[clip-path="url(#terminal-line-{line})"] {{ animation-delay: {line * SECONDS:.1f}s }}' for line in lines
    ]
    style = "\n".join(
        [
            "@keyframes appear { from { visibility: hidden } }",
            "@media (prefers-reduced-motion: no-preference) {",
            ".terminal-matrix text { animation: appear 1ms backwards }",
            *(f".terminal-matrix {delay}" for delay in delays),
            "}",
        ]
    )
    return drawn.replace("</style>", f"{style}\n    </style>", 1)


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
