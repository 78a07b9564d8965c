# SPDX-License-Identifier: Apache-2.0
"""What others wait while a plugin does not end: two people post, one after another, to one worker, first alone and then
while a third one's posts send a plugin into an endless loop, again and again.

    STOA_BIN=build/release/bin python3 bench/hostile.py [--seconds 20] [--workers 1]

There are many such plugins, each with its own word, so that none fails five times and rests: with one of them it would be
over after five posts. Ten such posts a second.
"""
import argparse
import json
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "scenario"))
from stoa_test.client import Client  # noqa: E402
from stoa_test.gateway import ROOT, Gateway  # noqa: E402
from stoa_test.origin import Origin, echo  # noqa: E402
from stoa_test.pki import Authority  # noqa: E402

PLUGIN = """return {{ api = 1, name = "bench.endless{0}", version = "1", title = "Endless", permissions = {{ "text.read" }},
  activity = function(a) if a.text == "hostile {0}" then
    while true do pcall(function() while true do end end) end
  end end }}"""
PAUSE, FAILURES = 0.1, 4  # a plugin rests after the fifth
FIELDS = [("Content-Type", "application/json")]


def post(client, text):
    return client.request("POST", "/posts", FIELDS, json.dumps({"text": text}).encode()).status


def opened(gateway, address):
    client = Client(gateway, address)
    client.open("forum.test")
    return client


def measure(gateway, seconds, words):
    """The milliseconds of each exchange of two people; words: what the third one posts, an iterator."""
    took, end, lock = [], time.monotonic() + seconds, threading.Lock()

    def person(address):
        client = opened(gateway, address)
        while time.monotonic() < end:
            began = time.perf_counter()
            assert post(client, "Has anybody tried this with a newer kernel?") == 200
            with lock:
                took.append((time.perf_counter() - began) * 1000)
        client.close()

    threads = [threading.Thread(target=person, args=(address,)) for address in ("127.0.0.2", "127.0.0.3")]
    for thread in threads:
        thread.start()
    posts = 0
    client = opened(gateway, "127.0.0.4")
    while words is not None and time.monotonic() < end:
        assert post(client, next(words)) == 200
        posts += 1
        time.sleep(PAUSE)
    client.close()
    for thread in threads:
        thread.join()
    return sorted(took), posts


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=20)
    options.add_argument("--workers", type=int, default=1)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "own" / "detect").mkdir(parents=True)
        plugins = int(2 * given.seconds / PAUSE / FAILURES) + 1
        words = iter([f"hostile {i}" for i in range(plugins)] * FAILURES)
        for i in range(plugins):
            (folder / "own" / "detect" / f"endless{i}.lua").write_text(PLUGIN.format(i))
        authority = Authority(folder)
        origin = Origin("forum.test", authority.leaf(["forum.test"]), echo)
        policy = ROOT / "tests/scenario/policies/open-tests.policy.yaml"
        with Gateway(folder / "gateway", [origin], [policy], workers=given.workers, trust=authority.path,
                     plugins=[folder / "own"]) as gateway:
            for hostile in (False, True, False, True):
                took, posts = measure(gateway, given.seconds, words if hostile else None)
                at = {share: took[int(len(took) * share)] for share in (0.5, 0.9, 0.99, 0.999)}
                print(f"{'hostile' if hostile else 'alone':8} {len(took):6} posts, {posts:4} endless; ms: "
                      + ", ".join(f"p{share * 100:g} {ms:.2f}" for share, ms in at.items()) + f", most {took[-1]:.2f}",
                      flush=True)
            ended = sum("plugin.failed" in line for line in gateway.log)
            print(f"{ended} runs ended by the watchdog")
        origin.close()


if __name__ == "__main__":
    main()
