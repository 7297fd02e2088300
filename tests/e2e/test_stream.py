# SPDX-License-Identifier: MIT
"""The stream and its file: what the page of the protocol says is what is
written, files that were cut, other versions, and viewers that stop reading."""

import collections
import os
import signal
import subprocess
import tempfile
import time
import unittest

import harness
import wire_reader
from harness import OBJTOP, Target, objtop, objtop_json
from wire_reader import (HEAP, HELLO, Begin, Cursor, End, Kind, Name, Object,
                         Progress, RootRef, events, frames, stream_of)

DRIVER = os.path.join(os.environ["builddir"], "tests/e2e/attachdrv")
PYTHON = harness.NATIVE[-1][1] if harness.NATIVE else None
OLDEST_AND_NEWEST = [harness.INTERPRETERS[0], harness.INTERPRETERS[-1]] \
    if harness.INTERPRETERS else []

# A line from us is answered; a thread counts how often it came round.
SCENE = """
    import array, collections, ctypes, json, sys, threading, time
    class Thing:
        def __init__(self, n): self.n, self.name = n, "thing %d" % n
    class Slots:
        __slots__ = "a", "b"
    things = [Thing(n) for n in range(int(sys.argv[1]))]
    slots = Slots()
    slots.a, slots.b = things, "text with \\u20ac"
    wide = {"key %d" % n: [n] for n in range(2000)}
    long = list(range(100000))
    deep = None
    for _ in range(1000):
        deep = (deep,)
    beats = 0
    def beat():
        global beats
        while True:
            beats += 1
            time.sleep(0.001)
    if len(sys.argv) > 2:
        threading.Thread(target=beat, daemon=True).start()
    print(json.dumps({"thing": hex(id(things[-1])), "long": id(long)}),
          flush=True)
    for line in sys.stdin:
        print(json.dumps(beats), flush=True)
"""


def put(v):
    out = bytearray()
    while v >= 0x80:
        out.append(v & 0x7f | 0x80)
        v >>= 7
    out.append(v)
    return bytes(out)


def frame(number, payload):
    return put(len(payload)) + put(number) + payload


def types(path):
    return {(r["module"], r["type"]): (r["count"], r["bytes"])
            for r in objtop_json("types", path, "-n", 0)["rows"]}


def clones(pid):
    """Children by clone without SIGCHLD are children all the same."""
    found = []
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/children" % (pid, task)) as f:
            found += map(int, f.read().split())
    return found


