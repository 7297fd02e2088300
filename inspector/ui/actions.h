/* SPDX-License-Identifier: MIT */
/*
 * actions.h - what keys do, as data; made from actions.def.
 */
#ifndef UI_ACTIONS_H
#define UI_ACTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum ui_action {
	UI_ACT_NONE,
#define ACTION(name, keys, group, where, bar, word, help) UI_ACT_##name,
#include "inspector/ui/actions.def"
	UI_ACT_COUNT
};

/* Where an action works: bits, those of the view and of the moment. */
enum ui_where {
	UI_WHERE_ALL = 1,	/* everywhere */
	UI_WHERE_TABLE = 2,	/* rows can be sorted and filtered */
	UI_WHERE_TREE = 4,	/* rows fold */
	UI_WHERE_HEAP = 8,	/* there is a target */
	UI_WHERE_FOUND = 16,	/* a search is on */
	UI_WHERE_REFS = 32,	/* rows are references */
};

enum ui_group {
	UI_GROUP_MOVE, UI_GROUP_WALK, UI_GROUP_HEAP, UI_GROUP_FIND,
	UI_GROUP_SORT, UI_GROUP_LIVE, UI_GROUP_MISC, UI_GROUP_COUNT
};

struct ui_action_def {
	const char *name;	/* "BACKREFS" */
	const char *keys;	/* "Up k" */
	enum ui_group group;
	unsigned where;
	const char *bar, *word;	/* of the key bar; "" */
	const char *help;
};

extern const struct ui_action_def ui_actions[UI_ACT_COUNT];
const char *ui_group_text(enum ui_group g);

/* What a key does where `where` holds; UI_ACT_NONE: nothing. */
enum ui_action ui_action_of(uint32_t key, unsigned where);

#endif
