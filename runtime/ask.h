/* SPDX-License-Identifier: MIT */
/*
 * ask.h - what only the program's own code knows of an object.
 */
#ifndef OTA_ASK_H
#define OTA_ASK_H

#include <stdbool.h>

#include "runtime/include/objtop.h"
#include "wire/enc.h"

/*
 * In the clone, once the object was found there: has r->ask answered in clones
 * of the clone, and encodes the answers.  go_on(ctx) is asked while that takes
 * its time; false ends it.
 */
void ota_ask(const struct objtop_provider *p, const struct otw_request *r,
	     struct otw_enc *e, bool (*go_on)(void *), void *ctx);

#endif
