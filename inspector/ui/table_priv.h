/* SPDX-License-Identifier: MIT */
/*
 * table_priv.h - the insides of the table widget, for table.c (state and
 * keys), table_draw.c, table_order.c (filter, search) and table_sort.c.
 */
#ifndef UI_TABLE_PRIV_H
#define UI_TABLE_PRIV_H

#include "base/filter.h"
#include "inspector/ui/table.h"

#define TABLE_MAX_COLS	16

enum table_scan { TABLE_IDLE, TABLE_FILTERING, TABLE_SEARCHING };

struct ui_table {
	const struct ui_source *src;
	void *ctx;

	/* order[0..nshown) are the source's rows as shown. */
	uint32_t *order, nshown, cap, total;
	uint64_t version;
	struct table_sort *sort;	/* under way, in slices; or NULL */
	size_t sort_col;	/* ncols: none */
	bool reverse;		/* against the column's own direction */

	uint32_t sel, top;	/* positions in order */
	uint64_t sel_key;
	uint32_t sel_row;	/* the source's number of it, as it was */
	bool has_key;		/* sel_key is worth following */
	int shift;		/* columns scrolled to the right */
	struct ui_rect drawn;	/* the last time */
	int col_at[TABLE_MAX_COLS], col_end[TABLE_MAX_COLS];
	int page;		/* rows there were room for at the last draw */

	char filter_text[256];
	struct ot_filter *filter;
	struct ot_col filter_cols[TABLE_MAX_COLS + 1];

	char find[128];
	bool find_exact;	/* it has capitals */

	enum table_scan scan;
	uint32_t scan_next;	/* filtering: next source row;
				 * searching: position to look at */
	uint32_t scan_left;	/* searching: rows still to look at */
	bool scan_back;

	char message[320];
	bool has_message;
};

/* table_order.c: makes order[] from the source, filtered and sorted. */
void table_order_start(struct ui_table *t);
bool table_order_step(struct ui_table *t, uint32_t rows);
bool table_find_step(struct ui_table *t, uint32_t rows);

/* table_sort.c: at once, or begun.  False: cannot be; said. */
bool table_order_sort(struct ui_table *t);
bool table_sort_step(struct ui_table *t);	/* false: none is under way */
void table_sort_drop(struct ui_table *t);

/* table.c */
bool table_is_heading(const struct ui_table *t, uint32_t pos);
void table_follow(struct ui_table *t);	/* finds sel_key again */
void table_go(struct ui_table *t, uint32_t pos, bool down);
void table_say(struct ui_table *t, const char *fmt, ...) OT_PRINTF(2, 3);
bool table_right(enum ot_cell_type type);	/* set flush right */

#endif
