# SPDX-License-Identifier: MIT
"""Reads a .heapsnapshot as DevTools do, and computes dominators in the plain
way (Cooper, Harvey, Kennedy: iterate to a fixed point), to compare with."""

import json

ROOT = 0


class HeapSnapshot:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
        meta = data["snapshot"]["meta"]
        self.strings = data["strings"]
        fields = meta["node_fields"]
        self.width = len(fields)
        nodes = data["nodes"]
        column = lambda name: nodes[fields.index(name)::self.width]
        self.types = [meta["node_types"][0][t] for t in column("type")]
        self.names = [self.strings[i] for i in column("name")]
        self.ids = column("id")
        self.sizes = column("self_size")
        self.counts = column("edge_count")
        edge_types = meta["edge_types"][0]
        edges = data["edges"]
        self.edges = []         # of each node: (type, name, to)
        at = 0
        for count in self.counts:
            mine = []
            for i in range(at, at + 3 * count, 3):
                kind = edge_types[edges[i]]
                name = (edges[i + 1] if kind in ("element", "hidden")
                        else self.strings[edges[i + 1]])
                assert edges[i + 2] % self.width == 0, edges[i + 2]
                mine.append((kind, name, edges[i + 2] // self.width))
            self.edges.append(mine)
            at += 3 * count
        assert at == len(edges), (at, len(edges))
        assert len(self.types) == data["snapshot"]["node_count"]
        assert len(edges) == 3 * data["snapshot"]["edge_count"]
        assert len(set(self.ids)) == len(self.ids)
        for numbers in nodes, edges:
            assert min(numbers) >= 0 and max(numbers) < 2 ** 32

    def child(self, node, name):
        """The node below `node` that has the name."""
        found = {to for _, _, to in self.edges[node]
                 if self.names[to] == name}
        assert len(found) == 1, (name, found)
        return found.pop()

    def keepers(self, node):
        """Edges that keep their target alive, as DevTools have it."""
        return [to for kind, _, to in self.edges[node]
                if kind != "weak" and to != node and
                (kind != "shortcut" or node == ROOT)]

    def retained(self):
        """Retained size of every node; None: not reached."""
        number, order = {ROOT: 0}, []
        stack = [(ROOT, iter(self.keepers(ROOT)))]
        while stack:
            node, rest = stack[-1]
            for to in rest:
                if to not in number:
                    number[to] = 0
                    stack.append((to, iter(self.keepers(to))))
                    break
            else:
                order.append(stack.pop()[0])
        order.reverse()
        number = {node: i for i, node in enumerate(order)}
        before = [[] for _ in order]
        for node in order:
            for to in self.keepers(node):
                before[number[to]].append(number[node])
        idom = [None] * len(order)
        idom[0] = 0
        changed = True
        while changed:
            changed = False
            for w in range(1, len(order)):
                new = None
                for v in before[w]:
                    if idom[v] is None:
                        continue
                    if new is None:
                        new = v
                    while new != v:
                        if v > new:
                            v = idom[v]
                        else:
                            new = idom[new]
                if idom[w] != new:
                    idom[w] = new
                    changed = True
        sums = [self.sizes[node] for node in order]
        for w in range(len(order) - 1, 0, -1):
            sums[idom[w]] += sums[w]
        result = [None] * len(self.types)
        for w, node in enumerate(order):
            result[node] = sums[w]
        return result
