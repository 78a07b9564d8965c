# SPDX-License-Identifier: Apache-2.0
"""NodeBB and Converse.js from npm, at pinned versions with pinned hashes, made once below the build folder.

A tree is good while its stamp says so; whatever fails leaves no stamp, and the next run begins anew.
"""
import base64
import hashlib
import json
import shutil
import subprocess
from pathlib import Path

from stoa_test.gateway import BIN

HOME = BIN.parent / "third-party"
PACKAGES = {
    "nodebb@1.4.0": "sha512-G/QGMcGx4pg57Pl/ZxAjimHsP4GN/6IwyV22Mha0utPqMs3vD6OTA"
                          "HpYWgXtimrbkbhppFV9RMZ/5MNFQ+tj9w==",
    "converse.js@14.0.0": "sha512-LFUg030jDalV47vI/vyVPqYPZfJYXFbubq8v0cFDe2zXNeeGEk3Up"
                          "0Fj/WTzT6t+6do+cAIToy73eAj7RNDj2Q==",
}
SECONDS = 300  # what one command may take


class Unavailable(Exception):
    """A third-party server cannot be had on this machine; the message says what to do."""


def run(folder, words, advice):
    """A command in folder, within SECONDS; what it printed, or Unavailable with the advice."""
    told = " ".join(words[:3])
    if shutil.which(words[0]) is None:
        raise Unavailable(f"{words[0]} is missing: tools/setup test installs it")
    try:
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{told}: not done after {SECONDS} s; {advice}") from None
    if done.returncode != 0:
        raise Unavailable(f"{told}: exit {done.returncode}; {advice}. It said:\n{(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


def npm(folder, *words):
    """One npm command in folder; npm's own configuration says which registry."""
    return run(folder, ["npm", *words, "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"],
               "is npm's registry reachable?")


def fetch(spec, folder):
    """The package's files in folder/package; refused when they are not the pinned ones."""
    name = json.loads(npm(folder, "pack", spec, "--json"))[0]["filename"]
    archive = folder / name.replace("@", "").replace("/", "-")
    digest = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if digest != PACKAGES[spec]:
        raise Unavailable(f"{spec}: the registry gave something else than what is pinned ({digest})")
    run(folder, ["tar", "xzf", archive.name, "--no-same-owner"], "is the disk full?")
    archive.unlink()
    return folder / "package"


def tree(name, spec, fill, *inputs):
    """HOME/name with what fill(folder) made of the package; made again when an input changed."""
    folder = HOME / name
    wanted = hashlib.sha256(PACKAGES[spec].encode() + b"".join(Path(path).read_bytes() for path in inputs)).hexdigest()
    stamp = folder / "made"
    if stamp.is_file() and stamp.read_text() == wanted:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    fetch(spec, folder)
    fill(folder)
    stamp.write_text(wanted)
    return folder
