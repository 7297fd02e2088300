/* SPDX-License-Identifier: MIT */
/*
 * prompt.h - one line of input with a history.
 */
#ifndef UI_PROMPT_H
#define UI_PROMPT_H

#include "inspector/ui/cells.h"

#define UI_PROMPT_MAX	 512
#define UI_PROMPT_LINES	 32	/* kept of a history */

struct ui_history {
	char *line[UI_PROMPT_LINES];	/* oldest first */
	size_t n;
};

void ui_history_release(struct ui_history *h);
void ui_history_add(struct ui_history *h, const char *line);

enum ui_prompt_end { UI_PROMPT_ON, UI_PROMPT_DONE, UI_PROMPT_CANCELLED };

struct ui_prompt {
	char label[64];
	char text[UI_PROMPT_MAX];	/* NUL-terminated UTF-8 */
	size_t len, at;			/* bytes; at: the cursor */
	struct ui_history *history;	/* not owned */
	size_t recall;			/* line shown; n: the one being typed */
	/* Appends what may follow text[0..at), newline after each; or NULL. */
	void (*complete)(void *ctx, const char *text, struct ot_buf *out);
	void *ctx;
	bool words;			/* a blank goes behind the first one */
	char hint[256];			/* candidates, after Tab */
};

void ui_prompt_start(struct ui_prompt *p, const char *label, const char *text,
		     struct ui_history *history);
enum ui_prompt_end ui_prompt_key(struct ui_prompt *p, uint32_t key);
void ui_prompt_draw(const struct ui_prompt *p, struct ui_cells *c,
		    struct ui_rect r);

#endif
