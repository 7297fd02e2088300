# SPDX-License-Identifier: MIT
"""Exports are read by others' eyes: a parser and dominators of our own for
Chrome's format, the standard library's readers for the rest."""

import contextlib
import csv
import json
import os
import shutil
import stat
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

import harness
from harness import Target, objtop, objtop_json
from heapsnapshot import ROOT, HeapSnapshot
from openmetrics import parse

SCENE = r"""
    import gc, json, sys, weakref
    gc.disable()
    class Session:
        def __init__(self, n):
            self.token, self.cart, self.me = "tok%d" % n, [n, {}], self
    class Slotted:
        __slots__ = "left", "__weakref__"
    EVIL = 'x"<&>\x1b[31m\u202e\u2028\n]]>' + "\ud83d\ude00" + "y" * 5000
    Evil = type(EVIL.encode("utf-16", "surrogatepass").decode("utf-16"),
                (), {})
    cache = {"s%d" % n: Session(n) for n in range(50)}
    evil = Evil()
    evil.__dict__['k"<&\x1b\n'] = [EVIL[:40]]
    slotted = Slotted()
    slotted.left = bytearray(12345)
    watch = weakref.WeakValueDictionary(one=cache["s1"])
    def waste():
        one, two = Session(1000), Session(1001)
        one.peer, two.peer = two, one
        one.cache, one.big = cache, bytearray(100000)
    waste()
    print(json.dumps({"slotted": hex(id(slotted)), "cache": hex(id(cache)),
                      "evil": hex(id(evil))}), flush=True)
    for line in sys.stdin:
        print("{}", flush=True)
"""


@contextlib.contextmanager
def scene(python, *args):
    """A program, its heap in a file, and a place for exports."""
    with Target(python, SCENE) as target, \
            tempfile.TemporaryDirectory() as tmp:
        path = os.path.join(tmp, "x.objtop")
        code, _, err = objtop("snapshot", "-o", path, target.pid, *args)
        assert code == 0, err
        yield target, path, tmp


def export(source, tmp, fmt, *args):
    path = os.path.join(tmp, "out." + fmt)
    code, out, err = objtop("export", "--format", fmt, source, "-o", path,
                            *args)
    assert code == 0 and out == "", (code, out, err)
    assert not os.path.exists(path + ".part")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    return path


def objects(path, columns):
    """Rows of the table `objects`, in address order."""
    return objtop_json("sql", "-n", "0", path, "SELECT %s FROM objects "
                       "ORDER BY address" % columns)["rows"]


