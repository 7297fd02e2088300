# SPDX-License-Identifier: MIT
"""A strict reader of what objtop writes for Prometheus."""

import re

SAMPLE = re.compile(r'(objtop_[a-z_]+)(?:\{(.*)\})? ([0-9.]+)$')
LABEL = re.compile(r'([a-z]+)="((?:[^"\\]|\\["\\])*)"(?:,|$)')


def parse(text, openmetrics=True):
    """name -> {labels: value}; labels as sorted pairs."""
    lines = text.split("\n")
    assert lines.pop() == ""
    if openmetrics:
        assert lines.pop() == "# EOF"
    family, kind, seen, figures = None, None, set(), {}
    for line in lines:
        assert line.isprintable(), repr(line)
        if line.startswith("# HELP "):
            family = line.split(" ")[2]
            assert family not in seen, family
            seen.add(family)
            continue
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name == family and kind in ("gauge", "counter"), line
            continue
        name, labels, value = SAMPLE.match(line).groups()
        suffix = "_total" if kind == "counter" and openmetrics else ""
        assert name == family + suffix, line
        assert name.endswith("_total") == (kind == "counter"), line
        pairs, at = [], 0
        while at < len(labels):
            found = LABEL.match(labels, at)
            assert found, line
            pairs.append((found.group(1), re.sub(r"\\(.)", r"\1",
                                                 found.group(2))))
            at = found.end()
        key = tuple(sorted(pairs))
        assert key not in figures.setdefault(name, {}), line
        figures[name][key] = float(value)
    return figures
