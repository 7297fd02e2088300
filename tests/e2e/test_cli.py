# SPDX-License-Identifier: MIT
"""The command line's contract: errors, exit codes, formats, files, ends."""

import csv
import io
import json
import os
import pty
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import harness
from harness import OBJTOP, Target, objtop, objtop_json

PYTHON = harness.NATIVE[-1][1] if harness.NATIVE else None

SCENE = """
    import json, sys, time
    class Thing:
        def __init__(self, n): self.n = n
    class Evil:
        def __repr__(self): open("/tmp/objtop-evil", "w"); raise SystemExit
        __str__ = __hash__ = __repr__
        def __eq__(self, other): raise SystemExit
        def __sizeof__(self): raise SystemExit
        def __getattr__(self, name): raise SystemExit
    things = [Thing(n) for n in range(50)]
    evil = [Evil() for _ in range(5)]
    strange = {"esc\\x1b[31m": "\\u202eright", "new\\nline": b"\\x00\\xff"}
    print(json.dumps({"thing": hex(id(things[7])),
                      "strange": hex(id(strange))}), flush=True)
    for line in sys.stdin:
        print("{}", flush=True)
"""


def one_line(self, code, err, expected):
    self.assertEqual(code, expected, err)
    lines = err.strip().splitlines()
    self.assertEqual(len(lines), 1, err)
    self.assertTrue(lines[0].startswith("objtop: "), err)
    return lines[0]


class Refusals(unittest.TestCase):
    def test_no_such_process(self):
        code, _, err = objtop("types", "4194303")
        self.assertIn("4194303", one_line(self, code, err, 3))

    def test_not_a_target(self):
        for word in ("nonsense", "-5", "0", "1e3", "99999999999999999999"):
            code, _, err = objtop("types", "--", word)
            self.assertIn(code, (1, 2, 3), (word, err))
            self.assertEqual(len(err.strip().splitlines()), 1, err)

    def test_process_that_is_no_python(self):
        with subprocess.Popen(["sleep", "60"]) as sleep:
            try:
                code, _, err = objtop("types", sleep.pid)
                self.assertIn("sleep", one_line(self, code, err, 3))
                self.assertIsNone(sleep.poll())
                with open("/proc/%d/stat" % sleep.pid) as stat:
                    self.assertIn(stat.read().split()[2], "RS")
            finally:
                sleep.kill()

    @unittest.skipUnless(os.geteuid() == 0, "needs root to give it up")
    def test_no_permission(self):
        def nobody():
            os.setgid(65534)
            os.setuid(65534)
        with tempfile.TemporaryDirectory() as tmp:
            os.chmod(tmp, 0o755)
            copy = shutil.copy(OBJTOP, os.path.join(tmp, "objtop"))
            with Target(PYTHON, SCENE) as target:
                done = subprocess.run([copy, "types", str(target.pid)],
                                      stdout=subprocess.PIPE, cwd="/",
                                      stderr=subprocess.PIPE, timeout=30,
                                      preexec_fn=nobody)
                line = one_line(self, done.returncode, done.stderr.decode(), 3)
                self.assertIn("sudo", line)
                self.assertEqual(target.state(), "S")
                target.ask()

    def test_stopped_process_stays_stopped(self):
        with Target(PYTHON, SCENE) as target:
            os.kill(target.pid, signal.SIGSTOP)
            harness.wait_for(lambda: target.state() == "T")
            code, _, err = objtop("types", target.pid)
            one_line(self, code, err, 3)
            self.assertEqual(target.state(), "T")
            os.kill(target.pid, signal.SIGCONT)
            target.ask()

    def test_wrong_usage(self):
        for args in (["frobnicate"], ["types"], ["types", "--bogus", "1"],
                     ["show", str(os.getpid())], ["types", "-n", "x", "1"],
                     ["types", "--mode", "sideways", "1"], ["snapshot", "1"],
                     ["completion", "tcsh"], ["run"]):
            code, _, err = objtop(*args)
            self.assertEqual(code, 2, (args, err))
            self.assertTrue(err.startswith("objtop: "), err)

    def test_small_terminal(self):
        """A terminal that is too small: one line, no crash, target untouched."""
        with Target(PYTHON, SCENE) as target:
            pid, fd = pty.fork()
            if pid == 0:
                os.environ.update(TERM="xterm", LINES="10", COLUMNS="40")
                os.execv(OBJTOP, [OBJTOP, str(target.pid)])
            import fcntl
            import struct
            import termios
            fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("4H", 10, 40, 0, 0))
            seen, end = b"", time.monotonic() + 20
            while b"80x24" not in seen and time.monotonic() < end:
                try:
                    seen += os.read(fd, 4096)
                except OSError:
                    break
            self.assertIn(b"80x24", seen)
            os.write(fd, b"q")
            os.close(fd)
            os.waitpid(pid, 0)
            target.ask()


