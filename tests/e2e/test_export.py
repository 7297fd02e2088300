# SPDX-License-Identifier: MIT
"""Exports are read by others' eyes: a parser and dominators of our own for
Chrome's format, the standard library's readers for the rest."""

import contextlib
import os
import stat
import tempfile
import unittest

import harness
from harness import Target, each_python, objtop, objtop_json
from heapsnapshot import ROOT, HeapSnapshot

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

    @each_python
    def test_same_as_the_commands(self, python, _):
        with scene(python) as (target, path, tmp):
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
            for name, kind in ((n, snap.types[to]) for to in range(first)
                               for n in [snap.names[to]]):
                self.assertTrue(kind == "synthetic", name)
            for text in snap.strings:
                self.assertTrue(len(text) <= 240 and text.isprintable() or
                                not text, text)

    def test_retained_sizes(self):
        """Dominators of the file, computed in the plain way, are objtop's."""
        for _, python in harness.NATIVE[:1] + harness.NATIVE[-1:]:
            with scene(python) as (_, path, tmp):
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
