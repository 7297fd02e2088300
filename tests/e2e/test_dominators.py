# SPDX-License-Identifier: MIT
"""Retained sizes, cycles and garbage of real heaps, against answers computed
here: dominators and components by networkx, and taking objects away."""

import collections
import functools
import os
import random
import re
import subprocess
import tempfile
import unittest

import harness
from harness import Target, objtop, objtop_json

try:
    import networkx
except ImportError:
    networkx = None

DUMP = os.path.join(os.environ.get("builddir", "."), "tests/e2e/graphdump")

SCENE = """
    import _thread, _weakref, gc, sys

    class Session:
        def __init__(self, i):
            self.cart, self.token = Cart(self), "token %d" % i

    class Cart:
        def __init__(self, owner):
            self.owner, self.items = owner, [1, {"k": (owner, 2)}]

    class Link:
        def __init__(self, before):
            self.before, self.after = before, None
            if before:
                before.after = self

    class Lost:
        def __init__(self, mate=None):
            self.me, self.mate, self.load = self, mate, bytearray(300)

    gc.disable()
    cache = {i: Session(i) for i in range(200)}
    index = list(cache.values())[::3]
    first = last = Link(None)
    for _ in range(100):
        last = Link(last)
    shared = [bytes(1000) for _ in range(50)]
    other = shared[10:]
    for _ in range(30):
        Lost(Lost())
    watched = Lost()
    watched.payload = Lost(bytes(7000))
    watcher = _weakref.ref(watched)
    del watched
    saved = Lost()
    gc.garbage.append(saved)
    del saved

    def work(hold):
        local = [bytes(2000 + i) for i in range(40)]
        ready.release()
        hold.acquire()

    hold, ready = _thread.allocate_lock(), _thread.allocate_lock()
    hold.acquire()
    ready.acquire()
    for _ in range(2):
        _thread.start_new_thread(work, (hold,))
        ready.acquire()
    print('{}', flush=True)
    for line in sys.stdin:
        print('{}', flush=True)
"""


def word_number(name, path):
    """The number of a word in an X-macro list, by its order."""
    with open(os.path.join(harness.SRCDIR, path)) as f:
        words = re.findall(r"^[A-Z]+\((\w+),", f.read(), re.M)
    return words.index(name)


