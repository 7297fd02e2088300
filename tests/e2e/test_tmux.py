#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The terminal UI in a real terminal: tmux, the real binary, a Python target.

From the types to a picture of what holds an instance, and out again; then
what a terminal does to a program: other sizes, no colours, no UTF-8, Ctrl-Z,
SIGTERM, and a target that dies.  OBJTOP names the binary (./objtop else).
Exits with 77 where tmux is missing.
"""
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

OBJTOP = os.path.abspath(os.environ.get("OBJTOP", "objtop"))
PATIENCE = 30       # seconds for anything that should happen
SERVICE = """
import sys, time

class Session:
    def __init__(self, number):
        self.token = "token-%d" % number
        self.user = {"id": number}

class Cache:
    def __init__(self):
        self.sessions = {}

cache = Cache()
for number in range(2000):
    cache.sessions["s%d" % number] = Session(number)
print("ready", flush=True)
beat = 0
while True:
    beat += 1
    cache.sessions["t%d" % beat] = Session(beat)
    open(sys.argv[1], "w").write(str(beat))
    time.sleep(0.02)
"""


def wait_for(what, condition):
    """The first true value of condition(); fails after PATIENCE."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError("timed out waiting for " + what)


class Service:
    """A program that leaks; `beat` says that it still runs."""

    def __init__(self, directory):
        self.file = os.path.join(directory, "beat")
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVICE, self.file],
            stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == b"ready\n"

    def beat(self):
        try:
            with open(self.file) as f:
                return int(f.read() or 0)
        except (OSError, ValueError):
            return 0

    def still_runs(self):
        before = self.beat()
        wait_for("the service to go on", lambda: self.beat() > before + 2)

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Terminal:
    """One tmux server of our own with one window."""
    count = 0

    def __init__(self, directory, command, columns=100, rows=30, **env):
        Terminal.count += 1     # a server that ends keeps its socket a while
        self.socket = os.path.join(directory, "tmux%d" % Terminal.count)
        self.status = os.path.join(directory, "status%d" % Terminal.count)
        words = " ".join("%s='%s'" % pair for pair in env.items())
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns),
                  "-y", str(rows), "-c", directory, "/bin/sh")
        self.tmux("set-option", "-g", "remain-on-exit", "on")
        self.keys("stty sane; PS1='$ '; env %s %s; echo $? > %s\n"
                  % (words, command, self.status))

    def tmux(self, *words):
        environ = {k: v for k, v in os.environ.items()
                   if k not in ("TMUX", "NO_COLOR", "LC_ALL", "LANG")}
        environ["LC_CTYPE"] = "C.UTF-8"
        environ.setdefault("TERM", "screen")
        run = subprocess.run(("tmux", "-u", "-S", self.socket) + words,
                             env=environ, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, timeout=PATIENCE)
        if run.returncode != 0:
            raise AssertionError("tmux %s: %s" % (words, run.stderr.decode()))
        return run.stdout.decode("utf-8", "replace")

    def keys(self, text):
        self.tmux("send-keys", "-l", text)

    def press(self, *names):
        self.tmux("send-keys", *names)

    def screen(self, colors=False):
        return self.tmux("capture-pane", "-p", *(["-e"] if colors else []))

    def see(self, *patterns):
        """Waits until all patterns are on the screen; the screen."""
        def seen():
            text = self.screen()
            return text if all(re.search(p, text) for p in patterns) else None
        try:
            return wait_for(repr(patterns), seen)
        except AssertionError as error:
            raise AssertionError("%s; the screen:\n%s"
                                 % (error, self.screen())) from None

    def exit_status(self):
        def ended():
            with contextlib.suppress(OSError):
                with open(self.status) as f:
                    return f.read().strip()
            return None
        return int(wait_for("objtop to end", ended))

    def end(self):
        with contextlib.suppress(AssertionError, subprocess.TimeoutExpired):
            self.tmux("kill-server")


