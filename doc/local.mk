# SPDX-License-Identifier: MIT
dist_man_MANS += doc/objtop.1
EXTRA_DIST += README.md ARCHITECTURE.md NEWS.md LICENSE autogen.sh \
	doc/howto/add-a-command.md doc/howto/add-an-analysis.md \
	doc/howto/add-a-view.md doc/howto/add-a-cpython-version.md \
	doc/howto/publish-a-heap.md