class Heap:
    """A snapshot as graphdump tells it, and what follows from it."""

    def __init__(self, path):
        weak = word_number("WEAK", "wire/relations.def")
        dump = subprocess.run([DUMP, path], stdout=subprocess.PIPE,
                              check=True).stdout.decode("utf-8", "replace")
        self.weight, self.bytes, self.type = {}, {}, {}
        self.tracked, spare, edges, weaks = set(), {}, [], []
        self.roots, immortal = [], set()
        for line in dump.splitlines():
            f = line.split(" ", 6)
            if f[0] == "O":
                o = int(f[1])
                self.bytes[o] = int(f[2])
                self.weight[o] = int(f[2]) + int(f[3])
                self.type[o], spare[o] = f[6], int(f[4])
                if int(f[5]) & 1:
                    self.tracked.add(o)
                if int(f[5]) & 4:
                    immortal.add(o)
            elif f[0] == "E":
                (weaks if int(f[3]) == weak else edges).append(
                    (int(f[1]), int(f[2])))
            elif f[0] == "R":
                self.roots.append((int(f[3]), []))
            elif f[0] == "H":
                self.roots[int(f[1])][1].append(int(f[2]))
        self.out = {o: [] for o in self.weight}
        for a, b in edges:
            if b in self.weight:
                self.out[a].append(b)
                spare[b] -= 1
        for _, held in self.roots:
            held[:] = [o for o in held if o in self.weight]
            for o in held:
                spare[o] -= 1
        self.named = self.reach([o for _, held in self.roots for o in held])
        self.held = [o for o in self.weight if o not in self.named and
                     (spare[o] > 0 or o in immortal)]
        self.live = self.named | self.reach(self.held)
        self.watched = [b for a, b in weaks if a in self.live and
                        b in self.weight and b not in self.live]
        self.weakly = self.reach(self.watched, self.live)
        self.garbage = set(self.weight) - self.live - self.weakly

    def reach(self, start, barred=(), gone=None):
        seen = {o for o in start if o != gone and o not in barred}
        queue = list(seen)
        while queue:
            for to in self.out[queue.pop()]:
                if to not in seen and to != gone and to not in barred:
                    seen.add(to)
                    queue.append(to)
        return seen

    def digraph(self, among):
        g = networkx.DiGraph()
        g.add_nodes_from(among)
        g.add_edges_from((a, b) for a in among for b in self.out[a]
                         if b in among)
        return g

    @functools.lru_cache(maxsize=None)
    def dominators(self):
        """idom of every object and of ("root", i), ("thread", t), ..."""
        g = self.digraph(self.live)
        g.add_node("all")
        for i, (thread, held) in enumerate(self.roots):
            if thread:
                g.add_edge("all", ("thread", thread))
            g.add_edge(("thread", thread) if thread else "all", ("root", i))
            g.add_edges_from((("root", i), o) for o in held)
        g.add_edge("all", "held")
        g.add_edges_from(("held", o) for o in self.held)
        found = networkx.immediate_dominators(g, "all")
        for among, top, seeds in (
                (self.weakly, "weak", self.watched),
                (self.garbage, "garbage", self.sources(self.garbage))):
            g = self.digraph(among)
            g.add_edges_from((top, o) for o in seeds)
            g.add_node(top)
            found.update(networkx.immediate_dominators(g, top))
            found[top] = "all"
        return found

    def sources(self, among):
        """The lowest object of each component that nothing leads to."""
        g = networkx.condensation(self.digraph(among))
        return [min(g.nodes[c]["members"]) for c in g if not g.in_degree(c)]

    def retained(self, idom):
        """(bytes, objects) of every node."""
        below = collections.defaultdict(list)
        for n, up in idom.items():
            if n != up:
                below[up].append(n)
        order = ["all"]
        for n in order:
            order.extend(below[n])
        total = {}
        for n in reversed(order):
            total[n] = (self.weight.get(n, 0) +
                        sum(total[k][0] for k in below[n]),
                        (n in self.weight) + sum(total[k][1]
                                                 for k in below[n]))
        return total, order


