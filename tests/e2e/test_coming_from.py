# SPDX-License-Identifier: MIT
"""Each command of doc/coming-from.md works as it stands there."""

import os
import re
import shlex
import tempfile
import unittest

import harness
from harness import Target, objtop

PAGE = os.path.join(os.environ.get("srcdir", "."), "doc/coming-from.md")

SCENE = """
    import gc, json, sys, types
    class Session:
        def __init__(self, token):
            self.token, self.basket = token, [token, {"of": token}]
    class Report:
        pass
    sessions = {}
    def more(n):
        for i in range(n):
            token = "token-%d" % len(sessions)
            sessions[token] = Session(token)
    gc.disable()
    for i in range(20):
        r = Report()
        r.itself = r
    del r
    more(50)
    print(json.dumps({"address": hex(id(sessions["token-7"])),
                      "module": hex(id(sys.modules["__main__"]))}), flush=True)
    for line in sys.stdin:
        more(10)
        print("{}", flush=True)
"""


def commands():
    """What stands in the second column of the page's tables."""
    with open(PAGE) as page:
        for line in page:
            cells = line.split(" | ")
            if line.startswith("|") and len(cells) > 2:
                yield from re.findall(r"`(objtop [^`]*)`", cells[1])


class ComingFrom(unittest.TestCase):
    def test_every_line(self):
        lines = list(commands())
        self.assertGreater(len(lines), 55)
        with Target(harness.NATIVE[-1][1], SCENE) as target, \
                tempfile.TemporaryDirectory() as tmp:
            for name in ("before", "after", "heap"):
                code, _, err = objtop("snapshot", "-o", name + ".objtop",
                                      target.pid, cwd=tmp)
                self.assertEqual(code, 0, err)
                target.ask()
            for line in lines:
                with self.subTest(line=line):
                    words = shlex.split(
                        line.replace("4242", str(target.pid))
                        .replace("0xADDRESS", target.facts["address"])
                        .replace("0xMODULE", target.facts["module"]))[1:]
                    code, out, err = objtop(*words, cwd=tmp)
                    self.assertEqual(code, 0, err)
                    if "-o" in words:
                        made = words[words.index("-o") + 1]
                        self.assertGreater(
                            os.path.getsize(os.path.join(tmp, made)), 100)
                    else:
                        self.assertGreater(len(out.splitlines()), 1, out)
            target.ask()


if __name__ == "__main__":
    harness.main()
