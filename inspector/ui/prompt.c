/* SPDX-License-Identifier: MIT */
/*
 * The line editor: UTF-8 in a fixed buffer, keys as in readline.
 */
#include "config.h"

#include "inspector/ui/prompt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspector/ui/keys.h"

void
ui_history_release(struct ui_history *h)
{
	while (h->n > 0)
		free(h->line[--h->n]);
}

void
ui_history_add(struct ui_history *h, const char *line)
{
	char *copy;

	if (line[0] == '\0' ||
	    (h->n > 0 && strcmp(h->line[h->n - 1], line) == 0))
		return;
	copy = strdup(line);
	if (copy == NULL)
		return;
	if (h->n == UI_PROMPT_LINES) {
		free(h->line[0]);
		memmove(h->line, h->line + 1,
			(UI_PROMPT_LINES - 1) * sizeof(h->line[0]));
		h->n--;
	}
	h->line[h->n++] = copy;
}

static void
prompt_set(struct ui_prompt *p, const char *text)
{
	snprintf(p->text, sizeof(p->text), "%s", text);
	p->len = p->at = strlen(p->text);
}

void
ui_prompt_start(struct ui_prompt *p, const char *label, const char *text,
		struct ui_history *history)
{
	memset(p, 0, sizeof(*p));
	snprintf(p->label, sizeof(p->label), "%s", label);
	prompt_set(p, text);
	p->history = history;
	p->recall = history != NULL ? history->n : 0;
}

static size_t
prompt_left(const struct ui_prompt *p, size_t at)
{
	if (at > 0)
		at--;
	while (at > 0 && ((unsigned char)p->text[at] & 0xc0) == 0x80)
		at--;
	return at;
}

static size_t
prompt_right(const struct ui_prompt *p, size_t at)
{
	if (at < p->len)
		at++;
	while (at < p->len && ((unsigned char)p->text[at] & 0xc0) == 0x80)
		at++;
	return at;
}

static void
prompt_delete(struct ui_prompt *p, size_t from, size_t to)
{
	memmove(p->text + from, p->text + to, p->len - to + 1);
	p->len -= to - from;
	p->at = from;
}

static void
prompt_insert(struct ui_prompt *p, const char *s, size_t n)
{
	if (p->len + n >= sizeof(p->text))
		return;
	memmove(p->text + p->at + n, p->text + p->at, p->len - p->at + 1);
	memcpy(p->text + p->at, s, n);
	p->at += n;
	p->len += n;
}

static void
prompt_type(struct ui_prompt *p, uint32_t key)
{
	char s[4];
	size_t n = 0;

	if (key < 0x80) {
		s[n++] = (char)key;
	} else if (key < 0x800) {
		s[n++] = (char)(0xc0 | key >> 6);
		s[n++] = (char)(0x80 | (key & 0x3f));
	} else if (key < 0x10000) {
		s[n++] = (char)(0xe0 | key >> 12);
		s[n++] = (char)(0x80 | (key >> 6 & 0x3f));
		s[n++] = (char)(0x80 | (key & 0x3f));
	} else {
		s[n++] = (char)(0xf0 | key >> 18);
		s[n++] = (char)(0x80 | (key >> 12 & 0x3f));
		s[n++] = (char)(0x80 | (key >> 6 & 0x3f));
		s[n++] = (char)(0x80 | (key & 0x3f));
	}
	prompt_insert(p, s, n);
}

static void
prompt_recall(struct ui_prompt *p, bool older)
{
	const struct ui_history *h = p->history;

	if (h == NULL || (older ? p->recall == 0 : p->recall >= h->n))
		return;
	p->recall += older ? (size_t)-1 : 1;
	prompt_set(p, p->recall < h->n ? h->line[p->recall] : "");
}

/* The last word of a candidate, as far as there is room for it. */
static void
hint_add(struct ui_prompt *p, const char *s, size_t len)
{
	const char *word = s + len;
	size_t used = strlen(p->hint);

	while (word > s && word[-1] != ' ')
		word--;
	if (used + len + 3 < sizeof(p->hint))
		snprintf(p->hint + used, sizeof(p->hint) - used, "%.*s  ",
			 (int)(s + len - word), word);
}

