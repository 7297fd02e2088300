/* SPDX-License-Identifier: MIT */
/*
 * times.h - how long it took from a key to the frame that shows what it did,
 * by action; for `make bench` and whoever wants to know.
 *
 * OBJTOP_UI_TIMES=FILE turns it on: when the UI ends FILE has a line
 * "ACTION keys median_us p99_us max_us" for each action that was used.
 */
#ifndef UI_TIMES_H
#define UI_TIMES_H

#include <stdint.h>

#include "inspector/ui/actions.h"

struct ui_times;

struct ui_times *ui_times_new(void);	/* NULL: not asked for */
/* A key came in; several before one frame count from the first. */
void ui_times_key(struct ui_times *t, enum ui_action a, uint64_t came_us);
void ui_times_drawn(struct ui_times *t);
void ui_times_end(struct ui_times *t);	/* writes the file; NULL ok */

#endif
