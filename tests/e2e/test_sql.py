# SPDX-License-Identifier: MIT
"""sql says what the other commands say, live and on a file."""

import os
import tempfile
import unittest

import harness
from harness import Target, each_python, objtop, objtop_json

SCENE = """
    import json, sys
    class Thing:
        def __init__(self, n): self.n, self.peer = n, None
    things = [Thing(n) for n in range(300)]
    things[0].peer = things[299]
    print(json.dumps({"first": hex(id(things[0])),
                      "last": hex(id(things[299]))}), flush=True)
    for line in sys.stdin:
        print("{}", flush=True)
"""


class Sql(unittest.TestCase):
    @each_python
    def test_same_as_the_commands(self, python, _):
        with Target(python, SCENE) as target, \
                tempfile.TemporaryDirectory() as tmp:
            path = os.path.join(tmp, "x.objtop")
            self.assertEqual(objtop("snapshot", "-o", path, target.pid)[0], 0)
            types = {}
            for row in objtop_json("types", "-n", "0", path)["rows"]:
                types[row["type"]] = row["count"], row["bytes"]
            answer = objtop_json("sql", path,
                                 "SELECT type, count(*) n, sum(bytes) b "
                                 "FROM objects GROUP BY type")
            self.assertEqual(types, {r["type"]: (r["n"], r["b"])
                                     for r in answer["rows"]})
            self.assertEqual(answer["snapshot"]["objects"],
                             sum(r["n"] for r in answer["rows"]))
            last = target.facts["last"]
            shown = objtop_json("show", path, last, "-n", "0")["rows"][0]
            found = objtop_json(
                "sql", path, "SELECT source, relation, edge FROM refs "
                "WHERE target = %s" % last)["rows"]
            self.assertEqual(
                sorted((r["address"], r["relation"], r["edge"])
                       for r in shown["referrers"] if "address" in r),
                sorted((r["source"], r["relation"], r["edge"])
                       for r in found))
            self.assertEqual(objtop_json(
                "sql", target.pid, "SELECT count(*) n FROM objects "
                "WHERE type = 'Thing'")["rows"], [{"n": 300}])

    def test_refused_in_one_line(self):
        with Target(harness.NATIVE[0][1], SCENE) as target:
            for query in ("DELETE FROM objects", "SELECT", ""):
                code, _, err = objtop("sql", target.pid, query)
                self.assertEqual(code, 2, err)
                self.assertEqual(len(err.strip().splitlines()), 1, err)
            target.ask()


if __name__ == "__main__":
    harness.main()