class HeapSnapshots(unittest.TestCase):
    def first_object(self, snap, rows):
        """Objects stand one behind the other, in address order."""
        first = next(i for i, t in enumerate(snap.types) if t != "synthetic")
        got = [(snap.sizes[first + i], snap.names[first + i])
               for i in range(len(rows))]
        want = [(r["bytes"] + r.get("extra", 0), r["type"]) for r in rows]
        for (size, name), (want_size, kind) in zip(got, want):
            self.assertEqual(size, want_size)
            if kind != "str" and len(kind) < 100:
                self.assertEqual(name, kind)
        return first

    def test_same_as_the_commands(self):
        with scene(harness.NATIVE[0][1]) as (target, path, tmp):
            snap = HeapSnapshot(export(path, tmp, "heapsnapshot"))
            rows = objects(path, "address, type, bytes, extra, text")
            first = self.first_object(snap, rows)
            at = {r["address"]: first + i
                  for i, r in enumerate(rows)}
            # the chain by which people get to an object
            gc_roots = snap.child(ROOT, "(GC roots)")
            main = snap.child(snap.child(gc_roots, "(modules)"),
                              "module __main__")
            self.assertEqual(snap.types[main], "object")
            slotted = at[target.facts["slotted"]]
            self.assertEqual([(k, n, snap.names[t]) for k, n, t in
                              snap.edges[slotted] if k == "property"],
                             [("property", "left", "bytearray")])
            cache = at[target.facts["cache"]]
            self.assertIn(("property", "['s7']", "Session"),
                          [(k, n, snap.names[t])
                           for k, n, t in snap.edges[cache]])
            self.assertIn("tok7", [snap.names[i] for i, t in
                                   enumerate(snap.types) if t == "string"])
            self.assertEqual(set(snap.types[:first]), {"synthetic"})
            for text in snap.strings:
                self.assertTrue(len(text) <= 240 and text.isprintable() or
                                not text, text)

    def test_retained_sizes(self):
        """Dominators of the file, computed in the plain way, are objtop's."""
        with scene(harness.NATIVE[-1][1]) as (_, path, tmp):
            snap = HeapSnapshot(export(path, tmp, "heapsnapshot"))
            rows = objects(path, "address, type, bytes, extra")
            first = self.first_object(snap, rows)
            place = {r["address"]: first + i
                     for i, r in enumerate(rows)}
            got = snap.retained()
            self.assertNotIn(None, got[first:])
            seen = 0
            for row in objtop_json("retained", "-n", "0", path)["rows"]:
                if "address" in row:
                    seen += 1
                    self.assertEqual(got[place[row["address"]]],
                                     row["retained"], row)
            self.assertEqual(seen, len(rows))
            garbage = snap.child(ROOT, "(garbage)")
            self.assertGreater(got[garbage], 100000)
            self.assertEqual(got[ROOT], sum(snap.sizes))

    def test_redacted(self):
        with scene(harness.NATIVE[0][1]) as (target, path, tmp):
            for source in path, target.pid:
                snap = HeapSnapshot(export(source, tmp, "heapsnapshot",
                                           "--redact"))
                self.assertEqual({n for n, t in zip(snap.names, snap.types)
                                  if t == "string"}, {"(text left out)"})
                self.assertNotIn("tok7", snap.strings)


