/* SPDX-License-Identifier: MIT */
/*
 * json.c - JSON to read, by jansson: depth and numbers are its business, so
 * no text can do more than be refused.
 */
#include "config.h"

#include "base/json.h"

#include <jansson.h>

/* struct ot_json is json_t by another name. */
static const json_t *
as_json(const struct ot_json *j)
{
	return (const json_t *)(const void *)j;
}

static const struct ot_json *
as_ours(const json_t *j)
{
	return (const struct ot_json *)(const void *)j;
}

struct ot_json *
ot_json_parse(const char *text, size_t len)
{
	return (struct ot_json *)(void *)json_loadb(text, len, 0, NULL);
}

void
ot_json_free(struct ot_json *j)
{
	json_decref((json_t *)(void *)j);
}

const struct ot_json *
ot_json_get(const struct ot_json *j, const char *key)
{
	return as_ours(json_object_get(as_json(j), key));
}

const struct ot_json *
ot_json_at(const struct ot_json *j, size_t i)
{
	return as_ours(json_array_get(as_json(j), i));
}

size_t
ot_json_count(const struct ot_json *j)
{
	return json_array_size(as_json(j));
}

bool
ot_json_u64(const struct ot_json *j, uint64_t *v)
{
	const json_t *n = as_json(j);

	if (!json_is_integer(n) || json_integer_value(n) < 0)
		return false;
	*v = (uint64_t)json_integer_value(n);
	return true;
}

const char *
ot_json_str(const struct ot_json *j)
{
	return json_string_value(as_json(j));
}
