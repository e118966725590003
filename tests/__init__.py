import sys
from pathlib import Path

# Where the commands of requirements-dev.txt are.
BIN = Path(sys.executable).parent
TEMPLATE = Path(__file__).resolve().parent.parent
