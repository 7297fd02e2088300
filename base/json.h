/* SPDX-License-Identifier: MIT */
/*
 * json.h - JSON to read: one value from text that may be anything.
 */
#ifndef OT_JSON_H
#define OT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ot_json;

/* One object or list; NULL: that is no JSON, or memory ran out. */
struct ot_json *ot_json_parse(const char *text, size_t len);
void ot_json_free(struct ot_json *j);	/* of ot_json_parse() alone; NULL ok */

/* What hangs below is borrowed; NULL where it is not there (or j is NULL). */
const struct ot_json *ot_json_get(const struct ot_json *j, const char *key);
const struct ot_json *ot_json_at(const struct ot_json *j, size_t i);
size_t ot_json_count(const struct ot_json *j);	/* of a list; else 0 */

/* A whole number that is not negative; false: it is none. */
bool ot_json_u64(const struct ot_json *j, uint64_t *v);
const char *ot_json_str(const struct ot_json *j);	/* or NULL */

#endif
