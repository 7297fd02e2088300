/* SPDX-License-Identifier: MIT */
/*
 * jail.h - a copy of the program that may compute and nothing else.
 */
#ifndef OTA_JAIL_H
#define OTA_JAIL_H

#include <stdbool.h>
#include <stddef.h>

/*
 * In a clone with a table of descriptors of its own.  Closes all of them, gives
 * every signal its default, makes memory that is shared with others read-only
 * (but keep[keep_len]), bounds what may be taken to `room` bytes more, sees to
 * malloc (redirect.h), and lets the kernel refuse whatever system call could
 * be noticed outside.  False: not all of that could be had, why[cap] says what.
 */
bool ota_jail(const void *keep, size_t keep_len, size_t room, char *why,
	      size_t cap);

#endif
