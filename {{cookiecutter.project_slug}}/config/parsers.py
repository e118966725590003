"""How the API reads what it is sent."""

from typing import Any

from rest_framework import parsers
from rest_framework.exceptions import ParseError


class JSONParser(parsers.JSONParser):
    """DRF's, which refuses what is nested deeper than Python can follow (RFC 8259, 9) as it does other bad JSON."""

    def parse(self, *arguments: Any, **options: Any) -> Any:
        try:
            return super().parse(*arguments, **options)
        except RecursionError as error:
            raise ParseError("JSON parse error - nested too deep.") from error
