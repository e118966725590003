"""Run in a generated project: give it each name of the file named, and print what its first page then shows."""

import html
import json
import os
import re
import sys
from pathlib import Path

sys.path.insert(0, ".")
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
os.environ["DATABASE_URL"] = "sqlite://:memory:"

import django

django.setup()

from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from drf_spectacular.views import SpectacularSwaggerView

call_command("migrate", verbosity=0)
shown = []
for name in json.loads(Path(sys.argv[1]).read_text("utf-8")):
    cache.clear()  # so many pages are more than one visitor may see in a minute
    settings.PROJECT_NAME = SpectacularSwaggerView.title = name
    page = Client().get("/", headers={"host": "testserver"}).content.decode()
    assert page.count("<script>") == 0, f"{name} is not escaped"
    title = re.search("<title>(.*?)</title>", page, re.DOTALL)[1]
    shown.append(html.unescape(title).removeprefix("Books · "))
print(json.dumps(shown))
