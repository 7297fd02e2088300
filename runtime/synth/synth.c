/* SPDX-License-Identifier: MIT */
/*
 * synth.c - the made-up heap as a provider.
 *
 * Nothing is stored: what an object is follows from its number, so a heap of
 * ten million costs no memory, and the walk keeps the rules of objtop.h (it
 * may run in a clone).
 */
#include "config.h"

#include "runtime/synth/synth.h"

#include <stddef.h>

#include "runtime/sys.h"

/* The fixed objects, by number; the first ones are the types. */
enum {
	T_TYPE, T_OBJECT, T_MODULE, T_DICT, T_LIST, T_TUPLE, T_STR, T_INT,
	T_WEAKREF, T_FUNCTION, T_SESSION, T_CART,
	TYPES,
	M_MAIN = TYPES, M_SHOP, M_CACHE,
	D_MAIN, D_SHOP, D_CACHE,
	L_SESSIONS, L_WATCHERS, L_NUMBERS,
	S_NAME, S_ID,
	F_HANDLE,
	FIXED
};
_Static_assert(FIXED == SYNTH_FIXED, "as the header says");

/* Parts of a session. */
enum {
	P_SESSION, P_TOKEN, P_USER, P_NAME, P_CART, P_LINES, P_LINE0, P_LINE1,
	P_WATCHER, P_QUANTITY,
	PARTS
};
_Static_assert(PARTS == SYNTH_GROUP, "as the header says");

static const struct {
	const char *name, *module;
	uint32_t bytes;
} types[TYPES] = {
	{ "type", "builtins", 408 },	{ "object", "builtins", 408 },
	{ "module", "builtins", 408 },	{ "dict", "builtins", 408 },
	{ "list", "builtins", 408 },	{ "tuple", "builtins", 408 },
	{ "str", "builtins", 408 },	{ "int", "builtins", 408 },
	{ "weakref", "weakref", 408 },	{ "function", "builtins", 408 },
	{ "Session", "shop.models", 904 }, { "Cart", "shop.models", 904 },
};

static const char *const modules[] = { "__main__", "shop", "shop.cache" };

struct synth {
	struct synth_shape shape;
	struct objtop_sink *sink;
	uint64_t addr;		/* of the object under way */
	uint32_t kinds[TYPES];
};

static uint64_t
at(uint32_t n)
{
	return SYNTH_BASE + (uint64_t)n * SYNTH_STEP;
}

uint64_t
synth_session(uint32_t i, uint32_t part)
{
	return at(FIXED + i * PARTS + part);
}

static uint32_t
first_number(const struct synth *y)
{
	return FIXED + y->shape.sessions * PARTS;
}

struct synth_shape
synth_shape(uint32_t nobjects)
{
	struct synth_shape s = { nobjects < FIXED ? FIXED : nobjects, 0, 0, 0 };
	uint32_t rest = s.objects - FIXED;

	/* a tenth are numbers, at least where there is a session */
	s.sessions = (rest - rest / 10) / PARTS;
	s.garbage_sessions = (s.sessions + 5) / 10;
	s.numbers = rest - s.sessions * PARTS;
	return s;
}

/* Sessions 4, 14, 24 ... are garbage. */
static bool
is_garbage(uint32_t i)
{
	return i % 10 == 4;
}

