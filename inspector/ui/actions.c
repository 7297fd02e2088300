/* SPDX-License-Identifier: MIT */
/*
 * The table of actions, and the look-up from a key to one of them: a walk
 * over some forty short lines for each key press.
 */
#include "config.h"

#include "inspector/ui/actions.h"

#include <string.h>

#include "inspector/ui/keys.h"

const struct ui_action_def ui_actions[UI_ACT_COUNT] = {
	[UI_ACT_NONE] = { "NONE", "", UI_GROUP_MISC, 0, "", "", "" },
#define ACTION(name, keys, group, where, bar, word, help) \
	[UI_ACT_##name] = { #name, keys, UI_GROUP_##group, UI_WHERE_##where, \
			    bar, word, help },
#include "inspector/ui/actions.def"
};

static const char *const group_texts[UI_GROUP_COUNT] = {
	[UI_GROUP_MOVE] = "Moving",
	[UI_GROUP_WALK] = "Opening and going back",
	[UI_GROUP_HEAP] = "About the selected object",
	[UI_GROUP_FIND] = "Finding",
	[UI_GROUP_SORT] = "Sorting",
	[UI_GROUP_LIVE] = "Sampling",
	[UI_GROUP_MISC] = "Other",
};

const char *
ui_group_text(enum ui_group g)
{
	return group_texts[g];
}

static bool
action_has_key(const struct ui_action_def *a, uint32_t key)
{
	const char *s = a->keys;

	while (*s != '\0') {
		size_t len = strcspn(s, " ");

		if (ui_key_by_name(s, len) == key)
			return true;
		s += len;
		s += strspn(s, " ");
	}
	return false;
}

enum ui_action
ui_action_of(uint32_t key, unsigned where)
{
	int i;

	for (i = UI_ACT_NONE + 1; i < UI_ACT_COUNT; i++)
		if ((ui_actions[i].where & where) != 0 &&
		    action_has_key(&ui_actions[i], key))
			return (enum ui_action)i;
	return UI_ACT_NONE;
}
