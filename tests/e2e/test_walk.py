#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The walk of CPython's heap against what Python says of itself.

Runs walk_scenario.py in every interpreter found: $OBJTOP_PYTHONS (a list
separated by colons), else python3, python3.8 ... on the PATH, those of
pyenv and those of the cache.  walkdump.so is looked for in $OBJTOP_WALKDUMP, else in tests/e2e of
the current directory, which is where make puts it.
"""
import collections
import concurrent.futures
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import harness

HERE = os.path.dirname(os.path.abspath(__file__))
RELATIONS = """INTERNAL ATTRIBUTE SLOT ITEM KEY VALUE CELL LOCAL STACK GLOBAL
TYPE BASE CLOSURE DEFAULT TRACEBACK WEAK MODULE SUBCLASS""".split()
ROOTS = "OTHER MODULE FRAME THREAD INTERPRETER STATIC GLOBAL".split()
WEAK, TYPE = RELATIONS.index("WEAK"), RELATIONS.index("TYPE")
ATTRIBUTE = RELATIONS.index("ATTRIBUTE")
ON_FRAME = (RELATIONS.index("LOCAL"), RELATIONS.index("STACK"))
TRACKED, FROZEN, IMMORTAL, WEAKREFS = 1, 2, 4, 8
META = 1
TIME_LIMIT = 120

PROBE = """import os, sys, sysconfig
print(sys.version_info[0], sys.version_info[1],
      int(bool(sysconfig.get_config_var("Py_GIL_DISABLED"))),
      sys.implementation.name, os.path.realpath(sys.executable))"""


def candidates():
    given = os.environ.get("OBJTOP_PYTHONS")
    if given:
        return given.split(":")
    names = ["python3"] + ["python3.%d" % n for n in range(8, 16)]
    directories = os.get_exec_path() + os.defpath.split(os.pathsep)
    found = [os.path.join(d, n) for d in directories for n in names]
    found += sorted(glob.glob(
        os.path.expanduser("~/.pyenv/versions/*/bin/python3")))
    found += harness.cached_pythons()
    found += harness.free_threaded_pythons()
    return [p for p in found if os.access(p, os.X_OK)]


def interpreters():
    """Paths of the CPythons that the walk knows, each once."""
    found, seen = [], set()
    for path in candidates():
        if os.path.realpath(path) in seen:
            continue
        seen.add(os.path.realpath(path))
        try:
            out = subprocess.run([path, "-c", PROBE], timeout=TIME_LIMIT,
                                 stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL, check=True)
            major, minor, free_threaded, name, real = out.stdout.split(
                None, 4)
        except (OSError, subprocess.SubprocessError, ValueError):
            continue
        # What stands on the PATH may be a script that starts another.
        real = os.fsdecode(real.rstrip())
        if real != os.path.realpath(path):
            if real in seen:
                continue
            seen.add(real)
        if (int(major) == 3 and 8 <= int(minor) <= 15 and
                (free_threaded == b"0" or int(minor) == 13) and name == b"cpython"):
            found.append(path)
    return found


class Walk:
    """One file of walkdump.c."""

    def __init__(self, path):
        with open(path, encoding="utf-8", errors="replace") as f:
            rows = json.loads("[" + ",".join(f) + "]")
        self.kinds, self.names, self.unseen = {}, {}, []
        self.objects, self.edges, self.roots = {}, {}, []
        self.twice, self.whole = [], False
        self.read(rows)

    def read(self, rows):
        edges = None
        for row in rows:
            tag = row[0]
            if tag == "R":
                edges.extend(row[1:])
            elif tag == "O":
                if row[1] in self.objects:
                    self.twice.append(row[1])
                self.objects[row[1]] = row
                edges = self.edges[row[1]] = []
            elif tag == "T":
                edges = []
                self.roots.append((ROOTS[row[1]], row[2], row[3], edges))
            elif tag == "K":
                self.kinds[row[1]] = row
            elif tag == "N":
                self.names[str(row[1])] = row[2]
            elif tag == "U":
                self.unseen.append(row[1])
            elif tag == "END":
                self.whole = True

    def label(self, name):
        return self.names[name] if isinstance(name, str) else name

    def told(self, edges):
        """Edges as (relation, label, target)."""
        return [(RELATIONS[r], self.label(n), to)
                for to, r, n in zip(*[iter(edges)] * 3)]

    @staticmethod
    def strong(edges):
        """Targets of edges that keep them alive."""
        return [to for to, r in zip(edges[::3], edges[1::3]) if r != WEAK]

    def dict_owners(self):
        """{dict: instance} for each __dict__ of an instance."""
        names = {n for n, text in self.names.items() if text == "__dict__"}
        return {to: a for a, edges in self.edges.items()
                for to, r, n in zip(*[iter(edges)] * 3)
                if r == ATTRIBUTE and n in names}

    def kind(self, address):
        return self.kinds[self.objects[address][2]]

    def kind_name(self, address):
        if address not in self.objects:
            return "nothing"
        kind = self.kind(address)
        return "%s.%s" % (kind[4], kind[3])

    def counts(self):
        c = collections.Counter(o[2] for o in self.objects.values())
        return {self.kinds[k][3]: n for k, n in c.items()
                if self.kinds[k][4] == "__main__"}


class Case:
    """One interpreter's walks and what it expects of them."""

    def __init__(self, python, library):
        self.python = python
        self.directory = tempfile.mkdtemp(prefix="objtop-walk-")
        out = subprocess.run(
            [python, os.path.join(HERE, "walk_scenario.py"), library,
             self.directory], timeout=TIME_LIMIT, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.output = out.stdout.decode(errors="replace")
        self.status = out.returncode
        self.walks = {}
        if not self.status:
            with open(os.path.join(self.directory, "expected.json")) as f:
                self.expected = json.load(f)
            self.minor = self.expected["version"][1]
            self.free_threaded = self.expected["free_threaded"]

    def __str__(self):
        return self.python

    def walk(self, name):
        if name not in self.walks:
            self.walks[name] = Walk(os.path.join(self.directory,
                                                 "walk." + name))
        return self.walks[name]

    @staticmethod
    def interned(w):
        """The dict of interned strings, where the walk met it."""
        for kind, _, _, edges in w.roots:
            for _, label, to in w.told(edges):
                if kind == "INTERPRETER" and label == "interned strings":
                    return to
        return None

    def forget(self):
        shutil.rmtree(self.directory)


def run_corner(python, library, directory, *arguments):
    """One of walk_corners.py: its last line, as JSON."""
    out = subprocess.run(
        [python, os.path.join(HERE, "walk_corners.py"), library,
         os.path.join(directory, "walk.corner")] + list(arguments),
        timeout=TIME_LIMIT, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    text = out.stdout.decode(errors="replace")
    if out.returncode:
        raise AssertionError("%s: %s %s" % (python, out.returncode, text))
    return json.loads(text.splitlines()[-1])


def library_path():
    given = os.environ.get("OBJTOP_WALKDUMP")
    return os.path.abspath(given or os.path.join("tests", "e2e",
                                                 "walkdump.so"))


def each_case(check):
    """Makes a check of one case a test of all."""
    def test(self):
        for case in self.cases:
            with self.subTest(python=case.python):
                check(self, case)
    test.__doc__ = check.__doc__
    return test


class TestWalk(unittest.TestCase):
    maxDiff = 2000

    @classmethod
    def setUpClass(cls):
        cls.library = library = library_path()
        if not os.path.exists(library):
            raise AssertionError("%s is missing; run make check" % library)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            cls.cases = list(pool.map(lambda p: Case(p, library),
                                      interpreters()))
        for case in cls.cases:
            cls.addClassCleanup(case.forget)
        if not cls.cases:
            raise AssertionError("no CPython 3.8 to 3.15 was found")
        for case in cls.cases:
            if case.status:
                raise AssertionError("%s: %s %s" % (case.python, case.status,
                                                    case.output))

    @each_case
    def test_whole(self, case):
        """Ends, sees everything, reports nothing twice, leaves no end."""
        for name in ("few", "pause", "many"):
            w = case.walk(name)
            self.assertTrue(w.whole)
            self.assertEqual(w.unseen, [])
            self.assertEqual(w.twice, [])
            loose = [w.kind_name(a) for a, edges in w.edges.items()
                     if not w.objects.keys() >= set(edges[::3])]
            self.assertEqual(loose, [])
            loose = [r[2] for r in w.roots
                     if not w.objects.keys() >= set(r[3][::3])]
            self.assertEqual(loose, [])

    @each_case
    def test_counts(self, case):
        """Instances of known classes, to the last one, in every mode."""
        for name in ("few", "pause", "counts", "redacted"):
            counts = case.walk(name).counts()
            for kind, n in case.expected["counts"].items():
                self.assertEqual(counts.get(kind), n, (name, kind))

    @each_case
    def test_counts_alone(self, case):
        """Nothing but objects where nothing else was asked for."""
        w = case.walk("counts")
        self.assertEqual(sum(map(len, w.edges.values())), 0)
        self.assertEqual((w.roots, w.names), ([], {}))
        # Found all the same: what the other walk has found, but for the
        # little that this program did in between.
        self.assertLess(abs(len(w.objects) - len(case.walk("few").objects)),
                        0.02 * len(w.objects))

    @each_case
    def test_tracked(self, case):
        """All that the collector knows is there, with its class."""
        for name in ("few", "many"):
            w, expected = case.walk(name), case.expected[name]
            for address, kind in zip(expected["ids"], expected["kinds"]):
                self.assertIn(address, w.objects)
                self.assertEqual(w.kind(address)[2], kind)
                self.assertTrue(w.objects[address][3] & TRACKED)

    @each_case
    def test_frozen(self, case):
        w = case.walk("few")
        for address in case.expected["frozen"]:
            self.assertTrue(w.objects[address][3] & FROZEN)
        self.assertFalse(any(
            o[3] & FROZEN for a, o in w.objects.items()
            if w.kind(a)[3] == "Cyclic"))

    @each_case
    def test_referents(self, case):
        """Each referent that tp_traverse gives is covered by an edge."""
        for name in ("few", "many"):
            w, expected = case.walk(name), case.expected[name]
            # Lists and frames of the comparison itself, written to while
            # it was made.
            changing = set(expected["changing"])
            missing = collections.Counter()
            inline = w.dict_owners() if case.minor >= 14 else {}
            interned = case.interned(w)
            for address, referents in zip(expected["ids"],
                                          expected["referents"]):
                if address in changing:
                    continue
                left = collections.Counter(referents)
                # Interned strings are not held by their dict.
                if address == interned:
                    continue
                left.subtract(w.strong(w.edges[address]))
                # Values inside an instance are told as its attributes; the
                # dict gives them too from 3.13.1 on.
                if address in inline:
                    left.subtract(w.strong(w.edges[inline[address]]))
                for target, n in left.items():
                    if n > 0:
                        missing[w.kind_name(address),
                                w.kind_name(target)] += n
            self.assertEqual(missing, {})

    @each_case
    def test_not_more_than_references(self, case):
        """No reference is told twice: the count would be exceeded."""
        w = case.walk("many")
        held = collections.Counter()
        for edges in w.edges.values():
            held.update(w.strong(edges))
        for kind, _, _, edges in w.roots:
            # Modules are held by sys.modules, which is an object; static
            # types by nothing.
            if kind in ("MODULE", "STATIC"):
                continue
            # From 3.14 on what a call gets is borrowed from its caller.
            held.update(to for to, r in zip(edges[::3], edges[1::3])
                        if r != WEAK and
                        not (case.minor >= 14 and r in ON_FRAME))
        wrong = collections.Counter()
        for address, o in w.objects.items():
            kind = w.kind(address)
            if o[3] & IMMORTAL or (kind[5] & META and not o[3] & TRACKED):
                continue    # instances do not count for static types
            if held[address] > o[6]:
                wrong[w.kind_name(address)] += 1
        # Classes written in C whose instances do not count for them: the
        # links of lru_cache. True and False in 3.11, from frozen code.
        if wrong["builtins.type"] <= 1:
            del wrong["builtins.type"]
        if case.expected["version"][:2] == [3, 11]:
            del wrong["builtins.bool"]
        self.assertEqual(wrong, {})

    @each_case
    def test_edges(self, case):
        """Edges that are known: their relation and their name."""
        w = case.walk("few")
        for source, relation, label, target in case.expected["edges"]:
            edges = w.told(w.edges[source])
            self.assertIn((relation, label, target), edges,
                          (w.kind_name(source), w.kind_name(target)))

    @each_case
    def test_one_class(self, case):
        """Each object has one edge to its class."""
        w = case.walk("few")
        for address, edges in w.edges.items():
            classes = [to for to, r in zip(edges[::3], edges[1::3])
                       if r == TYPE]
            self.assertEqual(classes, [w.kind(address)[2]])

    @each_case
    def test_path(self, case):
        """From a module by name to what only a closure holds."""
        w = case.walk("few")
        at = case.expected["path"][0]
        self.assertIn(("MODULE", None, at),
                      [e for r in w.roots if r[0] == "MODULE" and
                       r[2] == "__main__" for e in w.told(r[3])])
        spaces = [t for r, n, t in w.told(w.edges[at])
                  if (r, n) == ("ATTRIBUTE", "__dict__")]
        self.assertEqual(len(spaces), 1)
        at = spaces[0]
        for relation, label, target in case.expected["path"][1:]:
            self.assertIn((relation, label, target), w.told(w.edges[at]))
            at = target
        self.assertEqual(w.kind(at)[3], "Target")

    @each_case
    def test_modules(self, case):
        """Each entry of sys.modules is a root by its name."""
        w = case.walk("few")
        names = [r[2] for r in w.roots if r[0] == "MODULE"]
        self.assertEqual(sorted(names), case.expected["modules"])

    @each_case
    def test_threads(self, case):
        """Frames by name, line and thread; locals and stack by what holds."""
        w, thread = case.walk("few"), case.expected["thread"]
        frames = [r for r in w.roots
                  if r[0] == "FRAME" and r[1] == thread["native"]]
        self.assertEqual(len(frames), len(thread["frames"]))
        for root, (name, file, line) in zip(frames, thread["frames"]):
            self.assertTrue(root[2].startswith(name + " ("), root[2])
            self.assertTrue(root[2].endswith("/%s:%d)" % (file, line)),
                            (root[2], file, line))
        self.assertIn("thread %d" % thread["native"],
                      [r[2] for r in w.roots if r[0] == "THREAD"])
        self.check_held(w, frames, "outer", "argument", thread["argument"])
        self.check_held(w, frames, "inner", "local_value", thread["local"])
        self.check_stack(w, frames, thread["on_stack"])

    def check_held(self, w, frames, function, local, target):
        root = [r for r in frames if r[2].startswith(function + " (")][0]
        edges = w.told(root[3])
        for _, label, to in list(edges):
            if label == "frame" and to in w.edges:      # to 3.10
                edges += w.told(w.edges[to])
        self.assertIn(("LOCAL", local, target), edges)

    def check_stack(self, w, frames, target):
        """A generator that only the loop's iterator slot holds."""
        root = [r for r in frames if r[2].startswith("outer (")][0]
        held = [to for relation, _, to in w.told(root[3])
                if relation == "STACK" and
                w.kind(to)[3] == "generator"]
        self.assertEqual(len(held), 1)
        edges = w.told(w.edges[held[0]])
        for relation, label, to in list(edges):
            if label == "gi_frame":                     # to 3.10
                edges += w.told(w.edges[to])
        self.assertIn(("LOCAL", "held", target), edges)

    @each_case
    def test_static_types(self, case):
        """Built-in types: their dicts, wherever the version keeps them."""
        w = case.walk("few")
        held = {to for r in w.roots if r[0] == "STATIC" for to in r[3][::3]}
        by_name = {(k[4], k[3]): k[2] for k in w.kinds.values()}
        for name in ("int", "dict", "type", "object", "list"):
            address = by_name["builtins", name]
            self.assertIn(address, held)
            labels = [label for _, label, _ in w.told(w.edges[address])]
            self.assertIn("__dict__", labels, name)
            self.assertIn("__mro__", labels, name)
        if case.expected["version"] >= [3, 12]:
            self.assertIn("__subclasses__", [
                label for _, label, _ in
                w.told(w.edges[by_name["builtins", "int"]])])

    @each_case
    def test_weakrefs(self, case):
        w = case.walk("few")
        marked = {w.kind(a)[3] for a, o in w.objects.items()
                  if o[3] & WEAKREFS}
        self.assertIn("Target", marked)
        self.assertNotIn("Closed", marked)

    @each_case
    def test_redacted(self, case):
        """Without texts no value is told, and no key that is data."""
        w, secret = case.walk("redacted"), case.expected["secret"]
        self.assertEqual([o for o in w.objects.values()
                          if o[7] is not None], [])
        self.assertFalse([n for n in w.names.values()
                          if n.startswith("not-interned")])
        values = [e for e in w.told(w.edges[secret]) if e[0] == "VALUE"]
        self.assertEqual([label for _, label, _ in values], [None])
        told = case.walk("few")
        values = [e for e in told.told(told.edges[secret])
                  if e[0] == "VALUE"]
        self.assertTrue(values[0][1].startswith("not-interned"))

    @each_case
    def test_order(self, case):
        """Objects come in address order, for the most part."""
        addresses = list(case.walk("few").objects)
        up = sum(a < b for a, b in zip(addresses, addresses[1:]))
        self.assertGreater(up, 0.9 * len(addresses))

    def corner(self, case, *arguments):
        return run_corner(case.python, self.library, case.directory,
                          *arguments)

    @each_case
    def test_foreign_thread(self, case):
        """A thread that comes in from outside shows all but itself."""
        threads = self.corner(case, "thread")
        w = Walk(os.path.join(case.directory, "walk.corner"))
        self.assertTrue(w.whole)
        self.assertEqual(
            sorted(r[1] for r in w.roots if r[0] == "THREAD"),
            sorted(threads["native"]))
        frames = [r[2].split(" (")[0] for r in w.roots if r[0] == "FRAME"]
        self.assertIn("call_foreign", frames)
        self.assertNotIn(0, {r[1] for r in w.roots if r[0] == "FRAME"})

    @each_case
    def test_ending(self, case):
        """An interpreter that is shutting down is not walked."""
        self.assertEqual(self.corner(case, "ending"),
                         [-1, "the interpreter is shutting down"])

    @each_case
    def test_other_interpreters(self, case):
        """Those that share the lock are walked; one that does not is told."""
        ids = self.corner(case, "interpreters")
        if ids == "none":
            self.skipTest("no module for interpreters in this build")
        w = Walk(os.path.join(case.directory, "walk.corner"))
        self.assertTrue(w.whole)
        if case.free_threaded:
            # Only the main one was stopped, and only it is shown.
            self.assertEqual(w.unseen, [
                "other interpreters, which were not stopped"])
            self.assertEqual(w.counts().get("Marked"), 7)
            self.assertEqual(w.counts().get("Elsewhere"), None)
            self.assertFalse([r for r in w.roots
                              if r[2].startswith("interp ")])
            return
        self.assertEqual(w.unseen, [
            "other interpreters with a lock of their own"] if len(ids) > 2
            else [])
        self.assertEqual(w.twice, [])
        loose = [w.kind_name(a) for a, edges in w.edges.items()
                 if not w.objects.keys() >= set(edges[::3])]
        self.assertEqual(loose, [])
        counts = collections.Counter(
            w.kind(a)[3] for a, o in w.objects.items() if o[3] & TRACKED)
        self.assertEqual(counts["Marked"], 7)
        self.assertEqual(counts["Elsewhere"], 22)
        for n in ids[:2]:
            self.check_other(w, "interp %d: " % n)
        self.assertFalse([r for r in w.roots if len(ids) > 2 and
                          r[2].startswith("interp %d:" % ids[2])])

    def check_other(self, w, prefix):
        roots = {(r[0], r[2][len(prefix):]): w.told(r[3])
                 for r in w.roots if r[2].startswith(prefix)}
        for name in ("__main__", "sys", "builtins", "textwrap"):
            self.assertIn(("MODULE", name), roots)
        state = [label for _, label, _ in
                 roots["INTERPRETER", "interpreter"]]
        self.assertIn("sys.modules", state)
        at = roots["MODULE", "__main__"][0][2]
        for label in ("__dict__", "'kept'", 0):
            at = [t for _, n, t in w.told(w.edges[at])
                  if n is not None and str(n).strip("'") ==
                  str(label).strip("'")][0]
        self.assertEqual(w.kind(at)[3], "Elsewhere")

    @each_case
    def test_wrong_layout(self, case):
        """A layout that does not fit is refused, and no crash."""
        fields = """ob_type tp_name tp_basicsize heap_type_size tuple_item
            list_allocated set_small str_full cell_ref exc_cause dict_keys
            func_code func_globals co_linetable ts_interp
            in_modules in_sysdict in_builtins
            rt_interp_main""".split()
        results = self.corner(case, "wrong", *fields)
        self.assertEqual(len(results), len(fields))
        for field, (status, why) in zip(fields, results):
            self.assertEqual(status, 1, (field, why))
            self.assertIn("memory layout", why)

    @each_case
    def test_moved_lists(self, case):
        """The collector's lists are found where no table says they are."""
        field = "rt_gc" if case.expected["version"] < [3, 9] else "in_gc"
        self.assertEqual(self.corner(case, "wrong", field), [[0, ""]])

    @each_case
    def test_deep(self, case):
        """No recursion, and no walk that grows with the square."""
        self.corner(case, "deep")
        w = Walk(os.path.join(case.directory, "walk.corner"))
        self.assertTrue(w.whole)
        n = sum(1 for o in w.objects.values() if w.kinds[o[2]][3] == "tuple")
        self.assertGreater(n, 100000)

    @each_case
    def test_imports(self, case):
        self.assertGreater(case.expected["imported"], 60)
        self.assertGreater(len(case.walk("many").objects), 200000)


if __name__ == "__main__":
    unittest.main(verbosity=2 if "-v" in sys.argv else 1)
