"""Keep the backups of the database in a bucket too: README.md, "Keep the data safe"."""

import os
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import storages
from django.core.management.base import BaseCommand, CommandError

# Touched after each round, for the health check.
COPIED = Path("/tmp/copied")  # noqa: S108 - each container has a /tmp of its own
PREFIX = "backups/"


class Command(BaseCommand):
    help = "Copy the backups that are in backups/ but not in the bucket. Nothing is ever deleted from the bucket."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--back", action="store_true", help="copy those that are in the bucket but not in backups/")
        parser.add_argument("--every", type=int, metavar="MINUTES", help="do so again and again")

    def handle(self, *, back: bool, every: int | None, **options: Any) -> None:
        if not settings.BACKUP_BUCKET:
            raise CommandError("Set AWS_STORAGE_BUCKET_NAME: without it, there is no bucket to copy to.")
        storage: Any = storages["default"]
        bucket = storage.connection.Bucket(settings.BACKUP_BUCKET)
        folder = settings.BASE_DIR / "backups"
        while True:
            for name in fetch(bucket, folder) if back else send(bucket, folder):
                self.stdout.write(name)
            COPIED.touch()
            if every is None:
                return
            time.sleep(every * 60)


def send(bucket: Any, folder: Path) -> Iterator[str]:
    there = {item.key for item in bucket.objects.filter(Prefix=PREFIX)}
    for backup in sorted(folder.glob("*.dump")):
        checksum = backup.with_name(f"{backup.name}.sha256")
        # The checksum comes last: with it, the backup is complete. A dump without one is not the project's.
        for file in (backup, checksum) if checksum.is_file() else ():
            if PREFIX + file.name not in there:
                bucket.upload_file(str(file), PREFIX + file.name)
                yield file.name


def fetch(bucket: Any, folder: Path) -> Iterator[str]:
    # Backwards, so that the checksum is here before the backup is.
    for item in sorted(bucket.objects.filter(Prefix=PREFIX), key=lambda item: item.key, reverse=True):
        file = folder / Path(item.key).name
        # Consoles of stores keep a folder as an object of its own, whose key ends with a slash.
        if not (file.exists() or item.key.endswith("/")):
            bucket.download_file(item.key, str(file))
            file.chmod(0o600)
            os.utime(file, (item.last_modified.timestamp(),) * 2)  # or it would pass for a new backup
            yield file.name
