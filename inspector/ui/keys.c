/* SPDX-License-Identifier: MIT */
/*
 * Names of keys, for actions.def and for scripted keys in tests.
 */
#include "config.h"

#include "inspector/ui/keys.h"

#include <string.h>

#include "base/compiler.h"

static const struct {
	const char *name;
	uint32_t key;
} keys_named[] = {
	{ "Up", UI_KEY_UP }, { "Down", UI_KEY_DOWN },
	{ "Left", UI_KEY_LEFT }, { "Right", UI_KEY_RIGHT },
	{ "PgUp", UI_KEY_PGUP }, { "PgDn", UI_KEY_PGDN },
	{ "Home", UI_KEY_HOME }, { "End", UI_KEY_END },
	{ "Enter", UI_KEY_ENTER }, { "Backspace", UI_KEY_BACKSPACE },
	{ "Esc", UI_KEY_ESC }, { "Tab", UI_KEY_TAB },
	{ "BackTab", UI_KEY_BACKTAB }, { "Del", UI_KEY_DELETE },
	{ "Space", ' ' }, { "F1", UI_KEY_F1 }, { "F10", UI_KEY_F10 },
};

uint32_t
ui_key_by_name(const char *name, size_t len)
{
	size_t i;

	if (len == 1)
		return (unsigned char)name[0];
	if (len == 2 && name[0] == '^' && name[1] >= '@' && name[1] <= '_')
		return (uint32_t)(name[1] - '@');
	for (i = 0; i < OT_ARRAY_LEN(keys_named); i++)
		if (strlen(keys_named[i].name) == len &&
		    memcmp(keys_named[i].name, name, len) == 0)
			return keys_named[i].key;
	return UI_KEY_NONE;
}
