# SPDX-License-Identifier: Apache-2.0
"""What files of own data cost: building one of many rows (time, memory, size), loading it, and a word of a text.

    python3 bench/own.py [--rows 10000000] [--bin build/release/bin] [--folder DIR]

The table is made on the way, from a fixed seed, and piped to the builder: no file of it exists. The text is
words of which every twentieth is part of a name in the table; what a word costs is the difference of two scans.
"""
import argparse
import json
import random
import resource
import subprocess
import tempfile
from pathlib import Path

PACK = """pack: own
version: 1.0.0
licence: LicenseRef-bench
rules:
  - id: own.rule
    title: Own
    severity: high
    mask: "[own]"
"""
ROWS = """    find: rows
    rows: { file: own.edm, key: own.key }
    confidence: { base: 90 }
"""
WORDS = """    find: words
    dictionary: { file: own.words }
    confidence: { base: 90 }
"""


def row(number):
    """Names of 30,000 by 300,000 syllables, a number of eleven figures, a day in 25,000."""
    mixed = number * 2654435761 % 2**32
    day = mixed % 25000
    return (f"{mixed * 97 % 10**11:011d},{syllables(mixed % 30000)} {syllables(30000 + mixed // 7 % 300000)},"
            f"{1940 + day // 365}-{1 + day // 31 % 12:02d}-{1 + day % 28:02d}\n")


def syllables(number):
    out = ""
    while True:
        out += "bdfgklmnprst"[number % 12] + "aeiou"[number // 12 % 5]
        number //= 60
        if number == 0:
            return out + "x"


def children():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def build(stoa, folder, rows):
    before = children()[0]
    command = [stoa, "--json", "edm", "build", "--columns", "account:number,name:name,born:date", "--key-file",
               folder / "own.key", "-", "-o", folder / "own.edm"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, text=True) as process:
        process.stdin.write("account,name,born\n")
        for start in range(0, rows, 10000):
            process.stdin.write("".join(row(n) for n in range(start, min(rows, start + 10000))))
        process.stdin.close()
        if process.wait() != 0:
            raise SystemExit("the build failed")
    cpu, peak = children()
    return {"rows": rows, "cpu_s": round(cpu - before, 1), "peak_mib": peak // 1024,
            "size_mib": round((folder / "own.edm").stat().st_size / 2**20)}


def scan(stoa, packs, text):
    """CPU seconds of the best of five."""
    best = None
    for _ in range(5):
        before = children()[0]
        subprocess.run([stoa, "scan", "--packs", packs, text], stdout=subprocess.DEVNULL, check=False)
        cpu = children()[0] - before
        best = cpu if best is None else min(best, cpu)
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--bin", default="build/release/bin")
    parser.add_argument("--folder", default=None)
    options = parser.parse_args()
    stoa = str(Path(options.bin) / "stoa")
    with tempfile.TemporaryDirectory(dir=options.folder) as made:
        folder = Path(made)
        told = build(stoa, folder, options.rows)
        plain = folder / "plain"
        plain.mkdir()
        (plain / "own.pack.yaml").write_text(PACK + WORDS)
        (plain / "own.words").write_text("nothing of the kind\n")
        (folder / "own.pack.yaml").write_text(PACK + ROWS)
        dice = random.Random(1)
        words = [syllables(n) + ("o" if n % 20 else "") for n in range(0, 300000, 97)]
        for name, count in (("empty.txt", 0), ("text.txt", 2_000_000)):
            with open(folder / name, "w") as out:
                for _ in range(0, count, 1000):
                    out.write(" ".join(dice.choice(words) for _ in range(1000)) + ".\n")
        load = scan(stoa, folder, folder / "empty.txt") - scan(stoa, plain, folder / "empty.txt")
        cost = scan(stoa, folder, folder / "text.txt") - scan(stoa, plain, folder / "text.txt") - load
        told |= {"load_ms": round(1000 * load), "word_ns": round(cost / 2_000_000 * 1e9)}
        print(json.dumps(told))


if __name__ == "__main__":
    main()
