# SPDX-License-Identifier: MIT
# The terminal UI in a real terminal; skips itself where tmux is missing.
TESTS += tests/e2e/test_tmux.py
EXTRA_DIST += tests/e2e/test_tmux.py
