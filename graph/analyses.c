/* SPDX-License-Identifier: MIT */
/*
 * analyses.c - the list of all analyses, from analyses.def.
 */
#include "config.h"

#include "graph/analysis.h"

#include <string.h>

const struct hg_analysis hg_analyses[] = {
#define ANALYSIS(name, needs, help)                                            \
	{ #name, HG_NEEDS_##needs, help, an_##name },
#include "graph/analyses.def"
	{ NULL, HG_NEEDS_COUNTS, NULL, NULL },
};

const struct hg_analysis *
hg_analysis_find(const char *name)
{
	const struct hg_analysis *a;

	for (a = hg_analyses; a->name; a++)
		if (strcmp(a->name, name) == 0)
			return a;
	return NULL;
}
