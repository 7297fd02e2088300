#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Pictures: the same structure as objgraph's of the same objects, node by node
and edge by edge by address; and every kind of picture, of a heap with hostile
names in it, accepted by what reads its format."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

import harness
from harness import Target, objtop, objtop_json

SYSTEM = "/usr/bin/python3"
SVG = "{http://www.w3.org/2000/svg}"

WORLD = r'''
import gc, json, os, sys, types
import objgraph

class User:
    def __init__(self, name):
        self.name, self.session, self.friends = name, None, []

class Session:
    __slots__ = ("token", "user", "data", "__weakref__")
    def __init__(self, user):
        self.token, self.user = object(), user
        self.data = {"visits": [1, object()], "cart": (object(), user)}

class Cache:
    def __init__(self):
        self.sessions, self.log = {}, []

def fill():
    cache = Cache()
    for i in range(4):
        user = User("user%d" % i)
        user.session = Session(user)
        cache.sessions["tok%d" % i] = user.session
        cache.log.append(user)
    cache.log[0].friends += cache.log[1:]
    held = cache.log[2]
    def closure(default=cache.log[3]):
        return held
    cache.hook = closure
    return cache

shop = types.ModuleType("shop")
sys.modules["shop"] = shop
shop.CACHE = fill()

def wanted():
    return (shop.CACHE.log[2], shop.CACHE.sessions["tok1"], shop.CACHE)

def draw(directory):
    """All pictures, twice: the first makes the namespaces that attributes are
    looked up in, as objgraph looks at every edge."""
    for what in ("refs", "backrefs"):
        show = getattr(objgraph, "show_" + what)
        for place in range(3):
            for depth in (3, 5):
                show(wanted()[place], max_depth=depth, too_many=10000,
                     filename="%s/%s-%d-%d.dot" % (directory, what, place,
                                                   depth))
    for place in range(3):
        objgraph.show_chain(
            objgraph.find_backref_chain(wanted()[place],
                                        objgraph.is_proper_module),
            filename="%s/chain-%d.dot" % (directory, place))

null = open(os.devnull, "w")
out, sys.stdout = sys.stdout, null
for _ in range(2):
    draw(sys.argv[1])
sys.stdout = out
alive = gc.get_objects()
alive += gc.get_referents(*alive)   # static types, for one
facts = {
    "wanted": [hex(id(o)) for o in wanted()],
    "kinds": {hex(id(o)): type(o).__name__ for o in alive},
    "classes": [hex(id(o)) for o in alive if isinstance(o, type)],
    "strings": [hex(id(o)) for o in alive if isinstance(o, str)],
}
del alive
print(json.dumps(facts), flush=True)
sys.stdin.readline()
'''


def edges_of(path, node):
    """The pairs of addresses in a DOT file."""
    name = r'"?(%s[0-9a-fx]+)"?' % node
    with open(path) as dot:
        text = dot.read()
    return {(a, b) for a, b in re.findall(
        r'^\s*%s\s*->\s*%s[\s\[;]' % (name, name), text, re.M)}


def theirs(path):
    return {(hex(int(a[1:])), hex(int(b[1:])))
            for a, b in edges_of(path, "o")}


