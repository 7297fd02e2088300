/* SPDX-License-Identifier: MIT */
/*
 * heads.c - the lists of the cycle collector, found by their shape.
 *
 * Three list heads { next, prev, threshold, count } stand 24 bytes apart in the
 * interpreter's state (3.8: in _PyRuntime), and one for what gc.freeze() put
 * aside a little behind.  Where they are moves even inside a minor version, and
 * some are only 4-aligned (3.13.5), so a place is believed only when every head
 * is linked back to from both sides and an object hangs on one of the four.
 * Without a guess this looks at each 4 bytes of the state, once, some ms.
 */
#include <string.h>

#include "runtime/cpython/head.h"
#include "runtime/cpython/walk.h"

#define HEAD		24u	/* stride of the three */
#define GUESS		24u	/* behind the collector's state; 3.15: 8 */
#define LINK_BITS	((uintptr_t)3)
#define BLOCK		4096u
/* From the first head: the permanent one, and the mark of a collection. */
#define PERMANENT_FIRST	72u
#define PERMANENT_LAST	96u
#define COLLECTING	96u	/* behind the permanent head; 3.15: 32 */
#define RUNTIME_SIZE	4096u	/* of _PyRuntime looked at */

/* Is this the head of a closed list?  *first: its first node. */
static bool
is_head(uintptr_t h, uintptr_t *first)
{
	uintptr_t link[2], back;

	if (!py_peek(h, link, sizeof(link)))
		return false;
	link[0] &= ~LINK_BITS;
	link[1] &= ~LINK_BITS;
	if (!link[0] || !link[1] ||
	    !py_peek_ptr(link[0] + 8, &back) || (back & ~LINK_BITS) != h ||
	    !py_peek_ptr(link[1], &back) || (back & ~LINK_BITS) != h)
		return false;
	*first = link[0];
	return true;
}

static bool
is_object(const struct py_walk *w, uintptr_t node)
{
	py_obj o = node + PY_GC_HEAD;
	uintptr_t type, meta;
	unsigned long flags;

	return py_ok(o) && py_peek_ptr(o + w->L->ob_type, &type) &&
		py_ok(type) && py_peek_ptr(type + w->L->ob_type, &meta) &&
		py_ok(meta) &&
		py_peek(meta + w->L->tp_flags, &flags, sizeof(flags)) &&
		(flags & PY_FLAG_TYPE);
}

/* Right after gc.freeze() all objects are on the fourth list. */
static bool
has_frozen(const struct py_walk *w, uintptr_t first)
{
	uintptr_t at, node;

	for (at = first + PERMANENT_FIRST; at <= first + PERMANENT_LAST;
	     at += 4) {
		if (is_head(at, &node) && node != at && node != first &&
		    is_object(w, node))
			return true;
	}
	return false;
}

static bool
are_heads(const struct py_walk *w, uintptr_t at)
{
	uintptr_t first;
	unsigned i;
	bool alive = false;

	for (i = 0; i < 3; i++) {
		if (!is_head(at + i * HEAD, &first))
			return false;
		if (first == at + i * HEAD)
			continue;
		if (!is_object(w, first))
			return false;
		alive = true;
	}
	return alive || has_frozen(w, at);
}

/* Looks at every 4 bytes of [at, at + size). */
static uintptr_t
scan(const struct py_walk *w, uintptr_t at, size_t size)
{
	unsigned char block[BLOCK + 8];
	uintptr_t v, end = at + size;
	size_t n, i;

	for (; at < end; at += BLOCK) {
		n = end - at < sizeof(block) ? end - at : sizeof(block);
		if (!py_peek(at, block, n))
			return 0;
		for (i = 0; i + 8 <= n && i < BLOCK; i += 4) {
			memcpy(&v, block + i, sizeof(v));
			if (v >= 0x10000 && v < (uintptr_t)1 << 48 &&
			    !(v & 3) && are_heads(w, at + i))
				return at + i;
		}
	}
	return 0;
}

static uintptr_t
find_first(const struct py_walk *w)
{
	const struct py_layout *L = w->L;
	uintptr_t guess = L->rt_gc != PY_NO ? w->runtime + L->rt_gc :
		w->interp + L->in_gc;

	guess += w->minor >= 15 ? 8 : GUESS;
	if (are_heads(w, guess))
		return guess;
	if (are_heads(w, guess - 4))
		return guess - 4;
	if (L->rt_gc != PY_NO)
		return scan(w, w->runtime, RUNTIME_SIZE);
	return scan(w, w->interp, L->in_size);
}

bool
py_heads_find(const struct py_walk *w, struct py_heads *h)
{
	uintptr_t first = find_first(w), at, node;
	unsigned i;

	*h = (struct py_heads){ { 0 }, 0 };
	if (!first)
		return false;
	for (i = 0; i < 3; i++)
		h->gen[i] = first + i * HEAD;
	for (at = first + PERMANENT_FIRST; at <= first + PERMANENT_LAST;
	     at += 4) {
		/* A pointer to the first head stands before it. */
		if (is_head(at, &node) && node != first &&
		    (node == at || is_object(w, node))) {
			h->permanent = at;
			return true;
		}
	}
	return false;
}

bool
py_heads_of(const struct py_walk *w, uintptr_t interp,
	    const struct py_heads *main, struct py_heads *h)
{
	uintptr_t shift = interp - w->interp, node;
	unsigned i;

	for (i = 0; i < 3; i++)
		h->gen[i] = main->gen[i] + shift;
	h->permanent = main->permanent + shift;
	return are_heads(w, h->gen[0]) && is_head(h->permanent, &node) &&
		(node == h->permanent || is_object(w, node));
}

bool
py_collecting(const struct py_walk *w, const struct py_heads *h)
{
	uintptr_t at = h->permanent + (w->minor >= 15 ? 32 : COLLECTING);
	int v;

	return py_peek(at, &v, sizeof(v)) && v == 1;
}
