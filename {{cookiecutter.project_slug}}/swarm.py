"""Print compose.production.yaml as `docker stack deploy` takes it. README.md, "On several machines", has the commands.

What `docker stack` does not know is translated, or left out if Swarm has no equivalent.
"""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

CONFIG = "docker compose --file compose.production.yaml config --format json"
NOT_FOR_SWARM = {"build", "profiles", "pull_policy", "restart", "security_opt"}
# Swarm starts everything at once: what has to start after the migrations waits for them itself, until told to stop.
AFTER_MIGRATIONS = """
trap exit TERM
until python manage.py migrate --check > /dev/null 2>&1; do sleep 1; done
exec "$$@"
"""


def main() -> None:
    result = subprocess.run(CONFIG.split(), check=False, stdout=subprocess.PIPE, text=True)  # noqa: S603 - a constant
    if result.returncode:
        sys.exit(result.returncode)
    stack = json.loads(result.stdout)
    for service in stack["services"].values():
        change(service)
    stack["services"]["migrate"]["deploy"] |= {
        "mode": "replicated-job",
        "restart_policy": {"condition": "on-failure", "max_attempts": 5},  # the database may be starting as well
    }
    # % for feature in cookiecutter.__chosen.split()
    # % include "features/" ~ feature ~ "/swarm.py.services" ignore missing
    # % endfor
    for kind in ("configs", "secrets"):
        for name, entry in stack[kind].items():
            # Swarm cannot change one of these: new content needs a new name, of 64 characters at most.
            content = f"{stack['name']} {name} ".encode() + Path(entry["file"]).read_bytes()
            entry["name"] = f"{name}_{hashlib.sha256(content).hexdigest()[:12]}"
    del stack["name"]
    print(json.dumps(stack, indent=2))


def change(service: dict[str, Any]) -> None:
    waits = "migrate" in service.pop("depends_on", {})
    for key in list(service):
        if key in NOT_FOR_SWARM or service[key] is None:
            del service[key]
    if waits:
        service["command"] = ["sh", "-c", AFTER_MIGRATIONS, "sh", *service["command"]]
        service.setdefault("healthcheck", {})["start_period"] = "5m"

    deploy = service.setdefault("deploy", {})
    if waits:  # the old container runs until the new one is healthy
        deploy["update_config"] = {"order": "start-first", "failure_action": "rollback"}
    deploy["endpoint_mode"] = "dnsrr"  # a name resolves to all its containers, and idle connections are not cut
    if limits := deploy.get("resources", {}).get("limits"):
        limits["cpus"] = str(limits["cpus"])
    if service.setdefault("volumes", []):
        deploy["placement"] = {"constraints": ["node.labels.data == true"]}
    in_memory = {place.partition(":")[0]: 128 * 2**20 for place in service.pop("tmpfs", [])}
    if size := service.pop("shm_size", None):
        in_memory["/dev/shm"] = int(size)  # noqa: S108 - where PostgreSQL's processes share memory
    for target, size in in_memory.items():
        service["volumes"].append({"type": "tmpfs", "target": target, "tmpfs": {"size": size}})
    for port in service.get("ports", []):
        port |= {"published": int(port["published"]), "mode": "host"}


if __name__ == "__main__":
    main()
