"""The README's first screen works as it is pasted."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.js_client import node
from tests.support.server import ROOT, Server

README = (ROOT / "README.md").read_text()
ADDRESS = "http://127.0.0.1:3000"


def snippet(language: str, holding: str) -> str:
    """The block of the README in ``language`` that holds these words."""
    blocks = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    (found,) = [block for block in blocks if holding in block]
    return str(found)


@pytest.fixture
def listener(server: Server) -> Iterator[subprocess.Popen[str]]:
    script = snippet("js", "new-notification").replace(ADDRESS, server.url)
    command = [node(), "--input-type=module", "--eval", script]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    yield process
    process.kill()
    process.communicate()


def test_the_javascript_snippet_hears_what_the_curl_snippet_causes(
    server: Server, listener: subprocess.Popen[str]
) -> None:
    assert listener.stdout is not None
    joined = [listener.stdout.readline() for _ in range(5)]
    assert "ok: true" in "".join(joined)
    script = snippet("bash", "curl").replace(ADDRESS, server.url)
    subprocess.run(["bash", "-euc", script], check=True, capture_output=True, timeout=30)
    assert listener.stdout.readline() == "Hello: it works\n"


@pytest.mark.parametrize("path", sorted(re.findall(r"\]\(([^)#:]+)\)", README)))
def test_what_the_readme_links_to_exists(path: str) -> None:
    assert Path(ROOT, path).exists()


@pytest.mark.parametrize("target", sorted(set(re.findall(r"(?:^|`)make ([a-z]+)", README, re.MULTILINE))))
def test_the_make_targets_that_the_readme_names_exist(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
