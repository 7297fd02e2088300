# SPDX-License-Identifier: MIT
dist_man_MANS += doc/objtop.1
man_MANS += doc/objtop-wire.7
CLEANFILES += doc/objtop-wire.7
WIRE_PAGE = doc/wire-page.sh doc/objtop-wire.7.in
EXTRA_DIST += $(WIRE_PAGE)

# The protocol's page, from its registries.
doc/objtop-wire.7: $(WIRE_PAGE) wire/frames.def wire/relations.def \
		wire/roots.def wire/columns.def wire/wire.h wire/heap.h
	$(AM_V_at)$(MKDIR_P) doc
	$(AM_V_GEN)$(SHELL) $(srcdir)/doc/wire-page.sh $(srcdir) > $@.part && \
		mv $@.part $@

EXTRA_DIST += README.md ARCHITECTURE.md NEWS.md LICENSE autogen.sh \
	doc/howto/add-a-command.md doc/howto/add-an-analysis.md \
	doc/howto/add-a-view.md doc/howto/add-a-cpython-version.md \
	doc/howto/publish-a-heap.md doc/coming-from.md
