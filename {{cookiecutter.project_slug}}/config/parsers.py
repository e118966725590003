"""How the API reads what it is sent."""

import math
from typing import Any

from rest_framework import parsers
from rest_framework.exceptions import ParseError
from rest_framework.utils import json


def finite(text: str) -> float:
    """Return a float; raises ValueError for a number too large for one, which Python would read as infinity."""
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text[:40]} is out of range")
    return number


class JSONParser(parsers.JSONParser):
    """DRF's, which also refuses JSON too deep or numbers too large for Python: RFC 8259, 9, allows such limits."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            return json.loads(stream.read().decode(), parse_float=finite)
        except ValueError as error:
            raise ParseError(f"JSON parse error - {error}") from error
        except RecursionError as error:
            raise ParseError("JSON parse error - nested too deep.") from error
