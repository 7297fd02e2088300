/* SPDX-License-Identifier: MIT */
/*
 * sink.h - where a provider's walk reports to: encodes it.
 */
#ifndef OTA_SINK_H
#define OTA_SINK_H

#include <stdbool.h>

#include "runtime/include/objtop.h"
#include "runtime/mem.h"
#include "wire/enc.h"

/* What the owner of a sink wants to be asked and told; none may block. */
struct ota_sink_hooks {
	void *ctx;
	/* Asked every thousand objects or so; false ends the walk. */
	bool (*go_on)(void *ctx);
	void (*phase)(void *ctx, const char *what);
	/* Makes room, see otw_enc; called with 0 too: pass on what is there */
	bool (*grow)(struct otw_enc *e, size_t more);
};

/* What became of an object that is sought. */
enum ota_found { OTA_NOT_YET, OTA_THERE, OTA_ANOTHER };

struct ota_sink {
	struct objtop_sink pub;		/* first: the walk's pointer is ours */
	struct otw_enc enc;
	struct ota_sink_hooks hooks;
	struct ota_mem mem;
	uint64_t estimate;
	struct otw_end totals;		/* held_ns and walk_ns are not ours */
	uint32_t nkinds, nnames;
	bool have_root;
	bool stop;
	uint64_t sought, sought_kind;	/* addresses; 0: nothing is sought */
	uint32_t sought_id;		/* of that kind */
	enum ota_found found;
	const char *why;		/* set with stop; NULL: go_on said so */
	/* names by key: open addressing, at most half full, 0 is free */
	struct ota_name_slot *names;
	uint32_t cap_names, used_names;
	/* per kind, when only counts are wanted */
	struct otw_count *counts;
	uint32_t cap_counts;
};

/* False: no memory. */
bool ota_sink_init(struct ota_sink *s, uint32_t want, uint64_t estimate,
		   const struct ota_sink_hooks *hooks);
/* Only to find out whether an object of that kind is at that address: the
 * walk is stopped when it is known.  Then, one line. */
void ota_sink_seek(struct ota_sink *s, uint64_t addr, uint64_t kind);
const char *ota_sink_found_text(const struct ota_sink *s);
/* Writes what is under way and the counts; the totals are then final. */
void ota_sink_finish(struct ota_sink *s);
void ota_sink_release(struct ota_sink *s);

#endif
