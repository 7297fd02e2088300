# SPDX-License-Identifier: MIT
# The terminal UI's half of the commands; listed here, built by local.mk.
CMD_UI_SOURCES = \
	inspector/cmd/cmd_ui.c \
	inspector/cmd/ui_export.c \
	inspector/cmd/ui_files.c \
	inspector/cmd/ui_census.c inspector/cmd/ui_census.h \
	inspector/cmd/ui_host.c \
	inspector/cmd/ui_list.c \
	inspector/cmd/ui_load.c \
	inspector/cmd/ui_proc.c inspector/cmd/ui_proc.h \
	inspector/cmd/ui_retained.c \
	inspector/cmd/ui_sample.c inspector/cmd/ui_sample.h \
	inspector/cmd/ui_session.c inspector/cmd/ui_session.h
