/* SPDX-License-Identifier: MIT */
/*
 * redirect.h - malloc in a copy of the program, taken out of libc's hands.
 */
#ifndef OTA_REDIRECT_H
#define OTA_REDIRECT_H

#include <stdbool.h>
#include <stddef.h>

/* Looks the functions up: the loader's lock is taken, so not in a clone. */
void ota_redirect_find(void *(*find)(void *, const char *));

/*
 * In a copy that is going to be thrown away, and that has one thread: from now
 * on whoever calls malloc and its like gets memory out of room[bytes].
 * False: it could not be done, and libc's own is as it was.
 */
bool ota_redirect(void *room, size_t bytes);

#endif
