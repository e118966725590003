"""Bars as SVG: a few numbers need no more."""

from html import escape
from pathlib import Path

FOLDER = Path(__file__).parent / "plots"
WIDTH, LINE, LABELS = 720, 24, 260  # pixels: of all, of a bar with its gap, and of what stands before the bars


def bars(name, title, values, unit):
    """Draw values, by their labels, into plots/<name>.svg: one bar each, in the order given, with its number."""
    longest = max(values.values())
    lines = [f'<text x="8" y="20" font-weight="bold">{escape(title)}</text>']
    for place, (label, value) in enumerate(values.items(), 1):
        y, width = 8 + place * LINE, (WIDTH - LABELS - 110) * value / longest
        lines += [
            f'<text x="{LABELS - 8}" y="{y + 14}" text-anchor="end">{escape(str(label))}</text>',
            f'<rect x="{LABELS}" y="{y}" width="{width:.1f}" height="{LINE - 6}" fill="#2f6f9f"/>',
            f'<text x="{LABELS + width + 6:.1f}" y="{y + 14}">{value:.3g} {escape(unit)}</text>',
        ]
    height = 16 + (len(values) + 1) * LINE
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" role="img"'
    style = 'font-family="sans-serif" font-size="13" fill="#222"'
    background = f'<title>{escape(title)}</title>\n<rect width="100%" height="100%" fill="#fff"/>'
    FOLDER.mkdir(exist_ok=True)
    text = "\n".join([f"{head} {style}>", background, *lines, "</svg>\n"])
    (FOLDER / f"{name}.svg").write_text(text, "utf-8")
