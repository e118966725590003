from pathlib import Path

TEMPLATE = Path(__file__).resolve().parent.parent