class Files(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.tmp.name, "x.objtop")
        self.target = Target(PYTHON, SCENE)
        code, _, err = objtop("snapshot", "-o", self.path, self.target.pid)
        self.assertEqual(code, 0, err)

    def tearDown(self):
        self.target.stop()
        self.tmp.cleanup()

    def test_truncated_file_opens_as_far_as_it_is_whole(self):
        with open(self.path, "rb") as whole:
            data = whole.read()
        cut = os.path.join(self.tmp.name, "cut.objtop")
        for size in (0, 3, 20, len(data) // 2, len(data) - 3):
            with open(cut, "wb") as out:
                out.write(data[:size])
            code, out, err = objtop("types", cut)
            self.assertIn(code, (0, 1), err)
            if code == 0:
                self.assertIn("ends early", err + out)
            else:
                one_line(self, code, err, 1)

    def test_damaged_file(self):
        with open(self.path, "rb") as whole:
            data = bytearray(whole.read())
        for at in range(0, len(data), max(1, len(data) // 40)):
            broken = bytearray(data)
            broken[at] ^= 0x55
            with open(self.path, "wb") as out:
                out.write(broken)
            code, _, err = objtop("types", self.path)
            self.assertIn(code, (0, 1), err)

    def test_other_file(self):
        code, _, err = objtop("types", os.path.realpath(__file__))
        one_line(self, code, err, 2)
        fake = os.path.join(self.tmp.name, "fake.objtop")
        shutil.copy(__file__, fake)
        code, _, err = objtop("types", fake)
        one_line(self, code, err, 1)

    def test_unwritable_output(self):
        for out in ("/nonexistent/x.objtop", "/proc/x.objtop"):
            code, _, err = objtop("snapshot", "-o", out, self.target.pid)
            self.assertIn(out, one_line(self, code, err, 1))
        for ext in ("svg", "png", "pdf", "dot", "json"):
            out = "/nonexistent/x." + ext
            code, _, err = objtop("backrefs", self.path, "Thing#0", "-o", out)
            self.assertIn(out, one_line(self, code, err, 1))
        code, _, err = objtop("backrefs", self.path, "Thing#0", "-o", "x.gif")
        self.assertIn("svg", one_line(self, code, err, 2))
        self.target.ask()

    def test_full_disk(self):
        code, _, err = objtop("snapshot", "-o", "/dev/full", self.target.pid)
        self.assertEqual(code, 1, err)
        with open("/dev/full", "w") as full:
            done = subprocess.run([OBJTOP, "types", self.path], stdout=full,
                                  stderr=subprocess.PIPE, timeout=30)
        self.assertEqual(done.returncode, 1, done.stderr)

    def test_reader_that_leaves(self):
        done = subprocess.run("%s instances -n 0 %s str | head -n 1" %
                              (OBJTOP, self.path), shell=True,
                              stderr=subprocess.PIPE, stdout=subprocess.PIPE,
                              timeout=30)
        self.assertEqual(done.stderr, b"")

    def test_json_of_every_command(self):
        thing = self.target.facts["thing"]
        keys = {
            ("types",): "type module count bytes tracked",
            ("instances", "Thing"): "address type bytes refcount generation",
            ("show", thing): "address type module bytes refcount explained "
                             "generation tracked frozen immortal "
                             "referents referrers",
            ("refs", thing): "from to edge relation depth",
            ("backrefs", thing): "from to edge relation depth",
            ("path", thing): "chain step address type edge relation root",
        }
        for (command, *objects), wanted in keys.items():
            answer = objtop_json(command, self.path, *objects)
            self.assertEqual(answer["schema"], "objtop/1")
            self.assertEqual(answer["command"], command)
            self.assertTrue(answer["rows"], command)
            have = set().union(*answer["rows"])
            self.assertLessEqual(set(wanted.split()), have, command)
            self.assertEqual(set(answer["target"]) &
                             {"pid", "runtime", "version", "command"},
                             {"pid", "runtime", "version", "command"})
            self.assertLessEqual({"time", "mode", "pause_us", "objects",
                                  "tracked", "edges", "bytes", "seen"},
                                 set(answer["snapshot"]), command)

    def test_csv_and_text_and_json_agree(self):
        rows = objtop_json("types", self.path)["rows"]
        code, out, _ = objtop("types", self.path, "--csv")
        table = list(csv.DictReader(io.StringIO(out)))
        self.assertEqual([r["type"] for r in rows], [r["type"] for r in table])
        self.assertEqual([str(r["count"]) for r in rows],
                         [r["count"] for r in table])
        code, out, _ = objtop("types", self.path, "-n", "0")
        for row in rows:
            self.assertIn("{:,}".format(row["count"]), out)

    def test_sort_filter_limit(self):
        rows = objtop_json("types", self.path, "-s", "bytes", "-n", "5")["rows"]
        self.assertEqual(len(rows), 5)
        sizes = [r["bytes"] for r in rows]
        self.assertEqual(sizes, sorted(sizes, reverse=True))
        rows = objtop_json("types", self.path, "-f", "Thing")["rows"]
        self.assertEqual([r["count"] for r in rows], [50])
        rows = objtop_json("types", self.path, "-f",
                           "!dict and count>=10")["rows"]
        self.assertTrue(all(r["count"] >= 10 and r["type"] != "dict"
                            for r in rows))
        code, _, err = objtop("types", self.path, "-s", "colour")
        self.assertIn("count", one_line(self, code, err, 2))

    def test_hostile_strings_are_escaped(self):
        code, out, err = objtop("refs", self.path,
                                self.target.facts["strange"])
        self.assertEqual(code, 0, err)
        for bad in ("\x1b", "\u202e", "\x00"):
            self.assertNotIn(bad, out)
        self.assertIn("\\x1b", out)

    def test_redacted_snapshot_holds_no_value(self):
        path = os.path.join(self.tmp.name, "r.objtop")
        code, _, err = objtop("snapshot", "--redact", "-o", path,
                              self.target.pid)
        self.assertEqual(code, 0, err)
        addr = self.target.facts["strange"]
        self.assertIn("right", objtop("refs", self.path, addr)[1])
        self.assertNotIn("right", objtop("refs", path, addr)[1])

    def test_no_user_code_runs(self):
        self.assertFalse(os.path.exists("/tmp/objtop-evil"))
        rows = objtop_json("instances", self.target.pid, "Evil")["rows"]
        self.assertEqual(len(rows), 5)
        self.assertFalse(os.path.exists("/tmp/objtop-evil"))
        self.target.ask()

    def test_sizes_that_only_code_knows_are_told_as_unseen(self):
        unseen = objtop_json("types", self.path)["snapshot"]["unseen"]
        self.assertIn("__sizeof__", str(unseen))
        self.assertIn("(5)", str(unseen))

    def test_unknown_object(self):
        for word in ("NoSuchType", "0x10", "Thing#50", "Thing#x"):
            code, _, err = objtop("show", self.path, word)
            self.assertIn(code, (1, 2), err)
            self.assertEqual(len(err.strip().splitlines()), 1, err)


class Ends(unittest.TestCase):
    def test_modes(self):
        with Target(PYTHON, SCENE) as target:
            for mode in ("fork", "pause"):
                answer = objtop_json("types", target.pid, "--mode", mode)
                self.assertEqual(answer["snapshot"]["mode"], mode)
                counts = {r["type"]: r["count"] for r in answer["rows"]}
                self.assertEqual(counts["Thing"], 50)
            target.ask()

    def test_detach_leaves_nothing(self):
        with Target(PYTHON, SCENE) as target:
            before = target.threads(), target.fds()
            for _ in range(5):
                objtop_json("types", target.pid)
            code, _, err = objtop("detach", target.pid)
            self.assertEqual(code, 0, err)
            self.assertEqual((target.threads(), target.fds()), before)
            with open("/proc/%d/maps" % target.pid) as maps:
                agents = {line.split()[4] for line in maps
                          if "objtop-agent" in line}
            self.assertLessEqual(len(agents), 1)
            target.ask()

    def test_killed_inspector(self):
        with Target(PYTHON, SCENE) as target:
            before = target.threads(), target.fds()
            for delay in (0.0, 0.005, 0.02, 0.1):
                tool = subprocess.Popen(
                    [OBJTOP, "snapshot", "-o", "/dev/null", str(target.pid)],
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                time.sleep(delay)
                tool.send_signal(signal.SIGINT)
                tool.wait(20)
                target.ask()
            harness.wait_for(lambda: (target.threads(), target.fds()) == before,
                             what="threads and files as before")

    def test_target_that_dies(self):
        with Target(PYTHON, SCENE) as target:
            tool = subprocess.Popen(
                [OBJTOP, "snapshot", "-o", "/dev/null", str(target.pid)],
                stderr=subprocess.PIPE)
            target.process.kill()
            _, err = tool.communicate(timeout=30)
            self.assertIn(tool.returncode, (0, 1, 3), err)

    def test_target_that_closes_all_files(self):
        """Its own new files get our number: they are left alone."""
        scene = """
            import json, os, sys, time
            print(json.dumps({}), flush=True)
            sys.stdin.readline()
            mine = [int(f) for f in os.listdir("/proc/self/fd")]
            os.closerange(3, 200)
            import socket
            socket.setdefaulttimeout(5)
            pairs = [socket.socketpair() for _ in range(5)]
            for one, other in pairs:
                one.send(b"precious"), other.send(b"precious")
            print(json.dumps(max(mine)), flush=True)
            sys.stdin.readline()
            kept = [end.recv(100).decode() for pair in pairs for end in pair]
            print(json.dumps(kept), flush=True)
            sys.stdin.readline()
        """
        with Target(PYTHON, scene) as target:
            pid, fd = pty.fork()
            if pid == 0:
                os.environ.update(TERM="xterm")
                os.execv(OBJTOP, [OBJTOP, str(target.pid)])
            harness.wait_for(lambda: len(target.threads()) > 1,
                             what="the agent")
            target.ask()
            time.sleep(2.5)     # two samples are asked for meanwhile
            self.assertEqual(target.ask(), ["precious"] * 10)
            harness.wait_for(lambda: len(target.threads()) == 1,
                             what="the agent's leaving")
            os.close(fd)
            os.waitpid(pid, 0)

    def test_run(self):
        with tempfile.TemporaryDirectory() as tmp:
            path = os.path.join(tmp, "run.objtop")
            program = ("class Kept: pass\n"
                       "kept = [Kept() for _ in range(321)]\n"
                       "import os, sys\n"
                       "assert 'objtop' not in os.environ.get('LD_PRELOAD','')\n"
                       "print('worked', flush=True)\n"
                       "sys.exit(7)\n")
            for minor, python in harness.INTERPRETERS:
                with self.subTest(python=python):
                    code, out, err = objtop("run", "-o", path, "--", python,
                                            "-c", program)
                    self.assertEqual(code, 7, err)
                    self.assertIn("worked", out)
                    rows = objtop_json("types", path, "-f", "Kept")["rows"]
                    self.assertEqual([r["count"] for r in rows], [321])
                    os.unlink(path)

    def test_run_through_a_script(self):
        """A script that works first and then becomes the interpreter."""
        with tempfile.TemporaryDirectory() as tmp:
            path = os.path.join(tmp, "run.objtop")
            code, out, err = objtop(
                "run", "-o", path, "--", "/bin/sh", "-c",
                "sleep 0.3; exec %s -c 'x = 1; print(6 * 7)'" % PYTHON)
            self.assertEqual((code, out.strip()), (0, "42"), err)
            self.assertTrue(os.path.exists(path))
            # time limits are for those who ask; nothing is killed
            code, out, err = objtop("run", "-o", path, "--timeout", "0.2",
                                    "--", "/bin/sh", "-c", "sleep 1; echo on")
            self.assertEqual(code, 3, err)
            self.assertIn("goes on", err)

    def test_demo_without_terminal(self):
        with tempfile.TemporaryDirectory() as tmp:
            code, out, err = objtop("demo", cwd=tmp, timeout=120)
            self.assertEqual(code, 0, err)
            self.assertIn("Session", out)
            with open(os.path.join(tmp, "objtop-demo.svg")) as svg:
                self.assertIn("_sessions", svg.read())

    def test_help_and_version(self):
        code, out, _ = objtop("help")
        self.assertEqual(code, 0)
        for word in ("types", "backrefs", "snapshot", "--json"):
            self.assertIn(word, out)
        self.assertEqual(objtop("--version")[0], 0)
        self.assertEqual(objtop("--help")[0], 0)
        self.assertEqual(objtop("help", "path")[0], 0)
        for shell in ("bash", "zsh", "fish"):
            code, out, _ = objtop("completion", shell)
            self.assertEqual(code, 0)
            self.assertIn("backrefs", out)

    def test_ps(self):
        with Target(PYTHON, SCENE) as target:
            rows = objtop_json("ps")["rows"]
            row = [r for r in rows if r["pid"] == target.pid][0]
            self.assertEqual(row["runtime"], "cpython")
            self.assertIn("ptrace", json.dumps(row))
            self.assertEqual(objtop("ps")[0], 0)

    def test_by_name(self):
        with Target(PYTHON, SCENE, ["marker-one"]) as one, \
                Target(PYTHON, SCENE, ["marker-two"]):
            answer = objtop_json("types", "--name", "marker-one")
            self.assertEqual(answer["target"]["pid"], one.pid)
            code, _, err = objtop("types", "--name", "marker-")
            self.assertEqual(code, 2)
            self.assertIn(str(one.pid), err)


class CHeap(unittest.TestCase):
    def test_heap_of_a_c_program(self):
        """A C program that publishes its heap is a target like any other."""
        program = os.path.join(os.environ.get("builddir", "."),
                               "tests/e2e/cheap")
        with subprocess.Popen([program], stdout=subprocess.PIPE,
                              stdin=subprocess.PIPE) as process:
            try:
                process.stdout.readline()
                answer = objtop_json("types", process.pid)
                self.assertEqual(answer["target"]["runtime"], "cheap")
                self.assertTrue(answer["rows"])
                biggest = answer["rows"][0]["type"]
                self.assertTrue(objtop_json("instances", process.pid, biggest,
                                            "-n", "3")["rows"])
                self.assertTrue(objtop_json("path", process.pid,
                                            biggest + "#0")["rows"])
                self.assertIsNone(process.poll())
            finally:
                process.kill()


if __name__ == "__main__":
    harness.main()
