# SPDX-License-Identifier: MIT
"""Counts, sizes and paths on real interpreters, through the command line."""

import os
import tempfile
import unittest

import harness
from harness import Target, each_python, objtop, objtop_json

SCENE = """
    import gc, json, sys

    class WithDict:
        def __init__(self, n):
            self.number, self.name = n, "n%d" % n

    class WithSlots:
        __slots__ = ("a", "b")
        def __init__(self, n):
            self.a, self.b = n, None

    class Frozen:
        pass

    class Cyclic:
        def __init__(self):
            self.me = self

    class Hidden:
        pass

    class Sub(dict):
        pass

    def holder():
        hidden = [Hidden() for _ in range(17)]
        def inner():
            return hidden
        return inner

    gc.disable()
    with_dict = [WithDict(n) for n in range(1234)]
    with_slots = [WithSlots(n) for n in range(777)]
    frozen = [Frozen() for _ in range(99)]
    gc.freeze()
    for _ in range(55):
        Cyclic()
    closure = holder()
    subs = [Sub(a=n) for n in range(31)]

    needle = type("Needle", (), {})()
    def keep(x):
        def inside():
            return x
        return inside
    registry = {"jobs": [0, {"first": (None, keep(needle))}]}

    samples = {
        "dict": {str(n): n for n in range(100)}, "list": list(range(1000)),
        "tuple": tuple(range(10)), "str": "x" * 5000, "wide": "\\u20ac" * 300,
        "bytes": b"y" * 4000, "bytearray": bytearray(b"z" * 100),
        "int": 1 << 900, "float": 1.5, "set": set(range(200)),
        "frozenset": frozenset("abc"), "object": object(), "sub": subs[0],
        "function": holder, "type": WithDict, "instance": with_dict[0],
        "slots": with_slots[0], "module": json, "code": holder.__code__,
        "exception": ValueError("x"), "range": range(3),
    }
    facts = {
        "samples": {k: [hex(id(v)), sys.getsizeof(v)]
                    for k, v in samples.items()},
        "needle": hex(id(needle)), "registry": hex(id(registry)),
    }
    del needle
    print(json.dumps(facts), flush=True)
    for line in sys.stdin:
        print("{}", flush=True)
"""

EXPECTED = {"WithDict": 1234, "WithSlots": 777, "Frozen": 99, "Cyclic": 55,
            "Hidden": 17, "Sub": 31, "Needle": 1}


class Counts(unittest.TestCase):
    @each_python
    def test_known_classes_are_counted_exactly(self, python, minor):
        with Target(python, SCENE) as target:
            before = target.threads(), target.fds()
            answer = objtop_json("types", target.pid)
            self.assertEqual(answer["schema"], "objtop/1")
            self.assertEqual(answer["target"]["pid"], target.pid)
            self.assertEqual(answer["target"]["runtime"], "cpython")
            self.assertTrue(answer["target"]["version"].startswith(
                "3.%d." % minor), answer["target"])
            snapshot = answer["snapshot"]
            self.assertGreater(snapshot["pause_us"], 0)
            self.assertGreater(snapshot["objects"], snapshot["tracked"])
            counts = {row["type"]: row["count"] for row in answer["rows"]}
            self.assertEqual({k: counts.get(k) for k in EXPECTED}, EXPECTED)
            self.assertEqual(sum(counts.values()), snapshot["objects"])
            harness.wait_for(lambda: (target.threads(), target.fds()) == before,
                             what="threads and files as before")
            target.ask()

    @each_python
    def test_sizes_are_those_of_getsizeof(self, python, minor):
        with Target(python, SCENE) as target:
            with tempfile.TemporaryDirectory() as tmp:
                path = os.path.join(tmp, "x.objtop")
                code, _, err = objtop("snapshot", "-o", path, target.pid)
                self.assertEqual(code, 0, err)
                for name, (addr, size) in target.facts["samples"].items():
                    row = objtop_json("show", path, addr)["rows"][0]
                    self.assertEqual(row["bytes"], size, (name, row["type"]))
                    self.assertEqual(row["address"], addr)

    @each_python
    def test_file_and_process_agree(self, python, minor):
        with Target(python, SCENE) as target, \
                tempfile.TemporaryDirectory() as tmp:
            path = os.path.join(tmp, "x.objtop")
            self.assertEqual(objtop("snapshot", "-o", path, target.pid)[0], 0)
            live = objtop_json("types", target.pid)["rows"]
            saved = objtop_json("types", path)["rows"]
            pick = lambda rows: {r["type"]: (r["count"], r["bytes"])
                                 for r in rows if r["type"] in EXPECTED}
            self.assertEqual(pick(live), pick(saved))
            target.ask()

    @each_python
    def test_path_names_every_step(self, python, minor):
        with Target(python, SCENE) as target:
            rows = objtop_json("path", target.pid, target.facts["needle"])["rows"]
            first = [r for r in rows if r["chain"] == rows[0]["chain"]]
            types = [r["type"] for r in first]
            edges = [r["edge"] for r in first]
            self.assertIn("__main__", first[0]["root"])
            text = " ".join(edges)
            for label in ("['registry']", "['jobs']", "[1]", "['first']"):
                self.assertIn(label, text)
            self.assertEqual(
                types[-7:], ["dict", "list", "dict", "tuple", "function",
                             "tuple", "cell"][-6:] + ["Needle"], types)
            self.assertTrue(all(edges[1:]), edges)

    @each_python
    def test_garbage_has_no_path(self, python, minor):
        with Target(python, SCENE) as target:
            code, out, err = objtop("path", target.pid, "Cyclic#0")
            self.assertEqual(code, 0, err)
            self.assertIn("garbage", (out + err).lower())

    @each_python
    def test_pictures(self, python, minor):
        with Target(python, SCENE) as target, \
                tempfile.TemporaryDirectory() as tmp:
            path = os.path.join(tmp, "x.objtop")
            self.assertEqual(objtop("snapshot", "-o", path, target.pid)[0], 0)
            magic = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF",
                     "dot": b"digraph"}
            for ext, start in magic.items():
                out = os.path.join(tmp, "p." + ext)
                code, _, err = objtop("backrefs", path,
                                      target.facts["needle"], "-o", out)
                self.assertEqual(code, 0, err)
                with open(out, "rb") as picture:
                    self.assertTrue(picture.read().startswith(start), ext)
            with open(os.path.join(tmp, "p.svg")) as svg:
                text = svg.read()
            self.assertIn("Needle", text)
            self.assertIn("cell", text)


if __name__ == "__main__":
    harness.main()
