/* SPDX-License-Identifier: MIT */
/*
 * The header: which target, how large, what the last sample cost it.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "inspector/ui/spark.h"
#include "inspector/views/views.h"

/* A label and its value from column x on; returns where it ends. */
static int
header_put(struct ui_cells *c, int row, int x, const char *label,
	   enum ui_style style, const char *value)
{
	x += 2;
	x += ui_put(c, row, x, c->cols - x, UI_LABEL, label);
	if (label[0] != '\0')
		x++;
	return x + ui_put(c, row, x, c->cols - x, style, value);
}

static void
header_uptime(char *dst, size_t cap, uint64_t s)
{
	if (s < 60)
		snprintf(dst, cap, "%us", (unsigned)s);
	else if (s < 3600)
		snprintf(dst, cap, "%um%02us", (unsigned)(s / 60),
			 (unsigned)(s % 60));
	else if (s < 86400)
		snprintf(dst, cap, "%uh%02um", (unsigned)(s / 3600),
			 (unsigned)(s / 60 % 60));
	else
		snprintf(dst, cap, "%ud%02uh", (unsigned)(s / 86400),
			 (unsigned)(s / 3600 % 24));
}

/* From the right: the course of RSS, RSS, age; what is left is for names. */
static int
header_right(const struct view_status *s, struct ui_cells *c)
{
	size_t kept = c->cols < 100 ? 8 : VIEW_RSS_KEPT, first;
	struct ot_buf spark = OT_BUF_INIT;
	int x = c->cols - 1;
	char text[64];

	if (s->nrss > 0) {
		first = s->nrss > kept ? s->nrss - kept : 0;
		x -= (int)kept;
		ui_spark(s->rss + first, s->nrss - first, &spark);
		ui_put_right(c, 0, x, (int)kept, UI_SPARK,
			     ot_buf_str(&spark));
		ot_buf_release(&spark);
		ot_fmt_bytes(text, sizeof(text), s->rss[s->nrss - 1]);
		x -= 1 + (int)strlen(text);
		ui_put(c, 0, x, 16, UI_BOLD, text);
		x -= 4;
		ui_put(c, 0, x, 4, UI_LABEL, "RSS");
	}
	if (s->uptime_s > 0) {
		header_uptime(text, sizeof(text), s->uptime_s);
		x -= 2 + (int)strlen(text);
		ui_put(c, 0, x, 16, UI_BOLD, text);
		x -= 3;
		ui_put(c, 0, x, 3, UI_LABEL, "up");
	}
	return x;
}

static void
header_target(const struct view_status *s, struct ui_cells *c)
{
	int x = 1, end;
	char text[64];

	x += ui_put(c, 0, x, 20, UI_BRAND, " objtop ");
	end = header_right(s, c);
	if (s->file[0] != '\0') {
		x = header_put(c, 0, x - 1, "file", UI_BOLD, s->file);
	} else if (s->pid != 0) {
		snprintf(text, sizeof(text), "%llu",
			 (unsigned long long)s->pid);
		x = header_put(c, 0, x - 1, "pid", UI_BOLD, text);
	} else {
		header_put(c, 0, x - 1, "", UI_PLAIN, "live heap inspector");
		return;
	}
	x = header_put(c, 0, x - 1, "", UI_TYPE, s->runtime);
	ui_put(c, 0, x + 1, end - x - 2, UI_PLAIN, s->command);
}

/* 10.6M, 31.4M: counts in a header need no last digit. */
static void
header_count(char *dst, size_t cap, uint64_t n)
{
	if (n < 1000000)
		ot_fmt_count(dst, cap, n);
	else
		snprintf(dst, cap, "%.1fM", (double)n / 1e6);
}

