#!/bin/sh
# SPDX-License-Identifier: MIT
# with-python.sh PYTHON TEST...: runs a test written in Python, or skips it.
[ "$1" != no ] || { echo "no python3 here: skipped"; exit 77; }
exec "$@"
