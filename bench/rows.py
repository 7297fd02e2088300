# SPDX-License-Identifier: MIT
"""The rows of `make bench`: one function each, in the order of the table.

A row is a function of a Bench (bench.py) that yields Line()s.  It takes its
samples and those it stands beside in turns, so that noise of the machine meets
both alike.  A peer that is not there is a Line whose `beside` says so; a row
that cannot be had raises Missing.  To add one, write a function here with
@row, or in a module of its own that bench.py imports.
"""

import os

from bench import Line, Missing, row


@row
def attach(b):
    """From target_attach to the first frame, and the target stopped for it."""
    runs = [b.load("--counts") for _ in range(b.rounds * 3)]
    yield Line("attach, first frame", [r["attach"] / 1e3 for r in runs], "ms",
               reach="15 at the median")
    yield Line("  one thread stopped", [r["stopped"] / 1e3 for r in runs],
               "ms", reach="2 at the median")


@row
def held(b):
    """How long a full snapshot holds the target, beside a clone of it."""
    ours, bare = [], []
    for _ in range(b.rounds * 2):
        bare.append(b.order("clone"))
        ours.append(b.load()["held"] / 1e3)
        bare.append(b.order("clone"))
    yield Line("target held, full snapshot", ours, "ms", "bare clone", bare,
               reach="1.25 x")


@row
def loaded(b):
    """A snapshot's objects and named edges, complete in the viewer."""
    ours, texts, beside, runs = [], [], [], []
    for _ in range(b.rounds):
        walk = b.order("walk")
        clone = b.order("clone")
        beside.append(walk["ms"] + clone)
        runs.append(b.load())
        ours.append((runs[-1]["built"] - runs[-1]["asked"]) / 1e3)
        run = b.load("--text")
        texts.append((run["built"] - run["asked"]) / 1e3)
    n = runs[-1]["objects"]
    yield Line("objects seen", [r["objects"] for r in runs], "",
               "reference walk", [walk["objects"]])
    yield Line("edges seen", [r["edges"] for r in runs], "",
               "reference walk", [walk["edges"]])
    yield Line("complete in the viewer", ours, "ms", "walk + clone", beside,
               reach="2 x")
    yield Line("  of that, the stream", [(r["ended"] - r["asked"]) / 1e3
                                         for r in runs], "ms")
    yield Line("  and the graph", [(r["built"] - r["ended"]) / 1e3
                                   for r in runs], "ms")
    yield Line("complete, with values", texts, "ms", "walk + clone", beside)
    yield Line("viewer at rest, an object", [r["rest"] / n for r in runs],
               "bytes", reach="see below")
    yield Line("  as the graph counts it", [r["graph"] / n for r in runs],
               "bytes")
    yield Line("viewer at its peak, an object", [r["peak"] / n for r in runs],
               "bytes", reach="80")
    yield Line("  with values: at rest", [run["rest"] / n], "bytes")
    yield Line("  with values: peak", [run["peak"] / n], "bytes")


@row
def retained(b):
    """Retained sizes of everything, once a snapshot is there."""
    runs = [b.load("--retained") for _ in range(b.rounds)]
    n = runs[-1]["objects"]
    yield Line("retained sizes of everything",
               [(r["dominated"] - r["built"]) / 1e3 for r in runs], "ms",
               reach="1000 on H10")
    yield Line("  viewer at rest with them, an object",
               [r["rest"] / n for r in runs], "bytes", reach="45")
    yield Line("  at its peak", [r["peak"] / n for r in runs], "bytes",
               reach="80")


@row
def clone_pages(b):
    """Pages that the clone has to itself when the program is idle."""
    share, ring = [], []
    for _ in range(b.rounds):
        run = b.load("--clone")
        share.append(100.0 * run["clone_private"] / b.rss())
        ring.append(100.0 * run["clone_ring"] / b.rss())
    yield Line("clone's private pages, idle", share, "% of RSS", reach="3")
    yield Line("  shared, what the viewer lags behind", ring, "% of RSS")


