# SPDX-License-Identifier: MIT
"""metrics: scrapes, and clients that mean no good."""

import contextlib
import os
import re
import signal
import socket
import stat
import subprocess
import tempfile
import unittest

import harness
from harness import Target, objtop, wait_for
from openmetrics import parse

SCENE = """
    import json, sys
    class Thing: pass
    things = [Thing() for n in range(int(sys.argv[1]))]
    print("{}", flush=True)
    for line in sys.stdin:
        things.extend(Thing() for n in range(100))
        print("{}", flush=True)
"""
PYTHON = harness.NATIVE[-1][1]
GET = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"


def setUpModule():
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)


class Server:
    """objtop metrics, or run --serve-metrics, until it is told to end."""

    def __init__(self, *args, where="127.0.0.1:0", command="metrics",
                 option="--listen"):
        self.process = subprocess.Popen(
            [harness.OBJTOP, command, option, where, "--interval", "100ms"] +
            [str(a) for a in args], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        said = self.process.stderr.readline().decode()
        found = re.search(r"metrics at (?:http://([^:]*):(\d+)/|unix:(.*))",
                          said)
        assert found, said + self.process.stderr.read().decode()
        self.address = found.group(3) or (found.group(1),
                                          int(found.group(2)))

    def connect(self):
        family = (socket.AF_UNIX if isinstance(self.address, str)
                  else socket.AF_INET)
        client = socket.socket(family, socket.SOCK_STREAM)
        client.settimeout(20)
        client.connect(self.address)
        return client

    def ask(self, request=GET):
        """Gives (head, body)."""
        with self.connect() as client:
            client.sendall(request)
            return read_all(client)

    def scrape(self, openmetrics=False):
        head, body = self.ask(
            GET[:-2] + b"Accept: application/openmetrics-text\r\n\r\n"
            if openmetrics else GET)
        assert head.startswith("HTTP/1.1 200 OK\r\n"), head
        assert ("openmetrics" in head) == openmetrics, head
        return parse(body, openmetrics)

    def end(self):
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(20)
        return code, self.process.stderr.read().decode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(20)
        for stream in (self.process.stdin, self.process.stdout,
                       self.process.stderr):
            stream.close()


def read_all(client):
    data = b""
    while True:
        piece = client.recv(65536)
        if not piece:
            break
        data += piece
    head, _, body = data.decode().partition("\r\n\r\n")
    length = re.search(r"Content-Length: (\d+)", head)
    if body:
        assert int(length.group(1)) == len(body.encode()), head
    return head, body


def things(figures, pid):
    return figures.get("objtop_type_objects", {}).get(
        (("pid", str(pid)), ("type", "Thing")), 0)


def up(figures):
    return {dict(k)["pid"]: v for k, v in figures["objtop_up"].items()}


class Scrapes(unittest.TestCase):
    def test_one_process(self):
        with Target(PYTHON, SCENE, ["300"]) as target, \
                Server(target.pid, "-n", "0") as server:
            wait_for(lambda: things(server.scrape(), target.pid) == 300)
            target.ask()
            wait_for(lambda: things(server.scrape(True), target.pid) == 400)
            figures = server.scrape()
            self.assertEqual(up(figures), {str(target.pid): 1})
            key = (("pid", str(target.pid)),)
            self.assertGreater(figures["objtop_resident_bytes"][key], 1 << 20)
            self.assertGreater(figures["objtop_snapshots_total"][key], 1)
            self.assertLess(figures["objtop_snapshot_age_seconds"][key], 60)
            target.stop()
            # it ends with its process
            self.assertEqual(server.process.wait(20), 0)

    def test_ctrl_c(self):
        with Target(PYTHON, SCENE, ["3"]) as target, \
                Server(target.pid) as server:
            self.assertEqual(server.end()[0], 130)
            target.ask()
            self.assertEqual(len(target.threads()), 1)

    def test_several_come_and_go(self):
        name = "objtop-metrics-%d" % os.getpid()
        with contextlib.ExitStack() as stack:
            one, two = [stack.enter_context(Target(
                PYTHON, SCENE, ["40", name])) for _ in range(2)]
            server = stack.enter_context(Server("--name", name, "--all",
                                                "-n", "0"))
            wait_for(lambda: all(things(server.scrape(), t.pid) == 40
                                 for t in (one, two)))
            one.stop()
            wait_for(lambda: up(server.scrape()) ==
                     {str(one.pid): 0, str(two.pid): 1})
            self.assertEqual(things(server.scrape(), one.pid), 0)
            three = stack.enter_context(Target(PYTHON, SCENE, ["60", name]))
            wait_for(lambda: things(server.scrape(), three.pid) == 60, 40)

    def test_unix_socket(self):
        with tempfile.TemporaryDirectory() as tmp, \
                Target(PYTHON, SCENE, ["5"]) as target:
            path = os.path.join(tmp, "m.sock")
            with Server(target.pid, where="unix:" + path) as server:
                self.assertEqual(
                    stat.S_IMODE(os.stat(path).st_mode) & 0o077, 0)
                self.assertEqual(up(server.scrape()), {str(target.pid): 1})
                # taken: refused, and left as it is
                code, _, err = objtop("metrics", target.pid, "--listen",
                                      "unix:" + path)
                self.assertEqual(code, 1, err)
                self.assertIn("Address already in use", err)
                server.scrape()
                server.process.kill()
                server.process.wait(20)
            # what a killed one left is no obstacle
            with Server(target.pid, where="unix:" + path) as server:
                server.scrape()
                self.assertEqual(server.end()[0], 130)
            self.assertEqual(os.listdir(tmp), [])

    def test_a_file_is_no_obstacle_to_remove(self):
        with tempfile.TemporaryDirectory() as tmp:
            path = os.path.join(tmp, "precious")
            with open(path, "w") as file:
                file.write("data")
            code, _, _ = objtop("metrics", os.getpid(), "--listen",
                                "unix:" + path)
            self.assertEqual(code, 1)
            self.assertEqual(os.path.getsize(path), 4)

    def test_run(self):
        source = "import sys\nprint('hello', flush=True)\nsys.stdin.read()"
        with Server("--", PYTHON, "-c", source, command="run",
                    option="--serve-metrics") as server:
            wait_for(lambda: server.scrape().get("objtop_heap_objects"))
            server.process.stdin.close()
            self.assertEqual(server.process.wait(20), 0)
            self.assertEqual(server.process.stdout.read(), b"hello\n")

    def test_redacted(self):
        with Target(PYTHON, SCENE, ["5"]) as target:
            for args, there in ((), True), (("--redact",), False):
                with Server(target.pid, *args) as server:
                    wait_for(lambda: server.scrape().get(
                        "objtop_process_info"))
                    self.assertEqual("import json" in server.ask()[1], there)


class Hostile(unittest.TestCase):
    """Whatever comes in, the next scrape is answered."""

    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.target = cls.stack.enter_context(Target(PYTHON, SCENE, ["5"]))
        cls.server = cls.stack.enter_context(Server(cls.target.pid))

    @classmethod
    def tearDownClass(cls):
        cls.stack.close()

    def tearDown(self):
        self.server.scrape()
        self.target.ask()

    def test_requests(self):
        for request, code in (
                (b"GET / HTTP/1.1\r\n\r\n", 200),
                (b"GET /metrics?x=1 HTTP/1.0\n\n", 200),
                (b"GET /metricsx HTTP/1.1\r\n\r\n", 404),
                (b"GET /" + b"a" * 300 + b" HTTP/1.1\r\n\r\n", 400),
                (b"POST /metrics HTTP/1.1\r\nContent-Length: 9\r\n\r\nx", 405),
                (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
                (b"GET /metrics\0 HTTP/1.1\r\n\r\n", 400),
                (b"\xff" * 50 + b"\r\n\r\n", 400),
                (b"GET /metrics SMTP/1.1\r\n\r\n", 400),
                (b"%s%n%s HTTP/1.1\r\n\r\n", 400),
                (b"\r\n\r\n", 400)):
            head, _ = self.server.ask(request)
            self.assertEqual(head.split()[1], str(code), (request, head))
        head, body = self.server.ask(b"HEAD /metrics HTTP/1.1\r\n\r\n")
        self.assertEqual((head.split()[1], body), ("200", ""))

    def test_huge(self):
        with self.server.connect() as client:
            with contextlib.suppress(ConnectionError):
                for _ in range(1000):
                    client.sendall(b"X: " + b"a" * 4000 + b"\r\n")
            with contextlib.suppress(ConnectionError):
                self.assertIn(" 431 ", read_all(client)[0])

    def test_slow_ones_do_not_keep_others_out(self):
        with contextlib.ExitStack() as stack:
            for n in range(60):
                client = stack.enter_context(self.server.connect())
                client.sendall(b"GET /metr"[:n % 9])
            self.server.scrape()

    def test_trickling_is_not_for_ever(self):
        with self.server.connect() as client:
            def gone():
                try:
                    client.sendall(b"a")
                    client.setblocking(False)
                    return client.recv(1) == b""
                except BlockingIOError:
                    return False
                except OSError:
                    return True
                finally:
                    client.settimeout(20)
            wait_for(gone, 30)

    def test_hung_up(self):
        for _ in range(50):
            with self.server.connect() as client:
                client.sendall(GET)
            self.server.connect().close()


class Refusals(unittest.TestCase):
    def test_in_one_line(self):
        for where, code in (("nowhere", 2), ("127.0.0.1:99999", 2),
                            ("example.org:80", 2), ("unix:", 2),
                            ("unix:/nowhere/at/all", 1),
                            ("unix:" + "x" * 200, 2)):
            got, out, err = objtop("metrics", os.getpid(), "--listen", where)
            self.assertEqual((got, out), (code, ""), err)
            self.assertEqual(len(err.strip().splitlines()), 1, err)


if __name__ == "__main__":
    harness.main()
