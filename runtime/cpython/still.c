/* SPDX-License-Identifier: MIT */
/*
 * still.c - uwsgi without enable-threads.
 *
 * It takes the interpreter's lock once, for its main thread, and puts
 * functions that do nothing where it would let go of it: whoever waits for
 * the lock waits for ever, waking up 200 times a second.  But all of its
 * Python runs on that thread, so its heap holds still while the thread sleeps
 * in the kernel: between two requests, say.  A thread that ran has been
 * switched in and, when it sleeps again, out: the kernel counts that, so a
 * clone is known to be whole when neither state nor counts have changed since
 * before it was made.  Costs two reads below /proc.
 */
#include "config.h"

#include "runtime/cpython/still.h"

#include <string.h>

#include "runtime/cpython/py.h"
#include "runtime/sys.h"

#define PLUGIN_WORDS	512u	/* of `up` that are looked at */
#define PATIENCE_MS	4000u
#define LOOK_NS		1000000u

bool
py_lock_is_kept(void *(*find)(void *, const char *))
{
	uintptr_t up = (uintptr_t)find(NULL, "up"), word;
	uintptr_t fake = (uintptr_t)find(NULL, "gil_fake_get");
	size_t i;

	if (!up || !fake)
		return false;
	for (i = 0; i < PLUGIN_WORDS; i++) {
		if (!py_peek_ptr(up + i * sizeof(word), &word))
			return false;
		if (word == fake)
			return true;
	}
	return false;
}

/* The number behind a word of the text; 0 where there is none. */
static uint64_t
number(const char *text, size_t len, const char *word)
{
	size_t n = strlen(word), i;
	uint64_t v = 0;

	for (i = 0; i + n < len; i++) {
		if (text[i] != '\n' || memcmp(text + i + 1, word, n - 1) ||
		    text[i + n] != word[n - 1])
			continue;
		for (i += n + 1; i < len && text[i] == '\t'; i++)
			;
		for (; i < len && text[i] >= '0' && text[i] <= '9'; i++)
			v = v * 10 + (uint64_t)(text[i] - '0');
		return v;
	}
	return 0;
}

/* False: it does not sleep, or nobody may know. */
static bool
sleeps(int pid, uint64_t *switches)
{
	static const char state[] = "\nState:\tS";
	char path[64], text[4096];
	size_t len, i;
	long n;

	len = ota_cat(path, sizeof(path), 0, "/proc/");
	len = ota_cat_u64(path, sizeof(path), len, (uint64_t)pid);
	len = ota_cat(path, sizeof(path), len, "/task/");
	len = ota_cat_u64(path, sizeof(path), len, (uint64_t)pid);
	ota_cat(path, sizeof(path), len, "/status");
	n = ota_slurp(path, text, sizeof(text));
	if (n <= 0)
		return false;
	*switches = number(text, (size_t)n, "voluntary_ctxt_switches:") +
		number(text, (size_t)n, "nonvoluntary_ctxt_switches:");
	for (i = 0; i + sizeof(state) <= (size_t)n; i++)
		if (memcmp(text + i, state, sizeof(state) - 1) == 0)
			return *switches != 0;
	return false;
}

bool
py_still_wait(struct py_still *s)
{
	uint64_t before = 0;
	unsigned i;

	s->pid = ota_pid();
	for (i = 0; i < PATIENCE_MS; i++) {
		/* Twice the same: more than a moment's sleep. */
		if (!sleeps(s->pid, &s->switches))
			before = 0;
		else if (s->switches == before)
			return true;
		else
			before = s->switches;
		ota_sleep_ns(LOOK_NS);
	}
	return false;
}

bool
py_still_since(const struct py_still *s)
{
	uint64_t now;

	return sleeps(s->pid, &now) && now == s->switches;
}
