/* SPDX-License-Identifier: MIT */
/*
 * keys.h - keys as numbers and as names.
 *
 * A character is its code point, Ctrl-R is 0x12; keys that are no character
 * have numbers beyond Unicode.  Names are those of the manual: "j", "^R",
 * "PgUp", "Enter".
 */
#ifndef UI_KEYS_H
#define UI_KEYS_H

#include <stddef.h>
#include <stdint.h>

enum ui_key {
	UI_KEY_NONE = 0,
	UI_KEY_TAB = '\t',
	UI_KEY_ENTER = '\r',
	UI_KEY_ESC = 0x1b,
	UI_KEY_BACKSPACE = 0x7f,
	UI_KEY_UP = 0x110000,
	UI_KEY_DOWN,
	UI_KEY_LEFT,
	UI_KEY_RIGHT,
	UI_KEY_PGUP,
	UI_KEY_PGDN,
	UI_KEY_HOME,
	UI_KEY_END,
	UI_KEY_DELETE,
	UI_KEY_BACKTAB,
	UI_KEY_F1,
	UI_KEY_F10,
	UI_KEY_CLICK,		/* of the mouse: these come with a place */
	UI_KEY_WHEEL_UP,
	UI_KEY_WHEEL_DOWN,
};

/* UI_KEY_NONE: no such name.  Reads len bytes. */
uint32_t ui_key_by_name(const char *name, size_t len);

#endif
