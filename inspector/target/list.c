/* SPDX-License-Identifier: MIT */
/*
 * Processes as `ps` and the picker show them.  Most processes of a machine
 * are dismissed after one small file (threads of the kernel, what may not be
 * read); for the rest each library is examined once, whoever maps it.
 */
#include "config.h"
#include "inspector/target/entry.h"
#include "inspector/target/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
copy_text(char *dst, size_t cap, const char *src)
{
	size_t n = strlen(src);

	if (n >= cap)
		n = cap - 1;
	memcpy(dst, src, n);
	dst[n] = '\0';
}

/* `refused`: what suspect_look had against it. */
static void
fill(const struct suspect *s, bool refused, struct ot_err *why,
     struct target_proc *p)
{
	const char *rung = NULL;

	memset(p, 0, sizeof(*p));
	p->pid = s->pid;
	p->uid = s->status.uid;
	suspect_user(p->uid, p->user, sizeof(p->user));
	copy_text(p->runtime, sizeof(p->runtime), s->runtime);
	copy_text(p->version, sizeof(p->version), s->version);
	p->rss = s->status.rss;
	p->start_ticks = s->stat.start_ticks;
	proc_command(s->pid, p->command, sizeof(p->command));
	if (!refused && suspect_check(s, why) == OT_OK)
		rung = ladder_probe(s, why);
	if (rung != NULL)
		copy_text(p->rung, sizeof(p->rung), rung);
	copy_text(p->why_not, sizeof(p->why_not), why->msg);
}

enum ot_status
target_look(pid_t pid, struct target_proc *out, struct ot_err *err)
{
	struct ot_err why = OT_ERR_INIT;
	enum ot_status st;
	struct suspect s;

	st = suspect_look(&s, pid, NULL, &why);
	if (st != OT_OK && s.status.tgid != pid) {
		if (err != NULL)
			*err = why;
		suspect_release(&s);
		return st;
	}
	fill(&s, st != OT_OK, &why, out);
	suspect_release(&s);
	return OT_OK;
}

static int
by_number(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

bool
target_descends(pid_t pid, pid_t of)
{
	struct proc_stat st;
	int up;

	/* Parents may change meanwhile: no longer than a chain can be. */
	for (up = 0; up < 1000 && proc_stat_read(pid, 0, &st); up++) {
		pid = st.ppid;
		if (pid == of)
			return true;
		if (pid <= 1)
			break;
	}
	return false;
}

enum ot_status
target_list(struct target_proc **out, size_t *n, struct ot_err *err)
{
	struct module_cache *cache = module_cache_new();
	size_t npids = 0, cap = 0, i;
	enum ot_status st = OT_OK;
	pid_t *pids = NULL;

	*out = NULL;
	*n = 0;
	if (cache == NULL)
		return ot_fail_nomem(err, "a list of processes");
	if (!proc_usable(err)) {
		module_cache_free(cache);
		return OT_REFUSED;
	}
	if (!proc_ids(0, &pids, &npids)) {
		module_cache_free(cache);
		return ot_fail_errno(err, OT_FAILED, "/proc cannot be read");
	}
	qsort(pids, npids, sizeof(*pids), by_number);
	for (i = 0; i < npids && st == OT_OK; i++) {
		struct ot_err why = OT_ERR_INIT;
		struct suspect s;
		bool refused;

		if (pids[i] == getpid())
			continue;
		refused = suspect_look(&s, pids[i], cache, &why) != OT_OK;
		if (s.runtime[0] != '\0' && *n == cap) {
			struct target_proc *v;

			cap = cap == 0 ? 16 : cap * 2;
			v = ot_realloc_array(*out, cap, sizeof(*v));
			if (v == NULL)
				st = ot_fail_nomem(err, "a list of processes");
			else
				*out = v;
		}
		if (s.runtime[0] != '\0' && st == OT_OK)
			fill(&s, refused, &why, &(*out)[(*n)++]);
		suspect_release(&s);
	}
	free(pids);
	module_cache_free(cache);
	if (st != OT_OK) {
		free(*out);
		*out = NULL;
		*n = 0;
	}
	return st;
}
