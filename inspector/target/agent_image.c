/* SPDX-License-Identifier: MIT */
/*
 * The agent travels as bytes: objtop needs no file beside itself, and the
 * agent that goes into a target is always the one of the same build.
 */
#include "config.h"
#include "inspector/target/agent_image.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "inspector/target/elf_mem.h"
#include "inspector/target/proc.h"

/* agent_blob.S */
extern const unsigned char target_agent_blob[];
extern const unsigned char target_agent_blob_end[];

const unsigned char *
agent_image(size_t *len)
{
	*len = (size_t)(target_agent_blob_end - target_agent_blob);
	return target_agent_blob;
}

bool
agent_image_boot(struct otw_boot *boot, size_t *offset)
{
	struct elf_image image;
	struct elf_sym sym;
	struct elf_view v;

	image.data = agent_image(&image.len);
	if (!elf_open(&v, elf_image_read, &image, 0) ||
	    !elf_symbol(&v, OTW_BOOT_SYMBOL, &sym))
		return false;
	*offset = elf_image_offset(&image, sym.addr, sizeof(*boot));
	if (*offset == SIZE_MAX)
		return false;
	memcpy(boot, image.data + *offset, sizeof(*boot));
	return boot->magic == OTW_BOOT_MAGIC && boot->abi == OTW_BOOT_ABI;
}

bool
agent_image_is_path(const char *path)
{
	const char *name = proc_base_name(path);
	size_t len = strlen("memfd:" OTW_MEMFD_NAME);

	if (strncmp(name, "memfd:" OTW_MEMFD_NAME, len) == 0)
		return name[len] == '\0' || name[len] == ' ';
	len = strlen("objtop-agent.so");
	return strncmp(name, "objtop-agent.so", len) == 0 &&
		(name[len] == '\0' || name[len] == ' ');
}

static int
write_all(int fd, const unsigned char *p, size_t len, off_t at)
{
	while (len > 0) {
		ssize_t n = pwrite(fd, p, len, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		p += n;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int
agent_image_write(int fd, const struct otw_boot *boot)
{
	const unsigned char *image;
	struct otw_boot built;
	size_t len, off;

	image = agent_image(&len);
	if (!agent_image_boot(&built, &off)) {
		errno = ENOEXEC;
		return -1;
	}
	if (write_all(fd, image, len, 0) != 0)
		return -1;
	return write_all(fd, (const unsigned char *)boot, sizeof(*boot),
			 (off_t)off);
}
