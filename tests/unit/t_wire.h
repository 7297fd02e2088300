/* SPDX-License-Identifier: MIT */
/*
 * t_wire.h - events as text: what went in and what came out are compared as
 * two logs, a line per event.
 */
#ifndef T_WIRE_H
#define T_WIRE_H

#include <check.h>

#include "base/buf.h"
#include "wire/dec.h"
#include "wire/enc.h"

#define STR(s)	((struct otw_str){ (s), sizeof(s) - 1 })

/* An encoder into malloc'd memory, and the log of what it was given. */
struct t_stream {
	struct otw_enc e;
	void *block;
	struct ot_buf log;
	size_t limit;		/* grow says no beyond this; 0: no limit */
};

void t_stream_init(struct t_stream *s);
void t_stream_release(struct t_stream *s);

/* Encode and log. */
void t_hello(struct t_stream *s);
void t_begin(struct t_stream *s);
void t_kind(struct t_stream *s, uint32_t id, const char *name);
void t_name(struct t_stream *s, uint32_t id, const char *name);
void t_object(struct t_stream *s, struct otw_object *o,
	      const struct otw_ref *refs);
void t_end(struct t_stream *s);
/* One of everything. */
void t_sample(struct t_stream *s);

/* Log one event. */
void log_object(struct ot_buf *b, const struct otw_object *o,
		const struct otw_ref *refs);

/* Callbacks that log into a struct ot_buf. */
extern const struct otw_events t_log_events;

/* Decodes data[0..len) in pieces; the log so far whatever happens. */
enum ot_status t_decode(const void *data, size_t len, size_t piece,
			struct ot_buf *log, bool *whole, struct ot_err *err);

TCase *t_wire_hostile(void);
TCase *t_wire_file(void);

#endif
