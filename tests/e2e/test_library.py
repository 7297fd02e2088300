# SPDX-License-Identifier: MIT
"""The heap of a program with all of the standard library imported: objtop's
snapshot against gc.get_objects(), gc.get_referents(), sys.getsizeof() and
objgraph.typestats() on the same heap, object by object.

What may differ is written down here, with the reason; nothing else may.  On
the oldest, the system's and the newest interpreter, since it is the slowest
of the tests of this kind.
"""

import array
import collections
import gc
import json
import os
import tempfile
import unittest

import harness
import wire_reader
from harness import Target, objtop
from wire_reader import Kind, Name, Object, Unseen

HERE = os.path.dirname(os.path.abspath(__file__))
SYSTEM = "/usr/bin/python3"
TRACKED, ATTRIBUTE, WEAK = 1, 1, 15


def interpreters():
    if not harness.INTERPRETERS:
        return []
    found = [harness.INTERPRETERS[0][1], harness.INTERPRETERS[-1][1]]
    system = os.path.realpath(SYSTEM)
    if system in [path for _, path in harness.INTERPRETERS]:
        found.insert(1, system)
    return list(dict.fromkeys(found))


class Told:
    """What the program itself found: {address: (type, size, tracked, refs)}."""

    def __init__(self, path):
        data = array.array("Q")
        with open(path, "rb") as f:
            data.frombytes(f.read())
        with open(path + ".json") as f:
            told = json.load(f)
        self.typestats = told["typestats"]
        self.names = {int(t): name for t, name in told["names"].items()}
        self.objects, i = {}, 0
        while i < len(data):
            n = i + 5 + data[i + 4]
            self.objects[data[i]] = (data[i + 1], data[i + 2], data[i + 3],
                                     data[i + 5:n])
            i = n

    def name(self, address):
        return self.names[self.objects[address][0]]


class Snapshot:
    def __init__(self, path):
        self.objects, self.kinds, self.names = {}, [], []
        self.unseen, self.twice = [], 0
        for e in wire_reader.events(wire_reader.stream_of(path)):
            if isinstance(e, Object):
                self.twice += e.addr in self.objects
                self.objects[e.addr] = e
            elif isinstance(e, Kind):
                self.kinds.append(e)
            elif isinstance(e, Name):
                self.names.append(e.name)
            elif isinstance(e, Unseen):
                self.unseen.append(e.reason)

    def kind(self, address):
        return self.kinds[self.objects[address].kind]

    def inline_dicts(self):
        """{dict: its instance}."""
        name = self.names.index(b"__dict__")
        return {r.to: o for o in self.objects.values() for r in o.refs
                if r.name_type == 2 and r.name == name and
                r.relation == ATTRIBUTE}


