/* SPDX-License-Identifier: MIT */
/*
 * emit_priv.h - the writers behind emit.h.  They leave stream errors to be
 * found by ot_emit_table (ferror); false means no memory.
 */
#ifndef OT_EMIT_PRIV_H
#define OT_EMIT_PRIV_H

#include <stdbool.h>

#include "base/emit.h"

bool emit_text(const struct ot_emit *e, const struct ot_table *t, FILE *out);
bool emit_json(const struct ot_emit *e, const struct ot_table *t, FILE *out);
bool emit_csv(const struct ot_table *t, FILE *out);

#endif
