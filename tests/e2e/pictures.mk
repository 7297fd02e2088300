# SPDX-License-Identifier: MIT
# Pictures, beside objgraph's of the same objects.
TESTS += tests/e2e/test_pictures.py
EXTRA_DIST += tests/e2e/test_pictures.py
