# SPDX-License-Identifier: Apache-2.0
"""The examples of docs/ways-in.md: the daemon's own check reads each configuration, and nft each set of rules."""
import re
import subprocess

import pytest

from stoa_test import ways
from stoa_test.gateway import ROOT, Gateway

PAGE = (ROOT / "docs" / "ways-in.md").read_text()


def blocks(kind):
    return re.findall(rf"```{kind}\n(.*?)```", PAGE, re.S)


def test_the_configurations(tmp_path, authority):
    gateway = Gateway(tmp_path / "gateway", trust=authority.path)
    whole = gateway.config.read_text().replace("test_clock: true", "")
    assert len(blocks("yaml")) == 6
    for block in blocks("yaml"):
        gateway.config.write_text(re.sub(r"listen:\n(?:  .*\n)+", block, whole))
        done = gateway.stoa("check")
        assert done.returncode == 0, block + done.stdout + done.stderr


@pytest.mark.parametrize("way", ["redirect"])
def test_the_rules(way):
    ways.need()
    assert len(blocks("nft")) == 2
    for block in blocks("nft"):
        done = subprocess.run(["nft", "-c", "-f", "-"], input=block, capture_output=True, text=True)
        assert done.returncode == 0, block + done.stderr


@pytest.mark.parametrize("way", ["redirect"])
def test_the_routes(way):
    ways.need()
    for line in "".join(blocks("sh")).splitlines():
        done = subprocess.run(line.split(), capture_output=True, text=True)
        assert done.returncode == 0, line + done.stderr
        subprocess.run([word if word != "add" else "del" for word in line.split()], check=True)
