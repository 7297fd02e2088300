/* SPDX-License-Identifier: MIT */
/*
 * agent_image.h - the agent's shared object, carried inside objtop.
 */
#ifndef TARGET_AGENT_IMAGE_H
#define TARGET_AGENT_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/boot.h"

const unsigned char *agent_image(size_t *len);

/* Its boot words as built, and at which offset in the image they stand. */
bool agent_image_boot(struct otw_boot *boot, size_t *offset);

/* Is this a mapping of an agent, by its path in maps? */
bool agent_image_is_path(const char *path);

/* Writes the image to fd, with the boot words as given; -1 with errno. */
int agent_image_write(int fd, const struct otw_boot *boot);

#endif
