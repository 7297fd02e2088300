/* SPDX-License-Identifier: MIT */
/*
 * replay_dec.c - the fuzz target without a fuzzer.
 *
 * With arguments: runs each file (minimised crashes; `-o DIR` writes the seeds
 * there instead, for a corpus to start from).  Without: makes the seeds, runs
 * them and some thousand simple mutations of each, always the same ones.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz_dec.h"
#include "wire/enc.h"

enum { SEEDS = 3, MUTATIONS = 4000 };

struct seed {
	uint8_t *data;
	size_t len;
};

static bool
grow(struct otw_enc *e, size_t more)
{
	size_t cap = (e->len + more) * 2;
	uint8_t *p = realloc(e->data, cap);

	if (!p)
		return false;
	e->data = p;
	e->cap = cap;
	return true;
}

#define STR(s)	((struct otw_str){ (s), sizeof(s) - 1 })

static void
seed_graph(struct otw_enc *e, uint32_t nrefs)
{
	const struct otw_kind k = { 0, 4096, 1, STR("Session"), STR("shop") };
	const struct otw_name n = { 0, STR("token") };
	const struct otw_root root = { OTW_ROOT_FRAME, 9, STR("main") };
	struct otw_object o = { .flags = 1, .bytes = 64, .refcount = 2 };
	struct otw_ref r = { 4096, OTW_REL_ITEM, OTW_NAME_ID, 0, 0 };
	uint32_t i, j;

	otw_enc_kind(e, &k);
	otw_enc_name(e, &n);
	otw_enc_root(e, &root);
	otw_enc_root_ref(e, &r);
	for (i = 0; i < 4; i++) {
		o.addr = 8192 + i * 60u;
		o.text = i & 1 ? STR("'a'") : STR("");
		otw_enc_object(e, &o);
		for (j = 0; j < nrefs; j++) {
			r.to = j % 5 ? 8192 + j * 8u : 3;
			r.name_type = j % 3;
			r.index = j;
			otw_enc_ref(e, &r);
		}
	}
}

static bool
make_seed(int which, struct seed *out)
{
	const struct otw_hello h = {
		OTW_VERSION, 0, 1, STR("cpython"), STR("3.11"), STR("python"),
	};
	const struct otw_begin b = { .mode = OTW_MODE_FORK, .want = 63 };
	const struct otw_count c = { 0, 5, 320, 5 };
	const struct otw_unseen u = { 1, STR("why") };
	const struct otw_pools po = { .pool_bytes = 4096, .kind_at = 8,
				      .why = STR("why") };
	const struct otw_error er = { 1, STR("no") };
	const struct otw_request rq = { 63, OTW_MODE_AUTO, 1000 };
	const struct otw_progress pr = { 1, 2 };
	const struct otw_collector col = { .enabled = true, .ngenerations = 3 };
	const struct otw_act act = { .what = OTW_ACT_COLLECT, .arg = { 2 } };
	const struct otw_acted acted = { .what = OTW_ACT_FREEZE };
	const struct otw_end end = { .objects = 4 };
	void *block = calloc(1, otw_enc_block_size());
	struct otw_enc e;

	if (!block)
		return false;
	otw_enc_init(&e, grow, NULL, block);
	if (!grow(&e, 64))
		abort();
	e.data[e.len++] = (uint8_t)(which * 7);	/* length of pieces */
	otw_enc_hello(&e, &h);
	otw_enc_begin(&e, &b);
	seed_graph(&e, which == 2 ? 5000 : (uint32_t)which * 5);
	otw_enc_flush(&e);
	otw_enc_counts(&e, &c, 1);
	otw_enc_unseen(&e, &u);
	otw_enc_pools(&e, &po);
	otw_enc_progress(&e, &pr);
	otw_enc_collector(&e, &col);
	otw_enc_end(&e, &end);
	otw_enc_acted(&e, &acted);
	otw_enc_act(&e, &act);
	otw_enc_error(&e, &er);
	otw_enc_empty(&e, OTW_F_BYE);
	otw_enc_request(&e, &rq);
	otw_enc_empty(&e, OTW_F_CANCEL);
	free(block);
	out->data = e.data;
	out->len = e.len;
	return !e.failed;
}

static uint32_t
rnd(uint32_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 17;
	*x ^= *x << 5;
	return *x;
}

/* Flips, sets, cuts out and doubles bytes in a copy of the seed. */
static void
mutate(const struct seed *s, uint32_t *x)
{
	size_t len = s->len, n = rnd(x) % 4 + 1;
	uint8_t *b = malloc(len * 2);

	if (!b)
		abort();
	memcpy(b, s->data, len);
	while (n--) {
		size_t at = rnd(x) % len, k = rnd(x) % (len - at);

		switch (rnd(x) % 4) {
		case 0:
			b[at] ^= (uint8_t)(1u << rnd(x) % 8);
			break;
		case 1:
			b[at] = (uint8_t)rnd(x);
			break;
		case 2:
			k = k < 4 ? k : 4;
			memmove(b + at, b + at + k, len - at - k);
			len -= k;
			break;
		default:
			k = k < 64 && len + k <= s->len * 2 ? k : 0;
			memmove(b + at + k, b + at, len - at);
			len += k;
		}
	}
	LLVMFuzzerTestOneInput(b, len);
	free(b);
}

static int
run_file(const char *path)
{
	static uint8_t buf[1 << 20];
	FILE *f = fopen(path, "rb");
	size_t n;

	if (!f) {
		perror(path);
		return 1;
	}
	n = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	LLVMFuzzerTestOneInput(buf, n);
	return 0;
}

static int
write_seed(const char *dir, int which, const struct seed *s)
{
	char path[4096];
	FILE *f;
	int bad;

	snprintf(path, sizeof(path), "%s/seed%d", dir, which);
	f = fopen(path, "wb");
	if (!f) {
		perror(path);
		return 1;
	}
	bad = fwrite(s->data, 1, s->len, f) != s->len;
	return fclose(f) || bad;
}

int
main(int argc, char **argv)
{
	bool write = argc == 3 && strcmp(argv[1], "-o") == 0;
	uint32_t x = 2463534242u;
	int i, k, bad = 0;

	for (i = 1; i < argc && !write; i++)
		bad |= run_file(argv[i]);
	for (i = 0; i < SEEDS && (argc == 1 || write); i++) {
		struct seed s = { NULL, 0 };

		if (!make_seed(i, &s))
			return 1;
		if (write)
			bad |= write_seed(argv[2], i, &s);
		else
			LLVMFuzzerTestOneInput(s.data, s.len);
		for (k = 0; k < MUTATIONS && !write; k++)
			mutate(&s, &x);
		free(s.data);
	}
	return bad;
}
