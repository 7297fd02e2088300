/* SPDX-License-Identifier: MIT */
/*
 * act.h - reading an ACT: the agent does, without a decoder, and so does the
 * decoder.
 */
#ifndef OTW_ACT_H
#define OTW_ACT_H

#include "wire/leb.h"
#include "wire/wire.h"

/* The payload [*p, end), all of it; false: malformed. */
static inline bool
otw_get_act(const uint8_t **p, const uint8_t *end, struct otw_act *a)
{
	uint64_t what, flags, v;
	unsigned i;

	if (!otw_get(p, end, &what) || what >= OTW_ACT_COUNT ||
	    !otw_get(p, end, &flags) || flags > UINT32_MAX)
		return false;
	a->what = (enum otw_act_what)what;
	a->flags = (uint32_t)flags;
	for (i = 0; i < OTW_GENERATIONS; i++) {
		if (!otw_get(p, end, &v))
			return false;
		a->arg[i] = otw_unzigzag(v);
	}
	return otw_get(p, end, &a->timeout_ms) && *p == end;
}

#endif
