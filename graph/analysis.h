/* SPDX-License-Identifier: MIT */
/*
 * analysis.h - running an analysis: arguments in, a table out.
 */
#ifndef HG_ANALYSIS_H
#define HG_ANALYSIS_H

#include "graph/graph.h"

enum hg_scope { HG_SCOPE_ALL, HG_SCOPE_TRACKED };

/* What makes a group of objects, in the order of the option's words. */
enum hg_by {
	HG_BY_DEFAULT,		/* types: TYPE; retained: no groups */
	HG_BY_TYPE,
	HG_BY_MODULE,
	HG_BY_SIZE,		/* types only, like the next two */
	HG_BY_OWNER,		/* "dict of Session", "list of Session.items" */
	HG_BY_REFERRERS,	/* kinds and relations of what refers to them */
	HG_BY_ROOT,		/* retained only, like the next */
	HG_BY_THREAD,
};

struct hg_series; /* graph/series.h */

struct hg_args {
	const char *const *objects;	/* OBJECT words of the command line */
	size_t nobjects;
	enum hg_scope scope;
	enum hg_by by;			/* types, retained */
	uint32_t depth;			/* refs, backrefs: 0 means 3;
					 * retained: all */
	uint32_t max_width;		/* children a node: 0 means 10 */
	uint32_t k;			/* path: 0 means 3 */
	bool exclude_weak;
	const char *const *ignore;	/* edges not to follow, as labels or types */
	size_t nignore;
	const char *only; /* refs, backrefs: what to follow; NULL: all */
	uint64_t timeout_ms;		/* sql: how long it may take; 0: any */
	size_t limit;			/* rows worth making; 0: all */
	/* What came before the graph, for growth and diff; NULL: nothing. */
	const struct hg_graph *before;	/* the first snapshot, with objects */
	const uint16_t *births; /* per object: sample it was first seen in */
	const struct hg_series *series;	/* counts of all, the graph's last */
	bool retained;			/* types: with retained sizes */
	uint64_t rss;			/* openmetrics: of the process; 0: not
					 * known */
	bool brief;			/* show: without neighbours, and what it
					 * retains only where that is known */
	/* Called now and then; true cancels (OT_INTERRUPTED).  May be NULL. */
	bool (*cancelled)(void *ctx, uint64_t done, uint64_t total);
	void *cancel_ctx;
};

typedef enum ot_status (*hg_analysis_fn)(const struct hg_graph *g,
					 const struct hg_args *args,
					 struct ot_table **out,
					 struct ot_err *err);

/*
 * OBJECTS have addresses, types and texts, but no references.  HISTORY is a
 * graph with texts, and args.before or args.series.
 */
enum hg_needs {
	HG_NEEDS_COLLECTOR,
	HG_NEEDS_COUNTS,
	HG_NEEDS_OBJECTS,
	HG_NEEDS_GRAPH,
	HG_NEEDS_TEXT,
	HG_NEEDS_HISTORY
};

struct hg_analysis {
	const char *name;
	enum hg_needs needs;
	const char *help;
	hg_analysis_fn run;
};

extern const struct hg_analysis hg_analyses[];	/* ends with name NULL */
const struct hg_analysis *hg_analysis_find(const char *name);	/* or NULL */

#define ANALYSIS(name, needs, help) \
enum ot_status an_##name(const struct hg_graph *g, const struct hg_args *args, \
			 struct ot_table **out, struct ot_err *err);
#include "graph/analyses.def"

#endif