/*
 * Puts in what all candidates have in common; more than one are listed.  A
 * candidate is the whole line up to the cursor as it would be.
 */
static void
prompt_complete(struct ui_prompt *p)
{
	struct ot_buf list = OT_BUF_INIT;
	const char *first, *s;
	size_t common, n = 0;

	if (p->complete == NULL || p->at != p->len)
		return;
	p->complete(p->ctx, p->text, &list);
	first = ot_buf_str(&list);
	common = strcspn(first, "\n");
	for (s = first; *s != '\0'; n++) {
		size_t len = strcspn(s, "\n"), i;

		for (i = 0; i < common && i < len && s[i] == first[i]; i++)
			;
		common = i;
		hint_add(p, s, len);
		s += len + (s[len] == '\n');
	}
	if (common > p->len && common < sizeof(p->text)) {
		memcpy(p->text, first, common);
		p->text[common] = '\0';
		p->len = p->at = common;
	}
	if (n == 1) {
		p->hint[0] = '\0';
		if (p->len == common && p->words &&
		    strchr(p->text, ' ') == NULL)
			prompt_insert(p, " ", 1);
	}
	ot_buf_release(&list);
}

static void
prompt_word_back(struct ui_prompt *p)
{
	size_t from = p->at;

	while (from > 0 && p->text[from - 1] == ' ')
		from--;
	while (from > 0 && p->text[from - 1] != ' ')
		from--;
	prompt_delete(p, from, p->at);
}

enum ui_prompt_end
ui_prompt_key(struct ui_prompt *p, uint32_t key)
{
	p->hint[0] = '\0';
	switch (key) {
	case UI_KEY_ENTER:
		if (p->history != NULL)
			ui_history_add(p->history, p->text);
		return UI_PROMPT_DONE;
	case UI_KEY_ESC:
		return UI_PROMPT_CANCELLED;
	case UI_KEY_BACKSPACE:
		if (p->len == 0)
			return UI_PROMPT_CANCELLED;
		prompt_delete(p, prompt_left(p, p->at), p->at);
		break;
	case UI_KEY_DELETE:
		prompt_delete(p, p->at, prompt_right(p, p->at));
		break;
	case UI_KEY_LEFT:
		p->at = prompt_left(p, p->at);
		break;
	case UI_KEY_RIGHT:
		p->at = prompt_right(p, p->at);
		break;
	case UI_KEY_HOME:
	case 'A' - '@':
		p->at = 0;
		break;
	case UI_KEY_END:
	case 'E' - '@':
		p->at = p->len;
		break;
	case UI_KEY_UP:
	case UI_KEY_DOWN:
		prompt_recall(p, key == UI_KEY_UP);
		break;
	case UI_KEY_TAB:
		prompt_complete(p);
		break;
	case 'U' - '@':
		prompt_delete(p, 0, p->at);
		break;
	case 'W' - '@':
		prompt_word_back(p);
		break;
	default:
		if (key >= ' ' && key < UI_KEY_UP)
			prompt_type(p, key);
	}
	return UI_PROMPT_ON;
}

void
ui_prompt_draw(const struct ui_prompt *p, struct ui_cells *c, struct ui_rect r)
{
	char before[UI_PROMPT_MAX];
	int x = r.col, room, at, skip, used;

	x += ui_put(c, r.row, x, r.cols, UI_KEY, p->label);
	room = r.col + r.cols - x - 1;
	memcpy(before, p->text, p->at);
	before[p->at] = '\0';
	at = ui_width(c, before);
	skip = at > room ? at - room : 0;
	used = ui_put_from(c, r.row, x, room, skip, UI_PLAIN, p->text);
	if (p->hint[0] != '\0')
		ui_put(c, r.row, x + used + 2, room - used - 2, UI_DIM,
		       p->hint);
	c->cursor_row = r.row;
	c->cursor_col = x + at - skip;
}
