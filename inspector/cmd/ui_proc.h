/* SPDX-License-Identifier: MIT */
/*
 * ui_proc.h - the little the UI asks of /proc, and of the desktop.
 */
#ifndef CMD_UI_PROC_H
#define CMD_UI_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Resident bytes and seconds since its start; false: it is gone. */
bool ui_proc_read(pid_t pid, uint64_t *rss, uint64_t *uptime_s);

/*
 * Shows a file with xdg-open where there is a display; false: there is none.
 * *child is to be given to ui_proc_reap() now and then until that is 0.
 */
bool ui_proc_show(const char *path, pid_t *child);
void ui_proc_reap(pid_t *child);

#endif
