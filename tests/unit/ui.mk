# SPDX-License-Identifier: MIT
check_PROGRAMS += tests/unit/t_ui
TESTS += tests/unit/t_ui

tests_unit_t_ui_SOURCES = \
	tests/unit/t_ui.c tests/unit/t_ui.h \
	tests/unit/t_ui_live.c \
	tests/unit/t_ui_screens.c \
	tests/unit/t_ui_typing.c \
	tests/unit/t_ui_views.c \
	tests/unit/t_ui_widgets.c
tests_unit_t_ui_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_t_ui_LDADD = inspector/ui/libui.la graph/libgraph.la \
	runtime/synth/libsynth.la wire/libwire.la base/libbase.la \
	$(CHECK_LIBS)

# UI_UPDATE_SCREENS=1 ./t_ui writes them anew.
EXTRA_DIST += $(srcdir)/tests/screens/*.txt