class Tmux(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="objtop-tmux-")
        self.addCleanup(shutil.rmtree, self.directory, True)
        self.service = Service(self.directory)
        self.addCleanup(self.service.end)

    def terminal(self, command="", **more):
        command = "%s %s" % (OBJTOP, command or self.service.process.pid)
        terminal = Terminal(self.directory, command, **more)
        self.addCleanup(terminal.end)
        return terminal

    def leave(self, terminal):
        """q: the shell is back, no agent is left, the service goes on."""
        terminal.press("q")
        self.assertEqual(terminal.exit_status(), 0)
        terminal.see(r"(?m)^\$ *$")
        self.no_agent()
        self.service.still_runs()

    def no_agent(self):
        tasks = "/proc/%d/task" % self.service.process.pid
        wait_for("the agent's thread to end",
                 lambda: len(os.listdir(tasks)) == 1)

    def session(self, terminal):
        """To one instance of Session."""
        terminal.see(r"count▼", r"\bdict\b")
        terminal.keys("/Session")
        terminal.press("Enter")
        terminal.see(r"search Session")
        terminal.press("Enter")
        terminal.see(r"types › Session", r"refcount", r"graph \d+s old")
        terminal.press("Enter")
        terminal.see(r"this object", r"referrers: 1", r"refers to:",
                     r"\.token", r"\.user")

    def test_from_types_to_a_picture(self):
        t = self.terminal()
        self.session(t)
        t.press("b")
        t.see(r"held by +Session", r"\['[st]\d+'\]", r"\.sessions")
        t.press("g")
        text = t.see(r"draw to file: objtop-Session-0x[0-9a-f]+\.svg")
        name = re.search(r"objtop-Session-0x[0-9a-f]+\.svg", text).group()
        t.press("Enter")
        t.see(r"drew \d+ nodes to " + re.escape(name))
        with open(os.path.join(self.directory, name)) as f:
            picture = f.read()
        self.assertIn("<svg", picture)
        self.assertIn("Session", picture)
        t.press("g", "Enter")
        t.see(r"is there already; write over it\? \(y/n\)")
        t.press("n")
        t.see(r"nothing was done")
        t.press("p")
        t.see(r"chain 1 of", r"\['cache'\]", r"\.sessions")
        t.press("h", "h")
        t.see(r"this object")
        self.leave(t)

    def test_live_table_moves(self):
        t = self.terminal()
        first = t.see(r"count▼", r"growing \d+/s")
        t.keys("D")
        t.see(r"sorted by delta")
        self.assertRegex(t.see(r"[▲▴] +Session"), r"\+\d+")
        t.keys("z")
        t.see(r"\[paused\]")
        t.keys("z")
        t.see(r"\[live ")
        self.assertIn("last sample", first)
        self.leave(t)

    def test_collector(self):
        t = self.terminal()
        t.see(r"count▼", r"growing")
        t.keys("7")
        t.see(r"GC: automatic collection is enabled", r"700", r"thresh")
        t.keys("c")
        t.see(r"collect its garbage.*\(y/n\)")
        t.keys("n")
        t.see(r"nothing was done")
        t.keys("cy")
        t.see(r"collected \d+ unreachable objects in")
        self.leave(t)

    def test_snapshot_and_its_file(self):
        t = self.terminal()
        t.see(r"count▼", r"\bdict\b")
        t.press("W")
        t.see(r"write snapshot to file: ")
        t.press("C-u")
        t.keys("heap.objtop\n")
        t.see(r"wrote heap\.objtop")
        self.leave(t)
        t.end()
        t = self.terminal("heap.objtop")
        t.see(r"\[file\]", r"file heap\.objtop")
        t.keys(":path Session#0\n")
        t.see(r"paths to 0x", r"chain 1 of")
        t.press("C-r")
        t.see(r"a file does not change")
        t.press("q")
        self.assertEqual(t.exit_status(), 0)

    def test_table_to_a_file_and_back_to_a_snapshot(self):
        t = self.terminal(columns=120)
        t.see(r"count▼", r"\bdict\b")
        t.keys("T")
        t.see(r"retained▼", r"sorted by retained", r"Cache")
        t.keys("fSession\n")
        t.see(r"filter Session")
        t.keys("e")
        t.see(r"export the table to file: objtop-types\.csv")
        t.press("Enter")
        t.see(r"exported \d+ rows to objtop-types\.csv")
        with open(os.path.join(self.directory, "objtop-types.csv")) as f:
            head, *rows = f.read().splitlines()
        self.assertIn("retained", head.split(","))
        self.assertTrue(all("Session" in row for row in rows), rows)
        t.press("W", "C-u")
        t.keys("heap.objtop\n")
        t.see(r"wrote heap\.objtop")
        t.keys("L")
        t.see(r"load snapshot:")
        t.keys("hea")
        t.press("Tab", "Enter")
        t.see(r"leave PID \d+ for heap\.objtop\? \(y/n\)")
        t.keys("y")
        t.see(r"\[file\]", r"file heap\.objtop", r"\bdict\b")
        self.no_agent()
        self.service.still_runs()
        t.keys("L")
        t.keys("nosuch.objtop\n")
        t.see(r"nosuch\.objtop")
        t.press("q")
        self.assertEqual(t.exit_status(), 0)

    def test_many_of_a_type_are_one_row(self):
        t = self.terminal(columns=120)
        t.see(r"count▼", r"\bdict\b")
        t.keys(":show Cache#0\n")
        t.see(r"this object", r"\.sessions")
        t.keys("/sessions\n")
        t.keys("r")
        t.see(r"refers to +dict", r"▸ [\d,]+ × \S+ +(\S+\.)?Session",
              r"▸ [\d,]+ × key +str")
        t.keys("/Session\n")
        t.press("Space")
        t.see(r"▾ [\d,]+ × ", r"\['s0'\]", r"\d+ more")
        t.keys("g")
        t.see(r"draw to file: ")
        t.press("C-u")
        t.keys("open.dot\n")
        t.see(r"drew (1[0-9]|2[0-9]) nodes to open\.dot")
        with open(os.path.join(self.directory, "open.dot")) as f:
            picture = f.read()
        self.assertRegex(picture, r"\d+ × .*str")
        self.assertRegex(picture, r"\d+ more")
        t.press("Left", "Left")
        t.keys("/Session\n")
        t.keys("x")
        t.see(r"hidden: .*Session; X brings it back", r"\(hidden: 1\)")
        t.keys("X")
        t.see(r"× \S+ +(\S+\.)?Session")
        self.leave(t)

    def test_unknown_keys_do_nothing(self):
        t = self.terminal(TERM="xterm-256color")
        t.see(r"count▼", r"\bdict\b")
        t.keys("\x1b[15;5~\x1b[1;7Q\x1bOz\x1b[?62;4c\x1b[200~")
        t.keys("C")
        t.see(r"sorted by count", r"(?m)^ types  ")
        self.assertNotIn("marked", t.screen())
        self.leave(t)

    def test_mouse(self):
        t = self.terminal(TERM="xterm-256color")
        t.see(r"count▼", r"\bdict\b")
        t.keys("z")             # rows that stay where they are
        t.see(r"\[paused\]")
        lines = t.screen().split("\n")
        row = next(i for i, s in enumerate(lines) if s.endswith(" dict"))
        for _ in range(2):      # selects, then opens
            t.keys("\x1b[<0;20;%dM\x1b[<0;20;%dm" % (row + 1, row + 1))
        t.see(r"types › dict", r"refcount")
        t.keys("\x1b[<0;3;4M\x1b[<0;3;4m")   # the crumb "types"
        t.see(r"count▼")
        self.leave(t)

    def test_terminal_that_goes_away(self):
        t = self.terminal()
        t.see(r"count▼", r"\bdict\b")
        pid = self.objtop_pid()
        t.end()                 # its window closes under it
        wait_for("objtop to end",
                 lambda: not os.path.exists("/proc/%d" % pid))
        self.no_agent()
        self.service.still_runs()

    def test_picker(self):
        t = Terminal(self.directory, OBJTOP)
        self.addCleanup(t.end)
        t.see(r"processes", r"RSS", r"how")
        t.keys("fpid=%d\n" % self.service.process.pid)
        t.see(r"1/1\s")
        t.press("Enter")
        t.see(r"count▼", r"\bdict\b", r"pid %d" % self.service.process.pid)
        self.leave(t)

    def test_sizes(self):
        t = self.terminal()
        t.see(r"count▼")
        t.tmux("resize-window", "-x", "60", "-y", "20")
        t.see(r"objtop needs 80x24, this is 60x20")
        t.tmux("resize-window", "-x", "140", "-y", "40")
        t.see(r"count▼", r"\? help")
        t.tmux("resize-window", "-x", "80", "-y", "24")
        t.see(r"count▼", r"\? help")
        self.leave(t)

    def test_plain_terminals(self):
        t = self.terminal(NO_COLOR="1")
        t.see(r"count▼", r"\bdict\b")
        self.assertNotRegex(t.screen(colors=True), r"\x1b\[[0-9;]*[34][0-7]m")
        self.leave(t)
        t.end()
        t = self.terminal(TERM="vt100", LC_ALL="C")
        text = t.see(r"countv", r"\bdict\b")
        self.assertTrue(text.isascii(), text)
        self.leave(t)
        t.end()
        t = self.terminal(TERM="dumb")
        t.see(r"count +bytes +share", r"\bdict\b")
        self.assertEqual(t.exit_status(), 0)
        self.no_agent()

    def objtop_pid(self):
        def find():
            for pid in filter(str.isdigit, os.listdir("/proc")):
                with contextlib.suppress(OSError):
                    link = "/proc/%s/" % pid
                    if (os.readlink(link + "exe") == OBJTOP and
                            os.readlink(link + "cwd") == self.directory):
                        return int(pid)
            return None
        return wait_for("objtop to start", find)

    def test_stop_and_go_on(self):
        t = self.terminal()
        t.see(r"count▼", r"\bdict\b")
        pid = self.objtop_pid()
        os.kill(pid, signal.SIGTSTP)

        def state():
            with open("/proc/%d/stat" % pid) as f:
                return f.read().rsplit(")", 1)[1].split()[0]
        wait_for("objtop to stop", lambda: state() == "T")
        t.exit_status()
        self.service.still_runs()
        os.unlink(t.status)     # the shell saw its job stop
        t.keys("fg; echo $? > %s\n" % t.status)
        wait_for("objtop to go on", lambda: state() != "T")
        t.see(r"count▼", r"\? help")
        t.keys("?")
        t.see(r"objtop help")
        t.press("Escape")
        self.leave(t)

    def test_signals_restore_the_terminal(self):
        for sig in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            with self.subTest(sig=sig):
                t = self.terminal()
                t.see(r"count▼", r"\bdict\b")
                os.kill(self.objtop_pid(), sig)
                self.assertEqual(t.exit_status(), 130)
                t.keys("stty -a | grep -c ' echo '\n")
                t.see(r"(?m)^1$")
                self.no_agent()
                self.service.still_runs()
                t.end()

    def test_lost_target(self):
        t = self.terminal()
        self.session(t)
        self.service.process.kill()
        t.see(r"lost: last data shown", r"has ended")
        t.press("Escape", "h", "h")
        t.see(r"count▼", r"\bdict\b")
        t.press("End", "Enter")     # the graph is still here
        t.see(r"types › ")
        t.press("C-r")
        t.see(r"nothing to sample")
        t.press("q")
        self.assertEqual(t.exit_status(), 0)


if __name__ == "__main__":
    if shutil.which("tmux") is None:
        print("tmux is missing: the terminal UI was not tried")
        sys.exit(77)
    unittest.main(verbosity=2)
