# SPDX-License-Identifier: MIT
# The stream, its file, the clone that it comes from, and what is in it.
STREAM_TESTS = tests/e2e/test_stream.py tests/e2e/test_clone.py \
	tests/e2e/test_library.py
TESTS += $(STREAM_TESTS)
EXTRA_DIST += $(STREAM_TESTS) tests/e2e/wire_reader.py \
	tests/e2e/library_heap.py
tests/e2e/test_stream.log: tests/e2e/attachdrv
