# SPDX-License-Identifier: MIT
"""A reader of snapshot files, written from objtop-wire(7) and nothing else.

It shares no code with objtop, so that the page is tested by it: whatever the
page does not tell, it cannot read.  Gives all events of a stream as tuples.
"""

import collections
import ctypes
import itertools
import struct

MARK = b"objtop\r\n"
FILE_HEAD = struct.pack("<II", 0x184d2a5e, 8) + MARK
VERSION = 2
(HELLO, BEGIN, KIND, NAME, HEAP, ROOT, ROOTREFS, COUNTS, UNSEEN, PROGRESS, END,
 ERROR) = range(1, 13)
COLUMNS = ("addr", "kind", "flags", "bytes", "extra", "count", "nrefs",
           "textlen", "text", "to", "how", "name")
CONTINUED, MORE = 1, 2
CLASS, TYPE = 64, 10        # of an object; the relation that it stands for
M32, M64 = 0xffffffff, 0xffffffffffffffff

Hello = collections.namedtuple("Hello", "version caps pid runtime "
                               "runtime_version command")
Begin = collections.namedtuple("Begin", "time_ns mode held_ns wait_ns want "
                               "clone_pid")
Kind = collections.namedtuple("Kind", "id addr flags name module")
Name = collections.namedtuple("Name", "id name")
Object = collections.namedtuple("Object", "addr kind flags bytes extra "
                                "refcount text refs")
Ref = collections.namedtuple("Ref", "to relation name_type name")
Root = collections.namedtuple("Root", "kind thread name")
RootRef = collections.namedtuple("RootRef", "to relation name_type name")
Count = collections.namedtuple("Count", "kind count bytes tracked")
Unseen = collections.namedtuple("Unseen", "count reason")
Progress = collections.namedtuple("Progress", "done estimate")
End = collections.namedtuple("End", "objects tracked refs bytes held_ns "
                             "walk_ns")
Error = collections.namedtuple("Error", "code message")


class Damaged(Exception):
    pass


def unzigzag(v):
    return v >> 1 if not v & 1 else -(v >> 1) - 1


class Cursor:
    def __init__(self, data):
        self.data, self.at = data, 0

    def number(self):
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7f) << shift
            if byte < 0x80:
                return value
            shift += 7

    def take(self, n):
        if n > len(self.data) - self.at:
            raise Damaged("%d bytes where %d are left" %
                          (n, len(self.data) - self.at))
        self.at += n
        return bytes(self.data[self.at - n:self.at])

    def string(self):
        return self.take(self.number())

    def address(self, before):
        v = self.number()
        if v == 1:
            return self.number()
        return (before + 8 * unzigzag(v >> 1)) & M64

    def left(self):
        return self.at < len(self.data)


def numbers(c, kind, n):
    """A record that begins with n numbers; the rest are strings."""
    fields = [c.number() for _ in range(n)]
    fields += [c.string() for _ in range(len(kind._fields) - n)]
    return kind(*fields)


def each_number(data):
    """The numbers of a column."""
    value = shift = 0
    for byte in data:
        if byte < 0x80:
            yield value | byte << shift
            value = shift = 0
        else:
            value |= (byte & 0x7f) << shift
            shift += 7
    if shift:
        raise Damaged("a number without its end")


class Heap:
    """The HEAP blocks of one snapshot."""

    def __init__(self, kinds):
        self.kinds = kinds      # their addresses
        self.half = None        # an object whose references go on
        self.index = 0          # that the next one would have

    def block(self, c):
        flags, objects, refs, ncols = (c.number() for _ in range(4))
        sizes = [c.number() for _ in range(ncols)]
        col = {}
        for name, size in zip(COLUMNS, sizes):
            data = c.take(size)
            col[name] = iter(data) if name == "how" else \
                Cursor(data) if name == "text" else \
                itertools.repeat(0, objects) if not size and \
                name in ("extra", "textlen") else each_number(data)
        c.take(sum(sizes[len(COLUMNS):]))
        self.slots = [0] * 1024
        if self.half is not None:
            if not flags & CONTINUED:
                raise Damaged("an object without its end")
            self.refs(col, self.half)
            if objects or not flags & MORE:
                yield self.whole()
        before = 0
        for i in range(objects):
            v = next(col["addr"])
            before = next(col["addr"]) if v == 1 else \
                (before + 8 * unzigzag(v >> 1)) & M64
            text = col["text"].take(next(col["textlen"]))
            self.half = Object(
                before, next(col["kind"]), next(col["flags"]),
                next(col["bytes"]), next(col["extra"]),
                unzigzag(next(col["count"])), text, [])
            if self.half.flags & CLASS and self.kinds[self.half.kind]:
                self.half.refs.append(Ref(self.kinds[self.half.kind], TYPE,
                                          0, None))
            self.index = 0
            self.refs(col, self.half)
            if i + 1 < objects or not flags & MORE:
                yield self.whole()
        for name in COLUMNS:
            left = col[name].left() if name == "text" else \
                next(col[name], None) is not None
            if left:
                raise Damaged("bytes left in the column %s" % name)

    def whole(self):
        o, self.half = self.half, None
        return o

    def refs(self, col, o):
        to, hows, names, slots = col["to"], col["how"], col["name"], self.slots
        of_kind = o.kind * 0x9e3779b1 & M32
        before = o.addr
        for _ in range(next(col["nrefs"])):
            how = next(hows)
            kind, name, key = how >> 6, None, 0
            if kind == 1:
                name = self.index + unzigzag(next(names))
                self.index = name + 1
                key = name if 0 <= name < 32 else 32
            elif kind == 2:
                name = next(names)
                key = name + 64
            slot = (of_kind ^ (how * 0x85ebca6b & M32) ^
                    (key * 0xc2b2ae35 & M32)) >> 22
            v = next(to)
            if v & 3 == 0:
                before = (o.addr + 8 * unzigzag(v >> 2)) & M64
            elif v & 3 == 1:
                before = (before + 8 * unzigzag(v >> 2)) & M64
            else:
                before = slots[slot] if v == 2 else next(to)
            slots[slot] = before
            o.refs.append(Ref(before, how & 63, kind, name))