class Library(unittest.TestCase):
    maxDiff = None
    system = False

    def run(self, result=None):
        gc.disable()            # a million tuples, none in a cycle
        try:
            return super().run(result)
        finally:
            gc.enable()

    def test_everything(self):
        pythons = interpreters()
        if len(pythons) < 2:
            self.skipTest("fewer than two interpreters here")
        for python in pythons:
            with self.subTest(python=python), \
                    tempfile.TemporaryDirectory() as tmp:
                self.compare(python, tmp)
        if not self.system:
            self.skipTest("%s has no objgraph or numpy" % SYSTEM)

    def compare(self, python, tmp):
        told_path = os.path.join(tmp, "told")
        self.path = os.path.join(tmp, "x.objtop")
        with open(os.path.join(HERE, "library_heap.py")) as f:
            source = f.read()
        with Target(python, source, [told_path]) as target:
            self.facts = target.facts
            self.assertEqual(self.facts["status"], 0)
            code, _, err = objtop("snapshot", "-o", self.path, target.pid)
            self.assertEqual(code, 0, err)
        told, snapshot = Told(told_path), Snapshot(self.path)
        self.assertGreater(self.facts["modules"], 450)
        self.assertGreater(len(told.objects), 100000)
        self.assertEqual((snapshot.twice, snapshot.unseen), (0, []))
        self.check_objects(told, snapshot)
        self.check_referents(told, snapshot)
        self.check_typestats(told, snapshot)
        self.check_buffers(told, snapshot)
        if python == os.path.realpath(SYSTEM):
            self.system = told.typestats is not None and "ndarray" in \
                self.facts["made"]

    def check_objects(self, told, snapshot):
        """Each is there, with its type, its size, and whether tracked."""
        wrong = collections.Counter()
        sizes = 0
        for address, (kind, size, tracked, _) in told.objects.items():
            o = snapshot.objects.get(address)
            name = told.name(address)
            if o is None:
                wrong["missing", name] += 1
                continue
            sizes += bool(size)
            wrong["type", name] += snapshot.kind(address).addr != kind
            wrong["size", name] += size not in (0, o.bytes)
            wrong["tracked", name] += bool(tracked) != bool(o.flags & TRACKED)
        self.assertEqual(+wrong, {})
        self.assertGreater(sizes, 0.99 * len(told.objects))
        # What is tracked, and what the collector did not tell of.
        more = collections.Counter(
            snapshot.kind(a).name for a, o in snapshot.objects.items()
            if o.flags & TRACKED and a not in told.objects)
        # 3.8 to 3.10: the frames of the program, which the child left out.
        more.pop(b"frame", None)
        self.assertEqual(more, {})

    def check_referents(self, told, snapshot):
        """Each one that gc.get_referents() gives is an edge."""
        newer = tuple(self.facts["version"]) >= (3, 13)
        inline = snapshot.inline_dicts() if newer else {}
        wrong = collections.Counter()
        for address, (_, _, _, referents) in told.objects.items():
            o = snapshot.objects[address]
            left = collections.Counter(referents)
            left.subtract(r.to for r in o.refs if r.relation != WEAK)
            if address in inline:
                # Values that are in the instance are told as its attributes.
                left.subtract(r.to for r in inline[address].refs
                              if r.relation != WEAK)
            left = +left
            if left and self.is_interned(told, snapshot, o, referents):
                continue
            for to, n in left.items():
                wrong[told.name(address), told.name(to)] += n
        self.assertEqual(wrong, {})

    def is_interned(self, told, snapshot, o, referents):
        """The dict of all interned strings, which does not hold them."""
        return (snapshot.kind(o.addr).name == b"dict" and
                len(referents) > 10000 and
                all(told.name(r) == "builtins.str" for r in referents))

    def check_typestats(self, told, snapshot):
        if told.typestats is None:      # no objgraph for this one
            return
        counts = collections.Counter(
            told.names[snapshot.kind(a).addr]
            for a, o in snapshot.objects.items()
            if o.flags & TRACKED)
        self.assertGreater(len(counts), 300)
        self.assertEqual(counts, told.typestats)

    def check_buffers(self, told, snapshot):
        """Who owns a buffer, and who only shows it."""
        made = {name: snapshot.objects[a]
                for name, a in self.facts["made"].items()}
        for name, (bytes_, extra) in {
                "array": (8000, 0), "deque": (8000, 0),
                "OrderedDict": (3000, 0), "bytearray": (10000, 0),
                "mmap": (0, 8192), "ctypes array": (0, 4000),
                "ctypes structure": (0, 800), "ndarray": (40000, 0)}.items():
            if name in made:
                self.assertGreaterEqual(made[name].bytes, bytes_, name)
                self.assertGreaterEqual(made[name].extra, extra, name)
        for name in ("memoryview", "ctypes view", "ndarray view",
                     "ndarray reshaped", "ndarray over bytearray",
                     "ndarray empty", "short deque"):
            if name in made:
                self.assertLess(made[name].bytes, 1000, name)
                self.assertLess(made[name].extra, 1000, name)
        for name, base in (("ndarray view", "ndarray"),
                           ("ndarray reshaped", "ndarray"),
                           ("ctypes view", "bytearray"),
                           ("ndarray over bytearray", "bytearray"),
                           ("memoryview", "bytearray")):
            if name in made:
                self.assertTrue(self.holds(snapshot, made[name],
                                           made[base].addr), name)

    def holds(self, snapshot, o, address, depth=4):
        """Is there a way, over what belongs to the view alone?"""
        to = [r.to for r in o.refs if r.relation != WEAK]
        return address in to or depth > 0 and any(
            self.holds(snapshot, snapshot.objects[t], address, depth - 1)
            for t in to if len(snapshot.objects[t].refs) < 6)


if __name__ == "__main__":
    harness.main()
