# SPDX-License-Identifier: MIT
"""A process to be measured: a heap, a probe, and orders by standard input.

    target.py MILLIONS [--aged] [--library REFERENCE.so]

The main thread does units of work of some 55 us and looks at the clock after
each: its longest gap is how long the program stood still, its rate tells what
was lost.  A side thread takes orders, one JSON object a line, and answers each
with a line: what runs in the process (objgraph, gc.collect, the reference
walk) runs there, as in a debug console.
"""

import argparse
import ctypes
import gc
import json
import sys
import threading
import time

import heap

clock = time.perf_counter_ns


class Probe:
    def __init__(self):
        self.idle = False
        self.mark()

    def mark(self):
        self.start, self.units, self.longest, self.lost = clock(), 0, 0, 0

    def run(self):
        table, before = {}, clock()
        while True:
            if self.idle:
                time.sleep(0.01)
                before = clock()
                continue
            s = 1
            for i in range(900):
                s += i * 3 ^ s & 1023
                table[i & 63] = s
            now = clock()
            gap, before = now - before, now
            self.units += 1
            if gap > self.longest:
                self.longest = gap
            if gap > 5000000:
                self.lost += gap

    def stat(self):
        seconds = (clock() - self.start) / 1e9
        return {"rate": self.units / seconds,
                "longest_ms": self.longest / 1e6, "lost_ms": self.lost / 1e6}


class Orders:
    """An order is a method; what it returns is the answer."""

    def __init__(self, probe, library):
        self.probe = probe
        self.library = library and ctypes.PyDLL(library)

    def idle(self, on):
        self.probe.idle = on

    def mark(self):
        self.probe.mark()

    def stat(self):
        return self.probe.stat()

    def clone(self):
        if not self.library:
            return None
        self.library.bare_clone.restype = ctypes.c_int64
        ns = self.library.bare_clone()
        return ns / 1e6 if ns >= 0 else None

    def walk(self):
        if not self.library:
            return None
        counts = (ctypes.c_uint64 * 3)()
        if self.library.reference_walk(counts):
            return None
        return {"ms": counts[0] / 1e6, "objects": counts[1],
                "edges": counts[2]}

    def collect(self):
        start = clock()
        gc.collect()
        return (clock() - start) / 1e6

    def objgraph(self, function):
        import io
        import objgraph

        start = clock()
        if function == "typestats":
            objgraph.typestats()
        elif function == "growth":
            objgraph.growth()
        elif function == "backrefs":
            objgraph.show_backrefs(objgraph.by_type("Needle")[:1], max_depth=3,
                                   output=io.StringIO())
        elif function == "chain":
            objgraph.find_backref_chain(objgraph.by_type("Needle")[0],
                                        objgraph.is_proper_module)
        return (clock() - start) / 1e6


def serve(orders):
    print(json.dumps({"ready": True, "version": sys.version.split()[0]}),
          flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        name = order.pop("do")
        try:
            answer = {"value": getattr(orders, name)(**order)}
        except Exception as e:      # a peer that is not there, say
            answer = {"error": "%s: %s" % (type(e).__name__, e)}
        print(json.dumps(answer), flush=True)
    import os
    os._exit(0)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("millions", type=float)
    parser.add_argument("--aged", action="store_true")
    parser.add_argument("--library")
    options = parser.parse_args()
    root = heap.build(options.millions, options.aged)
    probe = Probe()
    threading.Thread(target=serve, daemon=True, args=(
        Orders(probe, options.library),)).start()
    probe.run()
    return root


if __name__ == "__main__":
    main()
