#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A second checker of the record log, written from the comment at the top of audit/ledger.c and from nothing else.

It shares no line with the C code, so that a mistake in either shows as a disagreement; and it proves that the comment
is enough. usage: audit_check.py LOG_FOLDER [COPY_FOLDER]; exit 0 clean, 6 not what was written. Prints one line of JSON.
"""
import base64
import glob
import hashlib
import json
import os
import sqlite3
import struct
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

APPLICATION_ID, USER_VERSION = 0x53746F4C, 1


class Broken(Exception):
    def __init__(self, problem, seq=0):
        super().__init__(problem)
        self.problem, self.seq = problem, seq


def sha(data):
    return hashlib.sha256(data).digest()


class Tree:
    def __init__(self, size=0, edge=b""):
        if len(edge) != 32 * bin(size).count("1"):
            raise Broken("tree state has the wrong number of edges")
        self.size, self.edge = size, [edge[i:i + 32] for i in range(0, len(edge), 32)]

    def append(self, leaf):
        bits = self.size
        while bits & 1:
            leaf = sha(b"\x01" + self.edge.pop() + leaf)
            bits >>= 1
        self.edge.append(leaf)
        self.size += 1

    def root(self):
        if not self.edge:
            return sha(b"")
        total = self.edge[-1]
        for left in reversed(self.edge[:-1]):
            total = sha(b"\x01" + left + total)
        return total

    def __eq__(self, other):
        return (self.size, self.edge) == (other.size, other.edge)


def counted(data):
    return struct.pack("<I", len(data)) + data


def leaf_of(seq, ident, wall_ms, kind, pseudonym, subject, key, details, salt):
    row = (struct.pack("<BQq", 1, seq, wall_ms) + counted(ident) + counted(kind) + counted(pseudonym)
           + counted(subject) + struct.pack("<I", key) + counted(details) + counted(salt))
    return sha(b"\x00" + row)


# ---- checkpoints ----

def read_key(path):
    with open(path, encoding="ascii") as file:
        name, hashed, key = file.read().removesuffix("\n").split("+", 2)
    raw = base64.b64decode(key, validate=True)
    if raw[0] != 1 or len(raw) != 33 or sha(name.encode() + b"\n" + raw)[:4].hex() != hashed:
        raise Broken("checkpoint.pub is damaged")
    return name, raw[1:]


def read_checkpoint(path, name, public):
    with open(path, "rb") as file:
        text = file.read()
    try:
        origin, size, root, empty, *signatures = text.decode().split("\n")
        signed = "\n".join([origin, size, root, ""]).encode()
        number = int(size)
        if origin != name or empty or size != str(number) or os.path.basename(path) != "%020d" % number:
            raise ValueError("form")
        wanted = sha(name.encode() + b"\n\x01" + public)[:4]
        for line in signatures:
            if not line.startswith("\u2014 " + name + " "):
                continue
            blob = base64.b64decode(line.rsplit(" ", 1)[1], validate=True)
            if blob[:4] == wanted and len(blob) == 68:
                Ed25519PublicKey.from_public_bytes(public).verify(blob[4:], signed)
                return number, base64.b64decode(root, validate=True)
        raise ValueError("no signature of ours")
    except (ValueError, InvalidSignature) as error:
        raise Broken("checkpoint %s: %s" % (os.path.basename(path), error or "bad signature")) from error


def read_checkpoints(folder, copy):
    key = read_key(os.path.join(folder, "keys", "checkpoint.pub"))
    if copy and os.path.exists(os.path.join(copy, "checkpoint.pub")):
        if read_key(os.path.join(copy, "checkpoint.pub")) != key:
            raise Broken("the checkpoint key was replaced")
    places = [os.path.join(folder, "checkpoints")] + ([copy] if copy else [])
    found = [read_checkpoint(path, *key) for place in places for path in glob.glob(os.path.join(place, "[0-9]" * 20))]
    return sorted(found)


# ---- the log ----

class Check:
    def __init__(self, checkpoints):
        self.checkpoints, self.next, self.agreed = checkpoints, 0, 0
        self.tree, self.records = None, 0

    def hold(self):
        while self.next < len(self.checkpoints) and self.checkpoints[self.next][0] == self.tree.size:
            if self.checkpoints[self.next][1] != self.tree.root():
                raise Broken("the log is not what was signed", self.agreed + 1)
            self.next += 1
            self.agreed = self.tree.size

    def begin(self, start):
        if self.tree is None:
            self.tree, self.agreed = start, start.size
            while self.next < len(self.checkpoints) and self.checkpoints[self.next][0] < start.size:
                self.next += 1
            self.hold()
        elif self.tree != start:
            raise Broken("two months do not join", self.tree.size + 1)

    def month(self, path):
        db = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
        db.text_factory = bytes
        if db.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise Broken("not a month of a log: " + path)
        if db.execute("PRAGMA user_version").fetchone()[0] != USER_VERSION:
            raise Broken("another version of the format: " + path)
        db.execute("BEGIN")
        state = {at: Tree(size, edge) for at, size, edge in db.execute("SELECT at, size, edge FROM tree")}
        self.begin(state[b"start"])
        for row in db.execute("SELECT seq, id, wall_ms, kind, pseudonym, subject, key, details, salt, leaf"
                              " FROM record ORDER BY seq"):
            if row[0] != self.tree.size + 1:
                raise Broken("a record is missing", self.tree.size + 1)
            leaf = leaf_of(*row[:9])
            if leaf != row[9]:
                raise Broken("a record was changed", row[0])
            self.tree.append(leaf)
            self.records += 1
            self.hold()
        if state[b"now"].size > self.tree.size:
            raise Broken("the tail was cut", self.tree.size + 1)
        if state[b"now"] != self.tree:
            raise Broken("the stored tree is not that of the records")
        db.close()

    def end(self):
        if self.next < len(self.checkpoints):
            raise Broken("the tail was cut", self.tree.size + 1)


def main(folder, copy=None):
    out = {"problem": None, "bad_seq": 0}
    try:
        check = Check(read_checkpoints(folder, copy))
        for path in sorted(glob.glob(os.path.join(folder, "log-[0-9][0-9][0-9][0-9]-[0-9][0-9].db"))):
            check.month(path)
        check.end()
        out.update(records=check.records, checkpoints=len(check.checkpoints), root=check.tree.root().hex())
    except Broken as broken:
        out.update(problem=broken.problem, bad_seq=broken.seq)
    except (sqlite3.DatabaseError, KeyError, struct.error, TypeError) as error:
        out.update(problem="the database file is damaged: %s" % type(error).__name__)
    print(json.dumps(out))
    return 0 if out["problem"] is None else 6


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
