/* SPDX-License-Identifier: MIT */
/*
 * layout.c - the offset tables, one column of layouts.def per version.
 *
 * The rows are read once per version; a row that is forgotten in struct
 * py_layout does not compile, and one forgotten in layouts.def is caught by
 * the size check below.
 */
#include "runtime/cpython/py.h"

#define NO	PY_NO
#define HEAD_MORE	16	/* bytes of a free-threaded build's head */

#define L(f, a, b, c, d, e, g, h, i)	+ sizeof(((struct py_layout *)0)->f)
_Static_assert((sizeof(uint16_t)
#include "runtime/cpython/layouts.def"
	+ sizeof(uint32_t) - 1) / sizeof(uint32_t) * sizeof(uint32_t) ==
	sizeof(struct py_layout),
	"layouts.def and struct py_layout name the same fields");

static const struct py_layout layouts[] = {
	{
		.minor = 8,
#define L(f, a, b, c, d, e, g, h, i)	.f = a,
#include "runtime/cpython/layouts.def"
	}, {
		.minor = 9,
#define L(f, a, b, c, d, e, g, h, i)	.f = b,
#include "runtime/cpython/layouts.def"
	}, {
		.minor = 10,
#define L(f, a, b, c, d, e, g, h, i)	.f = c,
#include "runtime/cpython/layouts.def"
	}, {
		.minor = 11,
#define L(f, a, b, c, d, e, g, h, i)	.f = d,
#include "runtime/cpython/layouts.def"
	}, {
		.minor = 12,
#define L(f, a, b, c, d, e, g, h, i)	.f = e,
#include "runtime/cpython/layouts.def"
	}, {
		.minor = 13,
#define L(f, a, b, c, d, e, g, h, i)	.f = g,
#include "runtime/cpython/layouts.def"
	}, {
		.minor = 14,
#define L(f, a, b, c, d, e, g, h, i)	.f = h,
#include "runtime/cpython/layouts.def"
	}, {
		.minor = 15,
#define L(f, a, b, c, d, e, g, h, i)	.f = i,
#include "runtime/cpython/layouts.def"
	},
};

static const struct py_layout free_threaded[] = {
	{
		.minor = 13,
#define L(f, a, b, c, d, e, g, h, i)	.f = g,
#define O(f, a, b, c, d, e, g, h, i)	\
	.f = (uint16_t)(g == NO ? NO : g + HEAD_MORE),
#define I(f, a, b, c, d, e, g, h, i, t)	.f = t,
#include "runtime/cpython/layouts.def"
	},
};

const struct py_layout *
py_layout_find(unsigned minor, bool without_lock)
{
	size_t i;

	if (without_lock)
		return minor == free_threaded[0].minor ? &free_threaded[0] :
			NULL;

	for (i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		if (layouts[i].minor == minor)
			return &layouts[i];
	}
	return NULL;
}
