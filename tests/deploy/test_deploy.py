"""The deployment files, as far as they can be checked without a container engine."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import yaml

from whence.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "deploy/compose.yaml"
DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text()


def test_what_the_image_copies_is_there():
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    paths = [path for line in copied for path in line.split()]
    assert paths
    assert not [path for path in paths if not (ROOT / path).exists()]


def test_the_image_runs_as_nobody_special_and_is_watched():
    assert re.search(r"^USER (?!root)\w+$", DOCKERFILE, re.MULTILINE)
    assert "HEALTHCHECK" in DOCKERFILE


def test_every_variable_is_a_setting():
    compose = yaml.safe_load(COMPOSE.read_text())
    named = set(re.findall(rf"\b{PREFIX}([A-Z0-9_]+)=", DOCKERFILE))
    named |= {name.removeprefix(PREFIX) for name in compose["services"]["whence"]["environment"]}
    assert named
    assert named <= {name.upper() for name in Settings.model_fields}


def test_the_shell_lines_of_compose_parse():
    compose = yaml.safe_load(COMPOSE.read_text())
    (script,) = compose["services"]["whence"]["command"]
    subprocess.run(["sh", "-n", "-c", script], check=True)


def test_docker_reads_the_compose_file_where_it_is_installed():
    """`docker compose config` needs no engine; where there is no client, the file was parsed above."""
    if _has_compose():
        command = ["docker", "compose", "-f", str(COMPOSE), "config", "--quiet"]
        subprocess.run(command, check=True, env={**os.environ, "NEO4J_PASSWORD": "x"})


def _has_compose() -> bool:
    asked = ["docker", "compose", "version"]
    return shutil.which("docker") is not None and not subprocess.run(asked, capture_output=True, check=False).returncode
