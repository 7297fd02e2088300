/* SPDX-License-Identifier: MIT */
/*
 * t_ui.h - the UI without a terminal: keys in, a screen as text out, on the
 * made-up heap of runtime/synth.
 */
#ifndef T_UI_H
#define T_UI_H

#include <check.h>

#include "inspector/ui/ui.h"
#include "inspector/views/views.h"

/* What the host was asked to do last, and what it should look like. */
struct fake {
	struct ui *ui;
	struct view_ctx ctx;
	struct live live;
	struct hg_graph *graph;
	struct ui_effect last;	/* UI_FX_HOST effects end up here */
	int effects, wanted;	/* how many came */
	bool hold;		/* a wanted graph does not come by itself */
	uint32_t objects;	/* size of the heap a wanted graph is of */
	int rows, cols;
	bool utf8;
};

extern struct fake fake;

void fake_setup(void);		/* an 80x24 UTF-8 screen, no view open */
void fake_teardown(void);

/* A sample of a heap of n objects; `want` as in wire.h. */
struct hg_graph *fake_graph(uint32_t n, uint32_t want);
void fake_live(uint32_t n, unsigned second);	/* into the live table */
void fake_graph_comes(uint32_t n);		/* a new whole graph */

/* Keys by name, blanks between them; "'text" types the text. */
void fake_keys(const char *keys);

/* The screen as text; valid until the next call. */
const char *fake_screen(void);

/* Compares with tests/screens/NAME.txt; UI_UPDATE_SCREENS=1 writes it. */
void fake_expect(const char *name);
void fake_contains(const char *text);
void fake_lacks(const char *text);

TCase *t_ui_widgets(void);
TCase *t_ui_views(void);
TCase *t_ui_live(void);
TCase *t_ui_screens(void);
TCase *t_ui_typing(void);

#endif