class Structure(unittest.TestCase):
    """Which edges are in one picture alone is listed below, with the reason;
    everything else must agree."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        probe = subprocess.run([SYSTEM, "-c", "import objgraph"],
                               stderr=subprocess.DEVNULL)
        if probe.returncode != 0:
            raise unittest.SkipTest("%s has no objgraph" % SYSTEM)
        cls.tmp = tempfile.mkdtemp()
        cls.target = Target(SYSTEM, WORLD, [cls.tmp])
        cls.facts = cls.target.facts
        cls.classes = set(cls.facts["classes"])
        cls.strings = set(cls.facts["strings"])
        cls.snapshot = os.path.join(cls.tmp, "x.objtop")
        code, _, err = objtop("snapshot", "-o", cls.snapshot, cls.target.pid)
        assert code == 0, err

    @classmethod
    def tearDownClass(cls):
        cls.target.stop()
        shutil.rmtree(cls.tmp)

    def ours(self, *words):
        path = os.path.join(self.tmp, "ours.dot")
        wide = () if words[0] == "path" else ("--max-width", 10000)
        code, _, err = objtop(*words[:1], self.snapshot, *words[1:], *wide,
                              "--no-fold", "-o", path)
        self.assertEqual(code, 0, err)
        return edges_of(path, "0x")

    def relations(self, *words):
        told = objtop_json(*words[:1], self.snapshot, *words[1:],
                           "--max-width", 10000, "-n", 0)
        return {(r["from"], r["to"]): r["relation"] for r in told["rows"]}

    def told_apart(self, edge, relations):
        """Edges that only one of the two draws, and why."""
        classes, strings = self.classes, self.strings
        return (
            # The class is in an object's label with objtop, and what a class
            # is made of is not gone through.
            edge[0] in classes or edge[1] in classes or
            # Keys are in the labels of their values; objgraph draws them, and
            # strings as values cannot be told from them by address.
            edge[1] in strings or
            # The collector does not tell objgraph of these.
            relations.get(edge) in ("weak", "local", "stack", "C-internal") or
            # Nor of what code is made of.
            self.facts["kinds"].get(edge[0]) == "code" or
            # Frames and lists that were at work while it drew, and what was
            # made after that.
            any(self.facts["kinds"].get(end, "gone") in ("gone", "frame")
                for end in edge))

    def compare(self, words, other, back, depth):
        start = words[1]
        mine, relations = self.ours(*words), self.relations(*words)
        self.assertTrue(mine)

        def common(edges):
            """Those of the kept ones that are still within reach."""
            kept = {e for e in edges if not self.told_apart(e, relations)}
            found, reached = set(), {start}
            for _ in range(depth):
                step = {e for e in kept if e[1 if back else 0] in reached}
                found |= step
                reached |= {e[0 if back else 1] for e in step}
            return found

        mine, other = common(mine), common(other)
        kinds = self.facts["kinds"]

        def named(edges):
            return sorted("%s %s -> %s %s (%s)" % (
                kinds[a], a, kinds[b], b, relations.get((a, b)))
                for a, b in edges)

        self.assertEqual([], named(other - mine), "objgraph's alone")
        self.assertEqual([], named(mine - other), "objtop's alone")
        return mine

    def each(self, what, least):
        for place, start in enumerate(self.facts["wanted"]):
            for depth in (3, 5):
                with self.subTest(place=place, depth=depth):
                    found = self.compare(
                        (what, start, "--depth", depth),
                        theirs("%s/%s-%d-%d.dot" % (self.tmp, what, place,
                                                    depth)),
                        what == "backrefs", depth)
                    self.assertGreaterEqual(len(found), least)

    def test_refs(self):
        self.each("refs", 7)

    def test_backrefs(self):
        self.each("backrefs", 2)

    def test_chains(self):
        """Objgraph's one chain is among the chains of objtop."""
        for place, start in enumerate(self.facts["wanted"]):
            with self.subTest(place=place):
                chain = theirs("%s/chain-%d.dot" % (self.tmp, place))
                mine = self.ours("path", start, "-k", 50)
                self.assertTrue(chain)
                self.assertEqual(chain - mine, set())

HOSTILE = r'''
import json, sys, time
NASTY = "<b>\"&amp;]]>\\N{x|y}\x1b[31m\u202e\n\uffff<script>%s" + "long" * 300000
class Keeper: pass
Keeper.__qualname__ = Keeper.__name__ = NASTY[:4000].replace("\0", "")
class Leak: pass
class Knot: pass
k = Keeper()
k.values = {NASTY: NASTY, NASTY[:9]: [Leak() for _ in range(60)]}
setattr(k, NASTY[:200], k)
first, second = Knot(), Knot()
first.other, second.other = second, first
del first, second
needle = k.values[NASTY[:9]][7]
print(json.dumps({"keeper": hex(id(k)), "needle": hex(id(needle))}),
      flush=True)
sys.stdin.readline()
'''


def accepts(tool, *words):
    """What reads the format is content, where it is installed."""
    if not shutil.which(tool):
        return True
    return subprocess.run([tool, *words], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL,
                          timeout=60).returncode == 0


