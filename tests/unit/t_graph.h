/* SPDX-License-Identifier: MIT */
/*
 * t_graph.h - graphs drawn as text.
 *
 * A drawing is words between blanks:
 *
 *	a:dict  a:100  a:shop.Session:56  a:str='x'	an object
 *	a>b  a.name>b  a[3]>b  a[key]>b  a~>b		an edge; ~ is weak
 *	a|>b						from an object to its
 *class
 *	@module(shop)>a  @frame(handle).x>a		from a root
 *
 * Objects stand at T_ADDR(0), T_ADDR(1), ... in the order in which they are
 * first mentioned.  All goes through the real encoder and decoder.
 */
#ifndef T_GRAPH_H
#define T_GRAPH_H

#include <check.h>

#include "base/buf.h"
#include "graph/analysis.h"
#include "wire/enc.h"

#define T_ADDR(i) (0x7f0000001000u + (uint64_t)(i)*0x40)

struct t_heap {
	struct hg_graph *g;
	char *names[64];
	unsigned n;
};

/* An encoder that collects in memory. */
struct t_enc {
	struct otw_enc e;
	void *block;
	struct ot_buf out;
};
void t_enc_init(struct t_enc *t);
void t_enc_release(struct t_enc *t);
/* What was encoded so far to a graph; NULL and *err where it cannot be. */
struct hg_graph *t_enc_graph(struct t_enc *t, struct ot_err *err);

/* HELLO and BEGIN; for streams made by hand. */
void t_enc_begin(struct t_enc *t);
void t_enc_kind(struct t_enc *t, uint32_t id, const char *module,
		const char *name);
void t_enc_object(struct t_enc *t, uint64_t addr, uint32_t kind, uint64_t bytes,
		  uint32_t nrefs);
void t_enc_ref(struct t_enc *t, uint64_t to, uint8_t relation);
void t_enc_root(struct t_enc *t, uint8_t kind, const char *name);

struct t_heap t_draw(const char *drawing);
void t_heap_free(struct t_heap *h);
hg_node t_node(const struct t_heap *h, const char *name);

/* Runs an analysis on one or two words; fails the test if it does. */
struct ot_table *t_run(const struct hg_graph *g, const char *analysis,
		       const char *object, const struct hg_args *args);

/* The text table, 200 columns wide; free() it. */
char *t_text(const struct ot_table *t);

/* The cell of a column by name, as text, in a ring of static buffers. */
const char *t_cell(const struct ot_table *t, size_t row, const char *col);

TCase *t_graph_build(void);
TCase *t_graph_tables(void);
TCase *t_graph_dom(void);
TCase *t_graph_paths(void);
TCase *t_graph_pictures(void);
TCase *t_graph_growth(void);
TCase *t_graph_sql(void);

#endif