def root_refs(c):
    to = 0
    while c.left():
        how = c.take(1)[0]
        to = c.address(to)
        name = None
        if how >> 6 == 1:
            name = unzigzag(c.number())
        elif how >> 6 == 2:
            name = c.number()
        yield RootRef(to, how & 63, how >> 6, name)


def frames(stream):
    """(number, payload) of each whole frame; then whether more was there."""
    c = Cursor(stream)
    while c.left():
        try:
            size, number = c.number(), c.number()
            payload = c.take(size)
        except (IndexError, Damaged):
            return              # cut off
        yield number, payload


def events(stream):
    kinds = []
    heap = Heap(kinds)
    for number, payload in frames(stream):
        c = Cursor(payload)
        if number == HELLO:
            if c.take(8) != MARK:
                raise Damaged("no mark")
            yield numbers(c, Hello, 3)
        elif number == BEGIN:
            yield numbers(c, Begin, 6)
        elif number == KIND:
            kind = numbers(c, Kind, 3)
            kinds.append(kind.addr)
            yield kind
        elif number == NAME:
            first = c.number()
            while c.left():
                yield Name(first, c.string())
                first += 1
        elif number == HEAP:
            yield from heap.block(c)
        elif number == ROOT:
            yield numbers(c, Root, 2)
        elif number == ROOTREFS:
            yield from root_refs(c)
        elif number == COUNTS:
            while c.left():
                yield numbers(c, Count, 4)
        elif number == UNSEEN:
            yield numbers(c, Unseen, 1)
        elif number == PROGRESS:
            yield numbers(c, Progress, 2)
        elif number == END:
            yield numbers(c, End, 6)
        elif number == ERROR:
            yield numbers(c, Error, 1)
        else:
            continue            # not known: skipped
        if c.left():
            raise Damaged("bytes left in frame %d" % number)


class Buffer(ctypes.Structure):
    """ZSTD_inBuffer and ZSTD_outBuffer."""
    _fields_ = [("at", ctypes.c_void_p), ("size", ctypes.c_size_t),
                ("pos", ctypes.c_size_t)]


def decompress(data):
    """What is whole of one or more zstd frames."""
    z = ctypes.CDLL("libzstd.so.1")
    z.ZSTD_createDStream.restype = ctypes.c_void_p
    z.ZSTD_decompressStream.restype = ctypes.c_size_t
    z.ZSTD_decompressStream.argtypes = [ctypes.c_void_p,
                                        ctypes.POINTER(Buffer),
                                        ctypes.POINTER(Buffer)]
    z.ZSTD_freeDStream.argtypes = [ctypes.c_void_p]
    stream = z.ZSTD_createDStream()
    source = ctypes.create_string_buffer(data, len(data))
    room = ctypes.create_string_buffer(1 << 20)
    feed = Buffer(ctypes.addressof(source), len(data), 0)
    out = bytearray()
    while True:
        piece = Buffer(ctypes.addressof(room), len(room), 0)
        left = z.ZSTD_decompressStream(stream, piece, feed)
        if z.ZSTD_isError(ctypes.c_size_t(left)):
            raise Damaged("zstd")
        out += room.raw[:piece.pos]
        if piece.pos < len(room) and feed.pos == feed.size:
            break
    z.ZSTD_freeDStream(stream)
    return bytes(out)


def stream_of(path):
    with open(path, "rb") as f:
        data = f.read()
    if data[:16] != FILE_HEAD:
        raise Damaged("no snapshot")
    return decompress(data)


def compress(stream):
    """A snapshot file of that stream."""
    z = ctypes.CDLL("libzstd.so.1")
    z.ZSTD_compressBound.restype = z.ZSTD_compress.restype = ctypes.c_size_t
    room = ctypes.create_string_buffer(
        z.ZSTD_compressBound(ctypes.c_size_t(len(stream))))
    n = z.ZSTD_compress(room, ctypes.c_size_t(len(room)), stream,
                        ctypes.c_size_t(len(stream)), 1)
    return FILE_HEAD + room.raw[:n]


def read(path):
    return list(events(stream_of(path)))