class Files(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tmp = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.tmp.cleanup)
        cls.path = os.path.join(cls.tmp.name, "x.objtop")
        with Target(PYTHON, SCENE, ["20000"]) as target:
            cls.facts = target.facts
            code, _, err = objtop("snapshot", "-o", cls.path, target.pid)
        if code:
            raise AssertionError(err)
        cls.stream = stream_of(cls.path)

    def write(self, data, name="y.objtop"):
        path = os.path.join(self.tmp.name, name)
        with open(path, "wb") as f:
            f.write(data)
        return path

    def test_page_is_enough(self):
        """A reader made from the page finds what objtop finds."""
        kinds, names = [], []
        counts = collections.Counter()
        sizes = collections.Counter()
        refs = root_refs = 0
        addresses, targets, long = set(), set(), None
        for e in events(self.stream):
            if isinstance(e, Kind):
                self.assertEqual(e.id, len(kinds))
                kinds.append((e.module.decode(), e.name.decode()))
            elif isinstance(e, Name):
                self.assertEqual(e.id, len(names))
                names.append(e.name)
            elif isinstance(e, Object):
                counts[e.kind] += 1
                sizes[e.kind] += e.bytes
                refs += len(e.refs)
                addresses.add(e.addr)
                targets.update(r.to for r in e.refs)
                for r in e.refs:
                    self.assertLess(r.relation, 18)
                    if r.name_type == 2:
                        self.assertLess(r.name, len(names))
                if e.addr == self.facts["long"]:
                    long = e
            elif isinstance(e, RootRef):
                root_refs += 1
                targets.add(e.to)
        end = e
        self.assertIsInstance(end, End)
        self.assertEqual((sum(counts.values()), refs, sum(sizes.values())),
                         (end.objects, end.refs, end.bytes))
        self.assertEqual(targets - addresses, set())
        # larger than a block: cut in two, and whole again
        items = [r.name for r in long.refs if r.name_type == 1]
        self.assertEqual(items, list(range(100000)))
        expected = {}
        for (module, name), row in types(self.path).items():
            expected[name.rpartition(".")[2]] = row
        found = {}
        for k, n in counts.items():
            module, name = kinds[k]
            found.setdefault(name.rpartition(".")[2], (n, sizes[k]))
        for name in ("Thing", "Slots", "dict", "str", "list", "tuple", "int",
                     "function", "code"):
            self.assertEqual(found[name], expected[name], name)
        answer = objtop_json("types", self.path)["snapshot"]
        self.assertEqual((answer["objects"], answer["edges"], answer["bytes"]),
                         (end.objects, end.refs + root_refs, end.bytes))

    def test_zstd_reads_it(self):
        """The mark in front is a frame that zstd skips."""
        with open(self.path, "rb") as f:
            self.assertEqual(wire_reader.decompress(f.read()), self.stream)

    def test_cut_file(self):
        """As far as it is whole, with one warning."""
        with open(self.path, "rb") as f:
            data = f.read()
        whole = sum(c for c, _ in types(self.path).values())
        seen, opened = [], 0
        for i in range(12):
            size = len(data) * i // 12 + (i & 1)
            cut = self.write(data[:size])
            code, out, err = objtop("types", cut, "--json")
            self.assertEqual(len(err.splitlines()), 1, err)
            if code:
                self.assertEqual(code, 1, err)
                self.assertIn(cut, err)
                self.assertEqual((out, opened), ("", 0), err)
                continue
            opened += 1
            self.assertIn("%s ends early" % cut, err)
            seen.append(sum(row["count"]
                            for row in harness.json.loads(out)["rows"]))
            for args in (["show", cut, "type#0"], ["path", cut, "type#0"],
                         ["instances", cut, "str"]):
                code, out, err = objtop(*args)
                self.assertIn(code, (0, 1), (args, err))
                lines = [line for line in err.splitlines()
                         if "ends early" in line]
                self.assertEqual(len(lines), 1, (args, err))
        self.assertGreater(opened, 6)
        self.assertEqual(seen, sorted(seen))
        self.assertLess(seen[-1], whole)

    def test_cut_stream(self):
        """Cut between two frames and within one: the same is seen."""
        ends, at = [], 0
        for number, payload in frames(self.stream):
            at += len(frame(number, payload))
            ends.append(at)
        self.assertEqual(at, len(self.stream))
        picked = [ends[len(ends) * i // 6] for i in range(6)]
        for end in picked[1:] + ends[1:3] + ends[-2:-1]:
            rows = []
            for size in (end, end + 1):
                path = self.write(wire_reader.compress(self.stream[:size]))
                code, out, err = objtop("types", path, "--csv", "-n", 0)
                self.assertEqual(code, 0, err)
                self.assertIn("ends early", err)
                rows.append(out)
            self.assertEqual(rows[0], rows[1])

    def test_unknown_frames_and_columns(self):
        out = bytearray()
        for i, (number, payload) in enumerate(frames(self.stream)):
            if number == HEAP:
                c = Cursor(payload)
                head = [c.number() for _ in range(4)]
                sizes = [c.number() for _ in range(head[3])]
                head[3] += 1
                payload = (b"".join(map(put, head + sizes + [5])) +
                           payload[c.at:] + b"later")
            out += frame(number, payload)
            out += frame(50 + i % 9, b"not known yet" * i)
        path = self.write(wire_reader.compress(bytes(out)))
        self.assertEqual(types(path), types(self.path))
        code, _, err = objtop("types", path)
        self.assertEqual((code, err), (0, ""))

    def test_other_versions(self):
        number, payload = next(frames(self.stream))
        self.assertEqual(number, HELLO)
        rest = self.stream[len(frame(number, payload)):]
        for version in (0, 1, wire_reader.VERSION + 1, 77):
            hello = frame(HELLO, payload[:8] + put(version) + payload[9:])
            path = self.write(wire_reader.compress(hello + rest))
            code, out, err = objtop("types", path)
            self.assertEqual((code, out), (1, ""), err)
            self.assertEqual(len(err.splitlines()), 1, err)
            self.assertIn("protocol version %d" % version, err)


def timeless(stream):
    """Everything that a stream says but when it was and how long it took."""
    for e in events(stream):
        if isinstance(e, Begin):
            yield e._replace(time_ns=0, held_ns=0, wait_ns=0, clone_pid=0)
        elif isinstance(e, End):
            yield e._replace(held_ns=0, walk_ns=0)
        else:
            yield e


class Twice(unittest.TestCase):
    def test_two_snapshots_are_the_same(self):
        """Of a program that stands still, but for times.

        In one session, since entering makes an object (the function that
        leaves in time), and looking up a name moves the type cache.
        """
        for minor, python in OLDEST_AND_NEWEST:
            with self.subTest(python=python), \
                    tempfile.TemporaryDirectory() as tmp, \
                    Target(python, SCENE, ["3000"]) as target:
                paths = [os.path.join(tmp, str(i)) for i in range(3)]
                done = subprocess.run(
                    [DRIVER, "save", str(target.pid)] + paths, timeout=60,
                    stderr=subprocess.PIPE)
                self.assertEqual(done.returncode, 0, done.stderr)
                streams = []
                for path in paths[1:]:
                    with open(path, "rb") as f:
                        streams.append(f.read())
                self.same(*streams)
                target.ask()

    def same(self, first, second):
        a, b = list(timeless(first)), list(timeless(second))
        for x, y in zip(a, b):
            self.assertEqual(x, y)
        self.assertEqual(len(a), len(b))
        self.assertGreater(len(a), 20000)


class Live(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory()
        self.addCleanup(self.tmp.cleanup)
        self.path = os.path.join(self.tmp.name, "x.objtop")
        self.target = Target(PYTHON, SCENE, ["300000", "beat"])
        self.addCleanup(self.target.stop)
        self.before = self.target.threads(), self.target.fds()

    def start(self, *args):
        p = subprocess.Popen([OBJTOP] + [str(a) for a in args],
                             stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE)
        self.addCleanup(p.stderr.close)
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        return p

    def goes_on(self, rounds=50):
        """Its loop comes round, whatever we wait for."""
        start = self.target.ask()
        harness.wait_for(lambda: self.target.ask() > start + rounds,
                         what="the target's loop")

    def left_alone(self):
        harness.wait_for(lambda: not clones(self.target.pid), 20,
                         "the clone to be gone")
        harness.wait_for(lambda: (self.target.threads(), self.target.fds()) ==
                         self.before, 20, "threads and files as before")
        self.goes_on(5)

    def test_progress_has_an_amount(self):
        code, _, err = objtop("snapshot", "-o", self.path, self.target.pid)
        self.assertEqual(code, 0, err)
        seen, total = [], 0
        for e in events(stream_of(self.path)):
            if isinstance(e, Progress):
                seen.append(e)
            elif isinstance(e, End):
                total = e.objects
        self.assertGreater(len(seen), 5)
        self.assertEqual([p.done for p in seen], sorted(p.done for p in seen))
        for p in seen:
            self.assertGreater(p.estimate, total / 2)
            self.assertLess(p.estimate, total * 2)
        self.assertLess(abs(seen[-1].estimate - total), total / 10)

    def test_viewer_that_stops_reading(self):
        """The target never waits for it, and the clone does not stay."""
        viewer = self.start("snapshot", "-o", self.path, "--timeout", "4s",
                            self.target.pid)
        harness.wait_for(lambda: clones(self.target.pid), what="a clone")
        viewer.send_signal(signal.SIGSTOP)
        self.goes_on()
        harness.wait_for(lambda: not clones(self.target.pid), 20,
                         "the clone to be gone")
        self.goes_on()
        # Within its time and some grace the agent gives the viewer up.
        self.left_alone()
        viewer.send_signal(signal.SIGCONT)
        self.assertEqual(viewer.wait(30), 1, viewer.stderr.read())
        self.assertEqual(os.listdir(self.tmp.name), [])
        self.assertEqual(objtop("types", self.target.pid)[0], 0)

    def test_interrupt(self):
        """Ctrl-C while the clone walks: it ends, and nothing is left."""
        pid = self.target.pid
        for command in (["snapshot", "-o", self.path, pid],
                        ["path", pid, "Thing#5"]):
            viewer = self.start(*command)
            harness.wait_for(lambda: clones(self.target.pid), what="a clone")
            viewer.send_signal(signal.SIGINT)
            self.assertEqual(viewer.wait(20), 130, viewer.stderr.read())
            self.left_alone()
            self.assertEqual(os.listdir(self.tmp.name), [])

    def test_two_at_once(self):
        """The second waits for the first, or says who is in the way."""
        first = self.start("snapshot", "-o", self.path, self.target.pid)
        harness.wait_for(lambda: clones(self.target.pid), what="a clone")
        first.send_signal(signal.SIGSTOP)
        code, _, err = objtop("types", self.target.pid, "--timeout", "1s")
        self.assertEqual(code, 3, err)
        self.assertEqual(len(err.splitlines()), 1, err)
        self.assertIn("another objtop", err)
        first.send_signal(signal.SIGCONT)
        second = self.start("types", self.target.pid, "--timeout", "30s")
        self.assertEqual(second.wait(60), 0, second.stderr.read())
        self.assertEqual(first.wait(60), 0, first.stderr.read())
        self.left_alone()


if __name__ == "__main__":
    harness.main()