@row
def file(b):
    """A snapshot file: with values, as `objtop snapshot` writes it."""
    path = os.path.join(b.scratch, "bench.objtop")
    run = b.load()
    both = run["objects"] + run["edges"]
    seconds = []
    for _ in range(b.rounds):
        seconds.append(b.objtop("snapshot", "-q", "--timeout", "5m",
                                "-o", path, b.pid) * 1e3)
    size = os.path.getsize(path)
    b.objtop("snapshot", "-q", "--timeout", "5m", "--redact", "-o", path,
             b.pid)
    yield Line("file, per object and edge", [size / both], "bytes", reach="6")
    yield Line("  without values (--redact)", [os.path.getsize(path) / both],
               "bytes")
    yield Line("  time to write it", seconds, "ms")


@row
def counts(b):
    """`types`: counts of everything, the whole command."""
    ours, peer, why = [], [], None
    for _ in range(b.rounds):
        ours.append(b.objtop("types", "-q", "--timeout", "5m", "-n", "10",
                             b.pid) * 1e3)
        try:
            peer.append(b.order("objgraph", function="typestats"))
        except Missing as e:
            why = str(e)
    yield Line("objtop types, all objects", ours, "ms",
               why or "objgraph.typestats (tracked only)", peer)


@row
def collect(b):
    """What the collector itself takes for a full collection."""
    yield Line("gc.collect(), for scale", [b.order("collect")
                                           for _ in range(b.rounds)], "ms")


@row
def disturbed(b):
    """A program at work: its longest gap and its loss while we look."""
    alone, ours, peer, why = [], [], [], None
    b.order("idle", on=False)
    try:
        for _ in range(b.rounds):
            alone.append(b.window(lambda: None))
            ours.append(b.window(b.load))
            try:
                peer.append(b.window(
                    lambda: b.order("objgraph", function="typestats")))
            except Missing as e:
                why = str(e)
    finally:
        b.order("idle", on=True)
    yield Line("longest gap: full snapshot", [w["longest_ms"] for w in ours],
               "ms", "left alone", [w["longest_ms"] for w in alone])
    yield Line("  objgraph.typestats", [w["longest_ms"] for w in peer], "ms",
               why or "left alone", [w["longest_ms"] for w in alone])
    yield Line("work done: during a snapshot", [w["rate"] for w in ours],
               "units/s", "left alone", [w["rate"] for w in alone])


@row
def picture(b):
    """A picture of who refers to one object, from a snapshot file that is
    opened for it each time, beside objgraph's search in the process (without
    drawing, which it leaves to dot)."""
    path = os.path.join(b.scratch, "picture.objtop")
    out = os.path.join(b.scratch, "picture.svg")
    b.objtop("snapshot", "-o", path, b.pid)
    opened, ours, peer, why = [], [], [], ""
    for _ in range(b.rounds):
        opened.append(b.objtop("show", path, "Needle#0") * 1e3)
        ours.append(b.objtop("backrefs", path, "Needle#0", "--depth", "10",
                             "-o", out) * 1e3)
        try:
            peer.append(b.order("objgraph", function="backrefs"))
        except Missing as e:
            why = str(e)
    yield Line("backrefs --depth 10, drawn", ours, "ms",
               why or "objgraph.show_backrefs, depth 3, not drawn", peer)
    yield Line("  the file opened alone", opened, "ms")
    for width in (40, 220):
        drawn = [b.objtop("refs", path, "dict", "--depth", "2", "--max-width",
                          str(width), "--no-fold", "-o", out) * 1e3
                 for _ in range(b.rounds)]
        with open(out) as svg:
            nodes = svg.read().count('class="node"')
        yield Line("refs of dicts, %d nodes unfolded" % nodes, drawn, "ms")