class Dominators(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if networkx is None:
            raise unittest.SkipTest("no python3-networkx here")
        cls.tmp = tempfile.TemporaryDirectory()
        cls.heaps = []
        found = sorted(harness.INTERPRETERS)
        for minor, python in {found[0], found[-1]} if found else ():
            path = os.path.join(cls.tmp.name, "%d.objtop" % minor)
            small = os.path.join(cls.tmp.name, "python%d" % minor)
            with open(small, "w") as f:     # networkx takes its time
                f.write('#!/bin/sh\nexec %s -I -S "$@"\n' % python)
            os.chmod(small, 0o700)
            with Target(small, SCENE) as target:
                code, _, err = objtop("snapshot", "-o", path, target.pid)
                assert code == 0, err
                target.ask()
            cls.heaps.append((python, path, Heap(path)))

    @classmethod
    def tearDownClass(cls):
        cls.tmp.cleanup()

    def each(self):
        self.assertTrue(self.heaps)
        return [(path, heap) for _, path, heap in self.heaps]

    def rows(self, *args):
        return objtop_json(*args, "-n", "0", timeout=120)["rows"]

    def test_retained_sizes_and_dominators_are_those_of_networkx(self):
        for path, heap in self.each():
            idom = heap.dominators()
            total, _ = heap.retained(idom)
            seen, above = set(), []
            for row in self.rows("retained", path):
                del above[row["depth"]:]
                name = int(row["address"], 16) if "address" in row else None
                above.append(name)
                if name is None:
                    continue
                seen.add(name)
                self.assertEqual((row["retained"], row["count"]), total[name],
                                 row)
                up = idom[name]
                self.assertEqual(above[-2] if row["depth"] else None,
                                 up if up in heap.weight else None, row)
            self.assertEqual(seen, set(heap.weight))
            self.assertEqual(total["all"][0], sum(heap.weight.values()))

    def test_retained_is_what_goes_when_an_object_is_taken_away(self):
        for path, heap in self.each():
            rows = [r for r in self.rows("retained", path) if "address" in r]
            largest = sorted(rows, key=lambda r: -r["retained"])[:60]
            random.seed(1)
            seeds = [o for _, held in heap.roots for o in held] + heap.held
            for row in largest + random.sample(rows, 60):
                o = int(row["address"], 16)
                if o not in heap.live:
                    continue
                gone = heap.live - heap.reach(seeds, gone=o)
                self.assertEqual((row["retained"], row["count"]),
                                 (sum(map(heap.weight.get, gone)), len(gone)),
                                 row)

    def test_groups_sum_up(self):
        for path, heap in self.each():
            idom = heap.dominators()
            total, order = heap.retained(idom)
            types = {"all": frozenset()}    # of all that stand above
            expected = collections.Counter()
            for n in order[1:]:
                above = types[idom[n]]
                kind = heap.type.get(n)
                if kind is not None and kind not in above:
                    expected[kind] += total[n][0]
                    above = above | {kind}
                types[n] = above
            # names without a module are unique for these
            mine = ("Session", "Cart", "Link", "Lost", "str", "bytes",
                    "bytearray")
            rows = {r["type"]: r for r in self.rows("types", path,
                                                    "--retained")}
            for name in mine:
                self.assertEqual(rows[name]["retained"], expected[name], name)
            rows = self.rows("retained", path, "--by", "root")
            self.assertEqual(sum(r["retained"] for r in rows),
                             sum(heap.weight.values()))
            self.assertEqual(sum(r["count"] for r in rows), len(heap.weight))
            threads = [r for r in self.rows("retained", path, "--by", "thread")
                       if r["depth"] == 0]
            self.assertEqual(
                sorted(r["retained"] for r in threads),
                sorted(v[0] for n, v in total.items()
                       if isinstance(n, tuple) and n[0] == "thread"))
            self.assertGreater(max(r["retained"] for r in threads), 80000)

    def test_cycles_are_the_components_of_networkx(self):
        for path, heap in self.each():
            g = heap.digraph(heap.weight)
            expected = {}
            for c in networkx.strongly_connected_components(g):
                one = next(iter(c))
                if len(c) > 1 or g.has_edge(one, one):
                    for o in c:
                        expected[o] = c
            rows = self.rows("cycles", path)
            self.assertEqual([r["id"] for r in rows], list(range(len(rows))))
            seen = set()
            for row in rows:
                to = int(row["to"], 16)
                c = expected[to]
                self.assertEqual(
                    (row["objects"], row["bytes"]),
                    (len(c), sum(map(heap.bytes.get, c))))
                self.assertIn(to, heap.out[int(row["from"], 16)])
                self.assertIs(expected[int(row["from"], 16)], c)
                self.assertTrue(row["edge"])
                self.assertEqual(
                    sum(t["count"] for t in row["types"]), len(c))
                self.assertEqual(row["state"] == "garbage",
                                 to not in heap.live)
                seen |= c
            self.assertEqual(seen, set(expected))

    def test_garbage_is_what_no_root_reaches(self):
        for path, heap in self.each():
            rows = {int(r["address"], 16): r for r in
                    self.rows("garbage", path)}
            saved = {o for o, r in rows.items()
                     if r["state"] == "uncollectable"}
            self.assertEqual(sorted(heap.type[o] for o in saved
                                    if heap.type[o] == "Lost"), ["Lost"])
            self.assertEqual(set(rows) - saved,
                             heap.tracked - heap.named)
            for o, row in rows.items():
                state = ("garbage" if o in heap.garbage else
                         "weakly held" if o in heap.weakly else
                         "uncollectable" if o in saved else "held from C")
                self.assertEqual(row["state"], state, row)
            lost = collections.Counter(
                r["state"] for r in rows.values() if r["type"] == "Lost")
            self.assertEqual(lost, {"garbage": 60, "weakly held": 2,
                                    "uncollectable": 1})


if __name__ == "__main__":
    harness.main()
