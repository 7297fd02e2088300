/* SPDX-License-Identifier: MIT */
/*
 * record_write.c - a recording being written: a line, a write, nothing kept.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/escape.h"
#include "inspector/cmd/record.h"

struct record_file {
	int fd;
	char *path;
	struct ot_buf line;
};

static uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* What a recorder that was killed has left of its last line is ended. */
static enum ot_status
open_end(struct record_file *f, struct ot_err *err)
{
	char last = '\n';
	off_t size = lseek(f->fd, 0, SEEK_END);

	if (size > 0 && !record_is_file(f->path))
		return ot_fail(err, OT_FAILED, "%s is there already and no "
			       "recording; it is left as it is", f->path);
	if (size > 0 && pread(f->fd, &last, 1, size - 1) == 1 &&
	    last != '\n' && write(f->fd, "\n", 1) != 1)
		return ot_fail_errno(err, OT_FAILED, "cannot write %s",
				     f->path);
	return OT_OK;
}

enum ot_status
record_open(const char *path, struct record_file **out, struct ot_err *err)
{
	struct record_file *f = calloc(1, sizeof(*f));
	enum ot_status st;

	if (f == NULL)
		return ot_fail_nomem(err, "the recording");
	f->path = strdup(path);
	f->fd = f->path == NULL ? -1 :
		open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (f->fd < 0)
		st = ot_fail_errno(err, OT_FAILED, "cannot write %s", path);
	else
		st = open_end(f, err);
	if (st != OT_OK) {
		record_close(f);
		return st;
	}
	*out = f;
	return OT_OK;
}

void
record_close(struct record_file *f)
{
	if (f == NULL)
		return;
	if (f->fd >= 0)
		close(f->fd);
	ot_buf_release(&f->line);
	free(f->path);
	free(f);
}

/* Text of the target's, as a JSON string. */
static void
add_string(struct ot_buf *b, const char *s)
{
	struct ot_buf safe = OT_BUF_INIT;
	const char *p;

	ot_escape(&safe, s, strlen(s), OT_ESC_JSON, 0);
	ot_buf_addc(b, '"');
	for (p = ot_buf_str(&safe); *p != '\0'; p++) {
		if (*p == '"' || *p == '\\')
			ot_buf_addf(b, "\\%c", *p);
		else if ((unsigned char)*p < 0x20)
			ot_buf_addf(b, "\\u%04x", (unsigned)*p);
		else
			ot_buf_addc(b, *p);
	}
	ot_buf_addc(b, '"');
	b->failed |= safe.failed;
	ot_buf_release(&safe);
}

static enum ot_status
end_line(struct record_file *f, struct ot_err *err)
{
	ssize_t n;

	ot_buf_adds(&f->line, "}\n");
	if (f->line.failed)
		return ot_fail_nomem(err, "a line of the recording");
	do
		n = write(f->fd, f->line.data, f->line.len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return ot_fail_errno(err, OT_FAILED, "cannot write %s",
				     f->path);
	if ((size_t)n < f->line.len)
		return ot_fail(err, OT_FAILED, "cannot write %s: the disk is "
			       "full", f->path);
	return OT_OK;
}

enum ot_status
record_head(struct record_file *f, const struct hg_info *info, uint64_t pid,
	    uint64_t interval_ms, struct ot_err *err)
{
	struct ot_buf *b = &f->line;

	ot_buf_clear(b);
	ot_buf_addf(b, "{\"objtop_record\":1,\"start\":%" PRIu64 ",\"pid\":%"
		    PRIu64 ",\"interval\":%" PRIu64 ",\"runtime\":", now_ms(),
		    pid, interval_ms);
	add_string(b, info->runtime);
	ot_buf_adds(b, ",\"version\":");
	add_string(b, info->version);
	ot_buf_adds(b, ",\"command\":");
	add_string(b, info->command);
	return end_line(f, err);
}

enum ot_status
record_event(struct record_file *f, const char *text, struct ot_err *err)
{
	ot_buf_clear(&f->line);
	ot_buf_addf(&f->line, "{\"t\":%" PRIu64 ",\"event\":", now_ms());
	add_string(&f->line, text);
	return end_line(f, err);
}

struct top {
	hg_kind kind;
	uint64_t count;
};

static int
by_count(const void *a, const void *b)
{
	const struct top *x = a, *y = b;

	return (x->count < y->count) - (x->count > y->count);
}

static void
add_types(struct ot_buf *b, const struct hg_graph *g)
{
	size_t n = hg_kinds(g), i;
	struct top *all = ot_realloc_array(NULL, n + 1, sizeof(*all));

	if (all == NULL) {
		b->failed = true;
		return;
	}
	for (i = 0; i < n; i++)
		all[i] = (struct top){ (hg_kind)i,
				       hg_kind_count(g, (hg_kind)i) };
	qsort(all, n, sizeof(*all), by_count);
	ot_buf_addf(b, ",\"objects\":%" PRIu64 ",\"bytes\":%" PRIu64
		    ",\"types\":[", hg_info(g)->objects, hg_info(g)->bytes);
	for (i = 0; i < n && i < RECORD_TYPES; i++) {
		ot_buf_adds(b, i > 0 ? ",[" : "[");
		add_string(b, hg_kind_full(g, all[i].kind));
		ot_buf_addf(b, ",%" PRIu64 ",%" PRIu64 "]", all[i].count,
			    hg_kind_bytes(g, all[i].kind));
	}
	ot_buf_addc(b, ']');
	free(all);
}

enum ot_status
record_sample(struct record_file *f, const struct record_now *now,
	      struct ot_err *err)
{
	struct ot_buf *b = &f->line;

	ot_buf_clear(b);
	ot_buf_addf(b, "{\"t\":%" PRIu64 ",\"rss\":%" PRIu64, now_ms(),
		    now->rss);
	if (now->pss > 0)
		ot_buf_addf(b, ",\"pss\":%" PRIu64, now->pss);
	if (now->with_children)
		ot_buf_addf(b, ",\"children\":%" PRIu64 ",\"children_rss\":%"
			    PRIu64, now->children, now->children_rss);
	if (now->with_gc)
		ot_buf_addf(b, ",\"gc\":[%" PRIu64 ",%" PRIu64 ",%" PRIu64 "]",
			    now->gc.pauses, now->gc.us, now->gc.longest_us);
	if (now->counts != NULL)
		add_types(b, now->counts);
	return end_line(f, err);
}
