# SPDX-License-Identifier: MIT
# The terminal UI and its views: one library, two folders.
noinst_LTLIBRARIES += inspector/ui/libui.la

inspector_ui_libui_la_SOURCES = \
	inspector/ui/actions.c inspector/ui/actions.def \
	inspector/ui/actions.h \
	inspector/ui/cells.c inspector/ui/cells.h \
	inspector/ui/job.c inspector/ui/job.h \
	inspector/ui/keys.c inspector/ui/keys.h \
	inspector/ui/loop.c inspector/ui/loop.h \
	inspector/ui/popup.c inspector/ui/popup.h \
	inspector/ui/prompt.c inspector/ui/prompt.h \
	inspector/ui/screen.c inspector/ui/screen.h \
	inspector/ui/spark.c inspector/ui/spark.h \
	inspector/ui/style.def \
	inspector/ui/table.c inspector/ui/table.h \
	inspector/ui/table_draw.c \
	inspector/ui/table_order.c inspector/ui/table_priv.h \
	inspector/ui/table_sort.c \
	inspector/ui/times.c inspector/ui/times.h \
	inspector/ui/tree.c inspector/ui/tree.h \
	inspector/ui/ui.c inspector/ui/ui.h inspector/ui/ui_priv.h \
	inspector/ui/ui_draw.c \
	inspector/ui/ui_effect.c \
	inspector/ui/ui_keys.c \
	inspector/ui/ui_mouse.c \
	inspector/ui/ui_say.c \
	inspector/ui/view.h \
	inspector/views/command.c \
	inspector/views/edge_kids.c inspector/views/edge_kids.h \
	inspector/views/edge_picture.c \
	inspector/views/edge_tree.c inspector/views/edge_tree.h \
	inspector/views/facts.c inspector/views/facts.h \
	inspector/views/header.c \
	inspector/views/live.c inspector/views/live.h \
	inspector/views/v_analysis.c \
	inspector/views/v_backrefs.c \
	inspector/views/v_gc.c \
	inspector/views/v_cycle.c \
	inspector/views/v_cycles.c \
	inspector/views/v_dominators.c \
	inspector/views/v_instances.c \
	inspector/views/v_object.c \
	inspector/views/v_paths.c \
	inspector/views/v_picker.c \
	inspector/views/v_refs.c \
	inspector/views/since.c inspector/views/since.h \
	inspector/views/v_growth.c \
	inspector/views/v_types.c \
	inspector/views/view_picture.c \
	inspector/views/views.c inspector/views/views.def \
	inspector/views/views.h
inspector_ui_libui_la_CFLAGS = $(AM_CFLAGS) $(NCURSES_CFLAGS)
inspector_ui_libui_la_LIBADD = $(NCURSES_LIBS) -lpthread -lm
