/* SPDX-License-Identifier: MIT */
/*
 * line.c - from an instruction's offset to a source line.
 *
 * Three formats of one idea, a run-length list of offsets and lines that is
 * read from the front: pairs of bytes in co_lnotab to 3.9 and, with marks for
 * "no line", in co_linetable of 3.10 (Objects/lnotab_notes.txt); variable
 * length entries in co_linetable from 3.11 (Objects/locations.md).  Linear in
 * the table, which is bounded.
 */
#include "runtime/cpython/value.h"

#define TABLE_MAX	((int64_t)1 << 28)
#define NO_LINE		(-128)

struct table {
	const uint8_t *p;
	size_t len;
};

static bool
line_table(const struct py_walk *w, py_obj code, struct table *t)
{
	py_obj bytes = PY_AT(code, w->L->co_linetable, py_obj);
	int64_t len;

	if (!bytes || !(py_flags(w, py_type(w, bytes)) & PY_FLAG_BYTES))
		return false;
	len = PY_AT(bytes, w->L->ob_size, int64_t);
	if (len < 0 || len > TABLE_MAX)
		return false;
	t->p = (const uint8_t *)(bytes + w->L->bytes_data);
	t->len = (size_t)len;
	return true;
}

/* {bytes of code, change of line before them}, to 3.9 */
static int
line_lnotab(const struct table *t, int line, int64_t lasti)
{
	int64_t addr = 0;
	size_t i;

	for (i = 0; i + 1 < t->len; i += 2) {
		addr += t->p[i];
		if (addr > lasti)
			break;
		line += (int8_t)t->p[i + 1];
	}
	return line;
}

/* {bytes of code, change of line for them}, 3.10 */
static int
line_pairs(const struct table *t, int line, int64_t lasti)
{
	int64_t end = 0;
	size_t i;
	int delta;

	for (i = 0; i + 1 < t->len; i += 2) {
		end += t->p[i];
		delta = (int8_t)t->p[i + 1];
		if (delta != NO_LINE)
			line += delta;
		if (lasti < end)
			return delta == NO_LINE ? 0 : line;
	}
	return 0;
}

/* Six bits a byte, the lowest first; bit 6 says that more follow. */
static uint32_t
line_varint(const struct table *t, size_t i)
{
	uint32_t v = 0;
	unsigned shift = 0;

	for (; i < t->len && shift < 30; i++, shift += 6) {
		v |= (uint32_t)(t->p[i] & 63) << shift;
		if (!(t->p[i] & 64))
			break;
	}
	return v;
}

/* The change of line that the entry at i begins with. */
static int
line_delta(const struct table *t, size_t i)
{
	unsigned code = t->p[i] >> 3 & 15;
	uint32_t v;

	switch (code) {
	case 10: case 11: case 12:
		return (int)code - 10;
	case 13: case 14:
		v = line_varint(t, i + 1);
		return v & 1 ? -(int)(v >> 1) : (int)(v >> 1);
	default:
		return 0;
	}
}

/* Entries begin with a byte that has bit 7 set; from 3.11. */
static int
line_locations(const struct table *t, int line, int64_t lasti)
{
	int64_t end = 0;
	size_t i = 0;

	while (i < t->len) {
		/* wraps like the interpreter's int, but defined */
		line = (int)((uint32_t)line + (uint32_t)line_delta(t, i));
		end += ((t->p[i] & 7) + 1) * 2;
		if (lasti < end)
			return (t->p[i] >> 3 & 15) == 15 ? 0 : line;
		do {
			i++;
		} while (i < t->len && !(t->p[i] & 0x80));
	}
	return 0;
}

int
py_code_line(const struct py_walk *w, py_obj code, int lasti)
{
	int first = PY_AT(code, w->L->co_firstlineno, int32_t);
	struct table t;
	int line;

	if (lasti < 0)
		return first;
	if (!line_table(w, code, &t))
		return 0;
	if (w->minor <= 9)
		line = line_lnotab(&t, first, lasti);
	else if (w->minor == 10)
		line = line_pairs(&t, first, lasti);
	else
		line = line_locations(&t, first, lasti);
	return line > 0 ? line : 0;
}