class Formats(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tmp = tempfile.mkdtemp()
        cls.snapshot = os.path.join(cls.tmp, "x.objtop")
        with Target(SYSTEM, HOSTILE) as target:
            cls.facts = target.facts
            code, _, err = objtop("snapshot", "-o", cls.snapshot, target.pid)
            assert code == 0, err

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.tmp)

    def draw(self, ext, *words):
        path = os.path.join(self.tmp, "p." + ext)
        code, _, err = objtop(words[0], self.snapshot, *words[1:], "-o", path)
        self.assertEqual(code, 0, err)
        with open(path, "rb") as picture:
            return path, picture.read()

    def test_every_picture_in_every_format(self):
        needle, keeper = self.facts["needle"], self.facts["keeper"]
        for words in (("refs", keeper), ("backrefs", needle, "--depth", 5),
                      ("path", needle), ("cycles", "Knot#0"),
                      ("retained",), ("retained", keeper), ("types",)):
            with self.subTest(words=words):
                path, svg = self.draw("svg", *words)
                ElementTree.fromstring(svg)
                self.assertTrue(accepts("xmllint", "--noout", path))
                self.assertNotIn(b"<script", svg)
                self.assertNotIn(b"\x1b", svg)
                self.assertLess(len(svg), 1000000)
                path, _ = self.draw("dot", *words)
                self.assertTrue(accepts("dot", "-Tcanon", path))
        self.assertTrue(self.draw("png", "refs", keeper)[1]
                        .startswith(b"\x89PNG"))
        self.assertTrue(self.draw("pdf", "types")[1].startswith(b"%PDF"))

    def test_tooltips_and_links(self):
        needle = self.facts["needle"]
        tree = ElementTree.fromstring(self.draw("svg", "backrefs", needle)[1])
        titles = {g.get("id"): g.find(SVG + "title").text
                  for g in tree.iter(SVG + "g") if g.get("class") == "node"}
        self.assertIn("Leak at " + needle, titles[needle])
        self.assertIn("retains", titles[needle])
        self.assertTrue(any("to the start: " in t for t in titles.values()))
        links = [a.get("{http://www.w3.org/1999/xlink}href")
                 for a in tree.iter(SVG + "a")]
        self.assertTrue(links)
        for link in links:
            self.assertIn(link[1:], titles)

    def test_dark(self):
        keeper = self.facts["keeper"]
        auto = self.draw("svg", "refs", keeper)[1]
        dark = self.draw("svg", "refs", keeper, "--theme", "dark")[1]
        light = self.draw("svg", "refs", keeper, "--theme", "light")[1]
        self.assertIn(b"prefers-color-scheme", auto)
        self.assertNotIn(b"prefers-color-scheme", dark)
        self.assertNotIn(b"prefers-color-scheme", light)
        self.assertIn(b"#14181d", dark)
        self.assertNotIn(b"#14181d", light)

    def test_what_is_told(self):
        needle = self.facts["needle"]
        dot = self.draw("dot", "backrefs", needle, "--info",
                        "refcount,address", "--highlight", "list")[1].decode()
        self.assertIn("refcount ", dot)
        self.assertIn("60 items", dot)
        self.assertIn("highlighted", dot)
        self.assertIn("objtop backrefs", dot)       # the caption
        folded = self.draw("dot", "refs", self.facts["keeper"], "--max-width",
                           "100")[1].decode()
        self.assertIn("Leak × 60", folded)
        single = self.draw("dot", "refs", self.facts["keeper"], "--max-width",
                           "100", "--no-fold")[1].decode()
        self.assertNotIn("Leak × 60", single)
        only = self.draw("dot", "backrefs", needle, "--depth", "5", "-f",
                         "list")[1].decode()
        self.assertIn("60 items", only)
        self.assertEqual(len(re.findall(r"^\t\"?(0x|root)[0-9a-f]+\"?\t", only,
                                        re.M)), 2)

    def test_treemap(self):
        tree = ElementTree.fromstring(
            self.draw("svg", "retained", "--treemap")[1])
        boxes = [g.find(SVG + "rect") for g in tree.iter(SVG + "g")]
        self.assertGreater(len(boxes), 100)
        for box in boxes:       # inside the picture
            self.assertGreaterEqual(float(box.get("x")), 0)
            self.assertLessEqual(float(box.get("x")) +
                                 float(box.get("width")), 1200)
        code, _, err = objtop("retained", self.snapshot, "--treemap", "-o",
                              os.path.join(self.tmp, "x.png"))
        self.assertEqual(code, 2)
        self.assertIn("svg", err)

    def test_types_stay_few(self):
        dot = self.draw("dot", "types")[1].decode()
        nodes = re.findall(r"^\t(type\d+|all\d+|more\d+)\t", dot, re.M)
        self.assertGreater(len(nodes), 10)
        self.assertLess(len(nodes), 100)

    def test_wrong_words(self):
        for words in (("refs", "Leak#0", "--info", "colour"),
                      ("refs", "Leak#0", "--highlight", "colour:red"),
                      ("refs", "Leak#0", "--theme", "pink")):
            code, out, err = objtop(words[0], self.snapshot, *words[1:], "-o",
                                    os.path.join(self.tmp, "x.svg"))
            self.assertEqual((code, out), (2, ""), err)
            self.assertEqual(err.count("\n"), 1)


if __name__ == "__main__":
    harness.main()
