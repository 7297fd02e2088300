# SPDX-License-Identifier: MIT
"""types --by against what the program itself counts with gc and sys."""

import unittest

import harness
from harness import Target, objtop, objtop_json

ENDS = ([harness.INTERPRETERS[0], harness.INTERPRETERS[-1]]
        if harness.INTERPRETERS else [])

SCENE = """
    import collections, gc, json, sys, types
    planted = types.ModuleType("planted.things")
    sys.modules["planted.things"] = planted
    exec('''if 1:
        class Foo:
            def __init__(self, n):
                self.items = [[n]]
                self.tags = {"n": [n, n]}
        class Slotted:
            __slots__ = ("items",)
            def __init__(self, n): self.items = [n, n, n]
        class Leaf: pass
        class Namespace: pass
        class Sized(tuple): pass
    ''', planted.__dict__)
    p = planted
    p.foos = [p.Foo(n) for n in range(70)]
    p.slotted = [p.Slotted(n) for n in range(30)]
    p.spaces = [p.Namespace() for _ in range(25)]
    p.dicts = len([vars(s) for s in p.spaces])
    p.sized = [p.Sized(range(n % 5)) for n in range(40)]
    p.leaves = [p.Leaf() for _ in range(10)]
    for foo, leaf in zip(p.foos, p.leaves[:6]):
        foo.leaf = leaf
    del foo, leaf
    p.table = {n: leaf for n, leaf in enumerate(p.leaves[4:8])}
    p.pair = (p.leaves[9],)

    def owners():
        "By attribute of the instances, with gc's own referrers."
        found = collections.Counter()
        for o in gc.get_objects():
            if type(o) not in (p.Foo, p.Slotted):
                continue
            for name in ("items", "tags"):
                value = getattr(o, name, None)
                if value is None:
                    continue
                holders = [r for r in gc.get_referrers(value)
                           if r is o or r is getattr(o, "__dict__", None)]
                if holders:
                    found["%s of planted.things.%s.%s" % (
                        type(value).__name__, type(o).__name__, name)] += 1
        return found

    def referrers():
        spaces = {id(foo.__dict__) for foo in p.foos}
        found = collections.Counter()
        for leaf in list(p.leaves):
            kinds = set()
            for r in gc.get_referrers(leaf):
                if r is sys._getframe() or type(r).__name__ in (
                        "frame", "list_iterator", "FrameLocalsProxy"):
                    continue
                if isinstance(r, list) and r is not p.leaves:
                    continue
                kinds.add("Foo" if id(r) in spaces else type(r).__name__)
            found[" ".join(sorted(kinds))] += 1
        return found

    def facts():
        tracked = gc.get_objects()
        return {
            "referrers": referrers(),
            "module": sum(type(o).__module__ == "planted.things"
                          for o in tracked),
            "sizes": collections.Counter(map(sys.getsizeof, p.sized)),
        }
    # Last, since looking at __dict__ makes one.
    first = facts()
    first["owners"] = owners()
    print(json.dumps(first), flush=True)
    sys.stdin.readline()
"""


def counts(answer, column):
    return {row[column]: row["count"] for row in answer["rows"]}


class Groups(unittest.TestCase):
    def check(self, target):
        facts, pid = target.facts, target.pid
        owners = counts(objtop_json("types", pid, "--by", "owner"), "owner")
        self.assertTrue(facts["owners"])
        for owner, count in facts["owners"].items():
            self.assertEqual(owners.get(owner), count, owner)
        self.assertEqual(owners["list of planted.things.Foo.items"], 70)
        self.assertEqual(owners["list of planted.things.Slotted.items"], 30)
        self.assertEqual(owners["dict of planted.things.Namespace"], 25)
        modules = counts(objtop_json("types", pid, "--by", "module",
                                     "--scope", "tracked"), "module")
        self.assertEqual(modules["planted.things"], facts["module"])
        sizes = counts(objtop_json("types", pid, "planted.things.Sized",
                                   "--by", "size"), "size")
        self.assertEqual({str(k): v for k, v in sizes.items()},
                         facts["sizes"])
        found = {}
        for row in objtop_json("types", pid, "planted.things.Leaf", "--by",
                               "referrers")["rows"]:
            kinds = {part.split(" (")[0].split(".")[-1]
                     for part in row["referrers"].split(", ")}
            kinds = " ".join(sorted(kinds))
            found[kinds] = found.get(kinds, 0) + row["count"]
        self.assertEqual(found, facts["referrers"])
        total = objtop_json("types", pid, "--by", "referrers")
        self.assertEqual(sum(row["count"] for row in total["rows"]),
                         total["snapshot"]["objects"])
        self.assertEqual(sum(row["bytes"] for row in total["rows"]),
                         total["snapshot"]["bytes"])

    def test_by_independent_counts(self):
        for _, python in ENDS:
            with self.subTest(python=python), Target(python, SCENE) as target:
                self.check(target)

    def test_usage(self):
        code, _, err = objtop("types", "--by", "colour", "1")
        self.assertEqual(code, 2)
        self.assertIn("owner", err)


if __name__ == "__main__":
    harness.main()
