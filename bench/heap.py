# SPDX-License-Identifier: MIT
"""Heaps to measure on: build(n) makes about n million objects.

H1 is build(1), H10 is build(10): about 90 MiB for each million.  A mixture as
services have it: trees whose children know their parent, a cache of records
by token, a doubly linked list of slotted nodes, rows of tuples, points, sets
of shared strings, bytes, decoded JSON, plain numbers, and long index lists
over all of it.  One Needle has three holders.

aged=True makes the kinds in turns, drops and rebuilds two fifths of them three
times over and shuffles the long lists, so that neither the collector's lists
nor the containers follow the order of addresses.

A fresh heap flatters every walk of the collector's lists: build() ends with
two full collections, which put them into the order that a program has that
ran for a while.
"""

import gc
import random

TAGS = ["tag-%d" % n for n in range(200)]


class Holder:
    pass


class TreeNode:
    def __init__(self, name, value, parent):
        self.name = name
        self.value = value
        self.parent = parent
        self.children = []


class Record:
    def __init__(self, number, name, tags, meta, owner):
        self.number = number
        self.name = name
        self.tags = tags
        self.meta = meta
        self.owner = owner


class Link:
    __slots__ = ("prev", "next", "value")

    def __init__(self, prev, value):
        self.prev, self.next, self.value = prev, None, value
        if prev is not None:
            prev.next = self


class Point:
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x, self.y = x, y


class Needle:
    def __init__(self):
        self.payload = bytearray(1000)


class Maker:
    """One method a kind; each gives a container of n of them."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.owners = [Holder() for _ in range(50)]
        for n, owner in enumerate(self.owners):
            owner.name = "owner%d" % n

    def number(self):
        return self.rng.getrandbits(40)

    def tag(self):
        return self.rng.choice(TAGS)

    def trees(self, n):
        roots = []
        while n > 0:
            nodes = [TreeNode("root-%d" % self.number(), self.number(), None)]
            for _ in range(min(n, 2000) - 1):
                parent = nodes[int(len(nodes) * self.rng.random() ** 2)]
                node = TreeNode("node-%d" % self.number(), self.number(),
                                parent)
                parent.children.append(node)
                nodes.append(node)
            roots.append(nodes[0])
            n -= 2000
        return roots

    def cache(self, n):
        cache = {}
        for i in range(n):
            record = Record(
                self.number(), "name %d" % self.number(),
                (self.tag(), self.tag(), self.tag()),
                {"score": self.rng.random(), "hits": self.rng.getrandbits(36),
                 "kind": "k", "seen": None, "state": self.tag(),
                 "lang": "en"},
                self.rng.choice(self.owners))
            cache["key:%016x" % self.rng.getrandbits(64)] = record
            if i % 4 == 0:
                record.__dict__     # makes a dict of the values (3.11+)
        return cache

    def links(self, n):
        head = link = Link(None, self.number())
        for _ in range(n - 1):
            link = Link(link, self.number())
        return head

    def rows(self, n):
        return [(self.number(), "row %d value with some more text in the "
                 "line, as logs have" % self.number(), self.rng.random(),
                 True, self.tag()) for _ in range(n)]

    def points(self, n):
        return [Point(self.rng.random(), self.rng.random()) for _ in range(n)]

    def sets(self, n):
        return [set(self.rng.choices(TAGS, k=self.rng.randrange(3, 20)))
                for _ in range(n)]

    def blobs(self, n):
        return [bytes(self.rng.randrange(20, 300)) + b"%d" % i
                for i in range(n)]

    def json(self, n):
        return [{"id": "j%d" % self.number(),
                 "items": ["a%d" % self.number(), "b%d" % self.number()],
                 "flag": True, "none": None, "type": self.tag(), "lang": "en",
                 "n": i & 127, "text": "the text of message %d goes here" %
                 self.number()} for i in range(n)]

    def numbers(self, n):
        return [self.number() for _ in range(n)]


# Of each kind, for a million objects in all.
KINDS = {"trees": 50000, "cache": 45000, "links": 30000, "rows": 60000,
         "points": 15000, "sets": 8000, "blobs": 20000, "json": 25000,
         "numbers": 15000}


def make_all(maker, millions, slices, aged):
    jobs = [(kind, i) for kind in KINDS for i in range(slices)]
    parts = {kind: {} for kind in KINDS}

    def make(kind, i):
        n = max(1, int(KINDS[kind] * millions / slices))
        parts[kind][i] = getattr(maker, kind)(n)

    if aged:
        maker.rng.shuffle(jobs)
    for job in jobs:
        make(*job)
    for _ in range(3 if aged else 0):
        again = maker.rng.sample(jobs, len(jobs) * 2 // 5)
        for kind, i in again:
            del parts[kind][i]
        gc.collect()
        for job in again:
            make(*job)
    if aged:
        for kind in ("rows", "points", "blobs", "json", "numbers"):
            for part in parts[kind].values():
                maker.rng.shuffle(part)
    return parts


def build(millions=1.0, aged=False, seed=7):
    maker = Maker(seed)
    root = Holder()
    was = gc.isenabled()
    gc.disable()
    slices = max(1, int(millions * (10 if aged else 1)))
    root.parts = make_all(maker, millions, slices, aged)
    root.owners = maker.owners
    root.index = [r for cache in root.parts["cache"].values()
                  for r in cache.values()]
    root.rows = [r for rows in root.parts["rows"].values() for r in rows]
    needle = Needle()
    root.index[len(root.index) // 2].meta["needle"] = needle
    root.owners[3].bag = {"x": [1, 2, needle]}
    node = root.parts["trees"][0][0]
    while node.children:
        node = node.children[0]
    node.children.append(needle)
    if was:
        gc.enable()
    gc.collect()
    gc.collect()
    return root