static void
header_heap(const struct live *l, bool moves, struct ui_cells *c)
{
	char text[64];
	int x = -1;

	if (l == NULL || l->n == 0)
		return;
	header_count(text + 1, sizeof(text) - 1, l->objects);
	text[0] = '~';
	x = header_put(c, 1, x, "objects", UI_BOLD, text + (l->error == 0));
	ot_fmt_bytes(text + 1, sizeof(text) - 1, l->bytes);
	text[0] = '~';
	x = header_put(c, 1, x, "", UI_BOLD, text + !l->counted);
	if (l->refs > 0) {
		header_count(text, sizeof(text), l->refs);
		x = header_put(c, 1, x, "refs", UI_BOLD, text);
	}
	header_count(text, sizeof(text), l->tracked);
	x = header_put(c, 1, x, "tracked", UI_BOLD, text);
	if (l->n < 2 || !moves)
		return;
	snprintf(text, sizeof(text), "%.0f/s",
		 l->rate < 0 ? -l->rate : l->rate);
	if (l->rate >= 0.5)
		header_put(c, 1, x, "growing", UI_WARN, text);
	else if (l->rate <= -0.5)
		header_put(c, 1, x, "shrinking", UI_GOOD, text);
	else
		header_put(c, 1, x, "", UI_DIM, "not growing");
}

static void
header_state(const struct view_status *s, struct ui_cells *c)
{
	char text[320];
	enum ui_style style = UI_GOOD;

	switch (s->state) {
	case VIEW_LIVE:
		snprintf(text, sizeof(text), "[live %.3gs%s%s]",
			 (double)s->interval_ms / 1000,
			 s->no_census[0] != '\0' ? ", " : "", s->no_census);
		break;
	case VIEW_PAUSED:
		snprintf(text, sizeof(text), "[paused]");
		style = UI_WARN;
		break;
	case VIEW_FILE:
		snprintf(text, sizeof(text), "[file]");
		style = UI_LABEL;
		break;
	case VIEW_ENDED:
		snprintf(text, sizeof(text), " ended: last data shown ");
		style = UI_ALARM;
		break;
	case VIEW_LOST:
		snprintf(text, sizeof(text), " lost: last data shown ");
		style = UI_ALARM;
		break;
	}
	ui_put_right(c, 2, 1, c->cols - 2, style, text);
}

/* Nothing is held for a census: what was, by the snapshot before it. */
static void
header_census(const struct view_status *s, struct ui_cells *c, int x)
{
	if (s->part < 1)
		x += ui_putf(c, 2, x, 24, UI_PLAIN, " census %.2g %%, ",
			     s->part * 100);
	else
		x += ui_put(c, 2, x, 24, UI_PLAIN, " census, ");
	x += ui_put(c, 2, x, 12, UI_LABEL, "target held ");
	x += ui_putf(c, 2, x, 12, s->cost > 0.02 ? UI_WARN : UI_BOLD, "%.2g %%",
		     s->cost * 100);
	x += ui_put(c, 2, x, 10, UI_LABEL, ", own CPU ");
	ui_putf(c, 2, x, 12, UI_BOLD, "%.2g %%", s->own * 100);
}

static void
header_sample(const struct view_status *s, struct ui_cells *c)
{
	char text[64];
	int x = 1;

	if (s->state == VIEW_LOST) {
		ui_put(c, 2, 1, c->cols - 28, UI_BAD, s->lost);
		return;
	}
	if (s->samples == 0)
		return;
	x += ui_put(c, 2, x, 14, UI_LABEL, s->state == VIEW_FILE ? "taken " :
		    "last sample ");
	x += ui_put(c, 2, x, 16, UI_BOLD, s->time);
	if (s->census) {
		header_census(s, c, x);
		return;
	}
	x += ui_putf(c, 2, x, 20, UI_PLAIN, " %s, ", s->mode);
	x += ui_put(c, 2, x, 14, UI_LABEL, "target held ");
	x += ui_put(c, 2, x, 16, UI_BOLD,
		    ot_fmt_duration_us(text, sizeof(text), s->held_us));
	if ((s->state != VIEW_LIVE && s->state != VIEW_PAUSED) || s->cost == 0)
		return;
	x += ui_put(c, 2, x, 2, UI_PLAIN, ", ");
	x += ui_putf(c, 2, x, 12, s->cost > 0.02 ? UI_WARN : UI_BOLD, "%.2g %%",
		     s->cost * 100);
	ui_put(c, 2, x, 6, UI_LABEL, " cost");
}

int
view_header_draw(const struct view_ctx *ctx, struct ui_cells *c)
{
	header_target(&ctx->status, c);
	if (ctx->status.pid == 0 && ctx->status.file[0] == '\0')
		return 1;
	header_heap(ctx->live, ctx->status.state != VIEW_FILE, c);
	header_state(&ctx->status, c);
	header_sample(&ctx->status, c);
	return 3;
}
