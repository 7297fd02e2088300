/* SPDX-License-Identifier: MIT */
/*
 * Key to frame, measured inside.
 */
#include "config.h"

#include "inspector/ui/times.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/units.h"

#define TIMES_KEPT 4096		/* of each action; later ones replace them */

struct times_of {
	uint32_t *us;		/* TIMES_KEPT, made when first needed */
	uint64_t n;
};

struct ui_times {
	const char *path;
	uint64_t since_us;	/* of the key not drawn yet; 0: none */
	enum ui_action action;
	struct times_of of[UI_ACT_COUNT];
};

struct ui_times *
ui_times_new(void)
{
	const char *path = getenv("OBJTOP_UI_TIMES");
	struct ui_times *t;

	if (path == NULL || path[0] == '\0')
		return NULL;
	t = calloc(1, sizeof(*t));
	if (t != NULL)
		t->path = path;
	return t;
}

void
ui_times_key(struct ui_times *t, enum ui_action a, uint64_t came_us)
{
	if (t == NULL)
		return;
	if (t->since_us == 0)
		t->since_us = came_us;
	t->action = a;
}

void
ui_times_drawn(struct ui_times *t)
{
	struct times_of *of;
	uint64_t us;

	if (t == NULL || t->since_us == 0)
		return;
	of = &t->of[t->action];
	us = ot_now_us() - t->since_us;
	t->since_us = 0;
	if (of->us == NULL)
		of->us = calloc(TIMES_KEPT, sizeof(*of->us));
	if (of->us != NULL)
		of->us[of->n++ % TIMES_KEPT] =
			us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
}

static int
times_order(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void
times_print(struct times_of *of, const char *name, FILE *f)
{
	size_t n = of->n < TIMES_KEPT ? (size_t)of->n : TIMES_KEPT;

	if (of->us == NULL)
		return;
	qsort(of->us, n, sizeof(*of->us), times_order);
	fprintf(f, "%s %" PRIu64 " %" PRIu32 " %" PRIu32 " %" PRIu32 "\n",
		name, of->n, of->us[n / 2], of->us[n * 99 / 100],
		of->us[n - 1]);
}

void
ui_times_end(struct ui_times *t)
{
	FILE *f;
	int a;

	if (t == NULL)
		return;
	f = fopen(t->path, "we");
	for (a = 0; a < UI_ACT_COUNT; a++) {
		if (f != NULL)
			times_print(&t->of[a], ui_actions[a].name, f);
		free(t->of[a].us);
	}
	if (f != NULL)
		fclose(f);
	free(t);
}