static size_t
str_len(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

/* ---- reporting ---- */

static uint32_t
name_id(struct synth *y, const char *name)
{
	return y->sink->name(y->sink, (uint64_t)(uintptr_t)name, name,
			     str_len(name));
}

static void
ref_to(struct synth *y, uint64_t to, uint8_t relation)
{
	const struct objtop_ref r = { .to = to, .relation = relation };

	y->sink->ref(y->sink, &r);
}

static void
ref_named(struct synth *y, uint64_t to, uint8_t relation, const char *name)
{
	const struct objtop_ref r = {
		.to = to, .relation = relation, .name_type = OBJTOP_NAME_ID,
		.id = name_id(y, name),
	};

	y->sink->ref(y->sink, &r);
}

static void
ref_index(struct synth *y, uint64_t to, uint8_t relation, int64_t i)
{
	const struct objtop_ref r = {
		.to = to, .relation = relation, .name_type = OBJTOP_NAME_INDEX,
		.index = i,
	};

	y->sink->ref(y->sink, &r);
}

/* An object and the reference to its class; true: stop. */
static bool
object(struct synth *y, uint64_t addr, uint32_t type, uint64_t bytes,
       int64_t refcount, const char *text)
{
	const bool leaf = type == T_STR || type == T_INT;
	const struct objtop_object o = {
		.addr = addr, .kind = y->kinds[type],
		.flags = (type == T_TYPE ? OBJTOP_IMMORTAL : 0) |
			 (type == T_SESSION ? OBJTOP_WEAKREFS : 0) |
			 (leaf ? 0 : OBJTOP_TRACKED | 2u << OBJTOP_GEN_SHIFT),
		.bytes = bytes, .extra = type == T_SESSION ? 40 : 0,
		.refcount = refcount, .text = text,
		.text_len = text ? str_len(text) : 0,
	};

	y->addr = addr;
	if (y->sink->object(y->sink, &o))
		return true;
	ref_to(y, at(type), OBJTOP_REL_TYPE);
	return false;
}

/* "'PREFIX-123'" or "123" */
static void
number_text(char *dst, size_t cap, const char *prefix, uint32_t n)
{
	size_t len = 0;

	if (prefix) {
		len = ota_cat(dst, cap, len, "'");
		len = ota_cat(dst, cap, len, prefix);
		len = ota_cat(dst, cap, len, "-");
	}
	len = ota_cat_u64(dst, cap, len, n);
	if (prefix)
		ota_cat(dst, cap, len, "'");
}

/* ---- the fixed part ---- */

static void
announce_types(struct synth *y)
{
	uint32_t i;

	y->sink->phase(y->sink, "types");
	for (i = 0; i < TYPES; i++) {
		const struct objtop_kind k = {
			.addr = at(i), .name = types[i].name,
			.name_len = str_len(types[i].name),
			.module = types[i].module,
			.module_len = str_len(types[i].module),
			.flags = (i == T_TYPE ? OBJTOP_KIND_IS_META : 0) |
				 (i >= T_SESSION ? OBJTOP_KIND_USER : 0),
		};

		y->kinds[i] = y->sink->kind(y->sink, &k);
	}
}

static bool
walk_types(struct synth *y)
{
	uint32_t i;

	for (i = 0; i < TYPES; i++) {
		if (object(y, at(i), T_TYPE, types[i].bytes, 4294967295,
			   types[i].name))
			return true;
		if (i != T_OBJECT)
			ref_to(y, at(T_OBJECT), OBJTOP_REL_BASE);
		else	/* the one that leads nowhere */
			ref_to(y, SYNTH_NOWHERE, OBJTOP_REL_INTERNAL);
	}
	return false;
}

static bool
walk_modules(struct synth *y)
{
	uint32_t i;

	for (i = 0; i < 3; i++) {
		if (object(y, at(M_MAIN + i), T_MODULE, 72, 1, modules[i]))
			return true;
		ref_to(y, at(D_MAIN + i), OBJTOP_REL_INTERNAL);
	}
	if (object(y, at(D_MAIN), T_DICT, 232, 1, NULL))
		return true;
	ref_named(y, at(F_HANDLE), OBJTOP_REL_ATTRIBUTE, "handle");
	ref_named(y, at(M_SHOP), OBJTOP_REL_ATTRIBUTE, "shop");
	if (object(y, at(D_SHOP), T_DICT, 232, 1, NULL))
		return true;
	ref_named(y, at(M_CACHE), OBJTOP_REL_ATTRIBUTE, "cache");
	ref_named(y, at(L_NUMBERS), OBJTOP_REL_ATTRIBUTE, "numbers");
	ref_named(y, at(T_SESSION), OBJTOP_REL_ATTRIBUTE, "Session");
	ref_named(y, at(T_CART), OBJTOP_REL_ATTRIBUTE, "Cart");
	if (object(y, at(D_CACHE), T_DICT, 232, 1, NULL))
		return true;
	ref_named(y, at(L_SESSIONS), OBJTOP_REL_ATTRIBUTE, "sessions");
	ref_named(y, at(L_WATCHERS), OBJTOP_REL_ATTRIBUTE, "watchers");
	return false;
}

static bool
walk_lists(struct synth *y)
{
	const struct synth_shape *h = &y->shape;
	uint32_t i, listed = h->sessions - h->garbage_sessions, k = 0;

	if (object(y, at(L_SESSIONS), T_LIST, 56 + 8 * (uint64_t)listed, 1,
		   NULL))
		return true;
	for (i = 0; i < h->sessions; i++)
		if (!is_garbage(i))
			ref_index(y, synth_session(i, P_SESSION),
				  OBJTOP_REL_ITEM, k++);
	if (object(y, at(L_WATCHERS), T_LIST, 56 + 8 * (uint64_t)h->sessions,
		   1, NULL))
		return true;
	for (i = 0; i < h->sessions; i++)
		ref_index(y, synth_session(i, P_WATCHER), OBJTOP_REL_ITEM, i);
	if (object(y, at(L_NUMBERS), T_LIST, 56 + 8 * (uint64_t)h->numbers, 1,
		   NULL))
		return true;
	for (i = 0; i < h->numbers; i++)
		ref_index(y, at(first_number(y) + i), OBJTOP_REL_ITEM, i);
	return false;
}

static bool
walk_fixed(struct synth *y)
{
	const int64_t users = (int64_t)y->shape.sessions + 1;

	if (walk_types(y) || walk_modules(y) || walk_lists(y) ||
	    object(y, at(S_NAME), T_STR, 53, users, "'name'") ||
	    object(y, at(S_ID), T_STR, 51, users, "'id'") ||
	    object(y, at(F_HANDLE), T_FUNCTION, 160, 1, "handle"))
		return true;
	ref_to(y, at(D_MAIN), OBJTOP_REL_GLOBAL);
	return false;
}

/* ---- sessions and numbers ---- */

/* The other one of a pair; i itself where it has none. */
static uint32_t
peer_of(const struct synth *y, uint32_t i)
{
	uint32_t p = i % 8 == 0 ? i + 1 : i % 8 == 1 ? i - 1 : i;

	return p < y->shape.sessions && is_garbage(p) == is_garbage(i) ? p : i;
}

static bool
walk_owner(struct synth *y, uint32_t i)
{
	char text[32];
	uint32_t peer = peer_of(y, i);
	int64_t refs = 1 + !is_garbage(i) + (peer != i) + (i == 0);

	if (object(y, synth_session(i, P_SESSION), T_SESSION, 56, refs, NULL))
		return true;
	ref_named(y, synth_session(i, P_TOKEN), OBJTOP_REL_ATTRIBUTE, "token");
	ref_named(y, synth_session(i, P_USER), OBJTOP_REL_ATTRIBUTE, "user");
	ref_named(y, synth_session(i, P_CART), OBJTOP_REL_ATTRIBUTE, "cart");
	if (peer != i)
		ref_named(y, synth_session(peer, P_SESSION),
			  OBJTOP_REL_ATTRIBUTE, "peer");
	number_text(text, sizeof(text), "tok", i);
	if (object(y, synth_session(i, P_TOKEN), T_STR, 47 + str_len(text), 1,
		   text))
		return true;
	if (object(y, synth_session(i, P_USER), T_DICT, 232, 1, NULL))
		return true;
	ref_to(y, at(S_NAME), OBJTOP_REL_KEY);
	ref_named(y, synth_session(i, P_NAME), OBJTOP_REL_VALUE, "'name'");
	ref_to(y, at(S_ID), OBJTOP_REL_KEY);
	ref_named(y, synth_session(i, P_QUANTITY), OBJTOP_REL_VALUE, "'id'");
	number_text(text, sizeof(text), "user", i % 1000);
	return object(y, synth_session(i, P_NAME), T_STR, 47 + str_len(text),
		      3, text);
}

static bool
walk_line(struct synth *y, uint32_t i, uint32_t part)
{
	if (object(y, synth_session(i, part), T_TUPLE, 56, 1, NULL))
		return true;
	ref_index(y, synth_session(i, P_QUANTITY), OBJTOP_REL_ITEM, 0);
	ref_index(y, synth_session(i, P_NAME), OBJTOP_REL_ITEM, 1);
	return false;
}

static bool
walk_cart(struct synth *y, uint32_t i)
{
	char text[16];

	if (object(y, synth_session(i, P_CART), T_CART, 48, 1, NULL))
		return true;
	ref_named(y, synth_session(i, P_SESSION), OBJTOP_REL_SLOT, "owner");
	ref_named(y, synth_session(i, P_LINES), OBJTOP_REL_SLOT, "lines");
	if (object(y, synth_session(i, P_LINES), T_LIST, 72, 1, NULL))
		return true;
	ref_index(y, synth_session(i, P_LINE0), OBJTOP_REL_ITEM, 0);
	ref_index(y, synth_session(i, P_LINE1), OBJTOP_REL_ITEM, 1);
	if (walk_line(y, i, P_LINE0) || walk_line(y, i, P_LINE1))
		return true;
	if (object(y, synth_session(i, P_WATCHER), T_WEAKREF, 72, 1, NULL))
		return true;
	ref_to(y, synth_session(i, P_SESSION), OBJTOP_REL_WEAK);
	number_text(text, sizeof(text), NULL, i);
	return object(y, synth_session(i, P_QUANTITY), T_INT, 28, 3, text);
}

static bool
walk_numbers(struct synth *y)
{
	uint32_t i;
	char text[16];

	for (i = 0; i < y->shape.numbers; i++) {
		number_text(text, sizeof(text), NULL, i);
		if (object(y, at(first_number(y) + i), T_INT, 28, 1, text))
			return true;
	}
	return false;
}

/* ---- roots ---- */

static void
root(struct synth *y, uint8_t kind, const char *name, uint64_t thread)
{
	const struct objtop_root r = { kind, name, str_len(name), thread };

	y->sink->root(y->sink, &r);
}

static void
root_ref(struct synth *y, uint64_t to, uint8_t relation, const char *name)
{
	struct objtop_ref r = { .to = to, .relation = relation };

	if (name) {
		r.name_type = OBJTOP_NAME_ID;
		r.id = name_id(y, name);
	}
	y->sink->root_ref(y->sink, &r);
}

static void
walk_roots(struct synth *y)
{
	uint32_t i;

	y->sink->phase(y->sink, "roots");
	for (i = 0; i < 3; i++) {
		root(y, OBJTOP_ROOT_MODULE, modules[i], 0);
		root_ref(y, at(M_MAIN + i), OBJTOP_REL_MODULE, NULL);
	}
	root(y, OBJTOP_ROOT_FRAME, "handle (shop/server.py:42)", 4242);
	root_ref(y, at(F_HANDLE), OBJTOP_REL_INTERNAL, NULL);
	if (y->shape.sessions)
		root_ref(y, synth_session(0, P_SESSION), OBJTOP_REL_LOCAL,
			 "session");
	root(y, OBJTOP_ROOT_STATIC, "static types", 0);
	for (i = 0; i < TYPES; i++)
		root_ref(y, at(i), OBJTOP_REL_INTERNAL, NULL);
	root(y, OBJTOP_ROOT_INTERPRETER, "interned strings", 0);
	root_ref(y, at(S_NAME), OBJTOP_REL_INTERNAL, NULL);
	root_ref(y, at(S_ID), OBJTOP_REL_INTERNAL, NULL);
}

/* ---- the provider ---- */

static int
hold(void *self, char *why, size_t cap)
{
	(void)self, (void)why, (void)cap;
	return 0;
}

static void
let_go(void *self)
{
	(void)self;
}

/* Its figures follow from the size of the heap, like all else here. */
static void
tell_collector(struct objtop_sink *sink, const struct synth_shape *shape)
{
	static const uint64_t thresholds[] = { 700, 10, 10 };
	struct objtop_collector c = {
		.enabled = 1, .garbage = 1, .ngenerations = OBJTOP_GENERATIONS,
	};
	uint32_t i;

	for (i = 0; i < OBJTOP_GENERATIONS; i++)
		c.generation[i] = (struct objtop_generation){
			.objects = i == 2 ? shape->sessions : i,
			.threshold = thresholds[i], .count = i + 1,
			.collections = (uint64_t)shape->sessions >> (3 * i),
			.collected = 5, .pause_ns = i == 2 ?
				OBJTOP_UNKNOWN : 1000u * (i + 1),
		};
	sink->collector(sink, &c);
}

static int
walk(void *self, struct objtop_sink *sink, char *why, size_t cap)
{
	struct synth y = *(const struct synth *)self;
	uint32_t i;
	bool stop;

	(void)why, (void)cap;
	y.sink = sink;
	announce_types(&y);
	if (sink->want & OBJTOP_WANT_COLLECTOR)
		tell_collector(sink, &y.shape);
	walk_roots(&y);
	sink->phase(sink, "objects");
	stop = walk_fixed(&y);
	for (i = 0; i < y.shape.sessions && !stop; i++)
		stop = walk_owner(&y, i) || walk_cart(&y, i);
	if (!stop)
		stop = walk_numbers(&y);
	return stop;
}

static uint64_t
estimate(void *self)
{
	return ((const struct synth *)self)->shape.objects;
}

const struct objtop_provider *
objtop_synth(uint32_t nobjects)
{
	static struct synth y;
	static const struct objtop_provider p = {
		.size = sizeof(p), .abi = OBJTOP_ABI,
		.runtime = "synth", .version = "1", .self = &y,
		.hold = hold, .release = let_go, .walk = walk,
		.estimate = estimate,
	};

	y.shape = synth_shape(nobjects);
	return &p;
}