class Others(unittest.TestCase):
    """The same heap in each format, read back, and held against `sql`."""

    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.target, cls.path, cls.tmp = cls.stack.enter_context(
            scene(harness.NATIVE[-1][1]))
        cls.rows = objects(cls.path, "address, type, bytes, text")
        cls.refs = objtop_json(
            "sql", "-n", "0", cls.path,
            "SELECT source, target, relation, edge FROM refs")["rows"]
        cls.retained = {
            r["address"]: r["retained"] for r in objtop_json(
                "retained", "-n", "0", cls.path)["rows"] if "address" in r}

    @classmethod
    def tearDownClass(cls):
        cls.stack.close()

    def safe(self, text):
        self.assertLessEqual(len(text), 240)
        self.assertTrue(text.isprintable(), repr(text))
        return text

    def check(self, got):
        """got: address -> (type, bytes, retained)."""
        self.assertEqual(set(got), {r["address"] for r in self.rows})
        for row in self.rows:
            kind, size, retained = got[row["address"]]
            if len(kind) < 230:
                self.assertEqual(kind, row["type"])
            self.assertEqual(size, row["bytes"])
            self.assertEqual(retained, self.retained[row["address"]])

    def check_refs(self, got):
        """got: (source, target, relation, edge) of objects' references."""
        self.assertEqual(sorted(got), sorted(
            (r["source"], r["target"], r["relation"], r["edge"])
            for r in self.refs if "source" in r))

    def test_csv(self):
        with open(export(self.path, self.tmp, "csv"), newline="") as file:
            lines = list(csv.DictReader(file, strict=True))
        for line in lines:
            for field in line.values():
                self.safe(field)
        self.check({r["address"]: (r["type"], int(r["bytes"]),
                                   int(r["retained"])) for r in lines})
        self.assertIn("'tok7'", [r["text"] for r in lines])

    def test_refs(self):
        with open(export(self.path, self.tmp, "refs"), newline="") as file:
            lines = list(csv.DictReader(file, strict=True))
        self.check_refs([(r["source"], r["target"], r["relation"], r["edge"])
                         for r in lines if r["source"]])
        self.assertIn("module __main__", {r["root"] for r in lines})

    def test_jsonl(self):
        with open(export(self.path, self.tmp, "jsonl")) as file:
            first, *lines = [json.loads(line) for line in file]
        self.assertEqual(first["snapshot"]["objects"], len(self.rows))
        self.check({r["address"]: (r["type"], r["bytes"], r["retained"])
                    for r in lines if "address" in r})
        self.check_refs([(r["address"], ref["to"], ref["relation"],
                          ref["edge"])
                         for r in lines if "address" in r for ref in r["refs"]])
        roots = {r["root"]: r["retained"] for r in lines if "root" in r}
        self.assertIn("module __main__", roots)
        self.assertGreater(max(roots.values()), 0)

    def test_graphml(self):
        path = export(self.path, self.tmp, "graphml")
        space = "{http://graphml.graphdrawing.org/xmlns}"
        top = xml.etree.ElementTree.parse(path).getroot()
        names = {k.get("id"): k.get("attr.name")
                 for k in top.iter(space + "key")}
        data = lambda e: {names[d.get("key")]: d.text or ""
                          for d in e.iter(space + "data")}
        nodes = {n.get("id"): data(n) for n in top.iter(space + "node")}
        for node in nodes.values():
            for text in node.values():
                self.safe(text)
        self.check({n["address"]: (n["type"], int(n["bytes"]),
                                   int(n["retained"]))
                    for n in nodes.values() if "address" in n})
        refs = []
        for edge in top.iter(space + "edge"):
            source = nodes[edge.get("source")].get("address")
            if source:
                said = data(edge)
                refs.append((source, nodes[edge.get("target")]["address"],
                             said["relation"], said["edge"]))
        self.check_refs(refs)
        if shutil.which("xmllint"):
            subprocess.run(["xmllint", "--noout", path], check=True)

    def test_openmetrics(self):
        path = export(self.path, self.tmp, "openmetrics", "-n", "5")
        with open(path) as file:
            text = file.read()
        figures = parse(text)
        pid = str(self.target.pid)
        types = figures["objtop_type_objects"]
        self.assertEqual(len(types), 6)
        self.assertEqual(sum(types.values()), len(self.rows))
        self.assertEqual(sum(figures["objtop_type_bytes"].values()),
                         sum(r["bytes"] for r in self.rows))
        self.assertEqual(types[(("pid", pid), ("type", "str"))],
                         sum(r["type"] == "str" for r in self.rows))
        self.assertEqual(figures["objtop_heap_objects"][(("pid", pid),)],
                         len(self.rows))
        every = parse(subprocess.run(
            [harness.OBJTOP, "export", "--format", "openmetrics", "-n", "0",
             self.path], stdout=subprocess.PIPE,
            check=True).stdout.decode())["objtop_type_objects"]
        self.assertTrue(any("\\x1b[31m" in dict(labels)["type"]
                            for labels in every))
        if shutil.which("promtool"):
            subprocess.run(["promtool", "check", "metrics"],
                           input=text.encode(), check=True)

    def test_redacted(self):
        for fmt in "csv", "jsonl", "graphml":
            with open(export(self.path, self.tmp, fmt, "--redact")) as file:
                text = file.read()
            self.assertNotIn("tok7", text)
            self.assertIn("Session", text)


class Refusals(unittest.TestCase):
    def test_in_one_line(self):
        with tempfile.TemporaryDirectory() as tmp:
            for args, code in (
                    (("export", os.getpid()), 2),
                    (("export", "--format", "gif", os.getpid()), 2),
                    (("export", os.getpid(), "-o", "x.unknown"), 2),
                    (("export", "-o", tmp + "/x.heapsnapshot",
                      tmp + "/none.objtop"), 1)):
                got, out, err = objtop(*args)
                self.assertEqual((got, out), (code, ""), err)
                self.assertEqual(len(err.strip().splitlines()), 1, err)
            self.assertEqual(os.listdir(tmp), [])

    def test_disk_full(self):
        with scene(harness.NATIVE[0][1]) as (_, path, _):
            code, _, err = objtop("export", "--format", "heapsnapshot",
                                  "-o", "/dev/full", path)
            self.assertEqual(code, 1)
            self.assertIn("No space left", err)


if __name__ == "__main__":
    harness.main()
