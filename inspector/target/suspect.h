/* SPDX-License-Identifier: MIT */
/*
 * suspect.h - what can be known about a process without touching it.
 */
#ifndef TARGET_SUSPECT_H
#define TARGET_SUSPECT_H

#include "base/err.h"
#include "inspector/target/elf_mem.h"
#include "inspector/target/proc.h"
#include "wire/boot.h"

struct suspect {
	pid_t pid;
	struct proc_stat stat;
	struct proc_status status;
	struct proc_maps maps;
	int mem;		/* /proc/PID/mem for reading; -1: not open */
	char runtime[16];	/* "cpython", "objtop.h", "pypy"; "": none */
	char version[32];
	bool found;		/* that is known, not guessed by its name */
	char agent_why[64];	/* of a resident agent of another build */
	bool free_threaded;	/* built with --disable-gil */
	bool agent;		/* one of our build is there: */
	struct otw_boot boot;	/* as it was when looked at */
	uint64_t agent_boot, agent_start;	/* addresses */
	uint64_t serving;	/* boot words of one that serves an inspector,
				 * of whatever build; 0: none does */
};

#define SUSPECT_INIT { .pid = 0, .maps = PROC_MAPS_INIT, .mem = -1 }

/* What was found out about a file, remembered while many are looked at. */
struct module_cache;
struct module_cache *module_cache_new(void);
void module_cache_free(struct module_cache *c);

/*
 * Reads what /proc says and looks for a runtime and for an agent.  OT_REFUSED
 * where there is no such process, or it may not be looked at: then runtime is
 * a guess by name and `err` says why.  `c` may be NULL.
 */
enum ot_status suspect_look(struct suspect *s, pid_t pid,
			    struct module_cache *c, struct ot_err *err);
void suspect_release(struct suspect *s);

/*
 * What stands in the way of any attacher: wrong kind of process, no runtime,
 * a version that is not supported.  OT_OK: nothing.
 */
enum ot_status suspect_check(const struct suspect *s, struct ot_err *err);

/* The words of an agent as they are now, and what they say. */
bool suspect_boot(const struct suspect *s, uint64_t addr, struct otw_boot *b);
bool suspect_serves(const struct suspect *s, const struct otw_boot *b);

/* Runtime and version by the modules mapped.  detect.c */
void detect_runtime(struct suspect *s, struct module_cache *c);
bool detect_version_text(const char *text, size_t len, char *dst, size_t cap);
void detect_by_name(struct suspect *s, const char *command);

/* The same of the files that are mapped, for elf_open.  detect_file.c */
struct detect_file {
	const struct proc_maps *maps;
	uint64_t ino;
	int fd;
};
bool detect_file_open(struct detect_file *f, const struct suspect *s,
		      const struct proc_map *m);
bool detect_file_read(void *detect_file, uint64_t addr, void *dst,
		      size_t len);
void detect_file_close(struct detect_file *f);

/* Does this line of maps begin a loaded object that may be read? */
bool suspect_is_module(const struct proc_map *m);

/* The name of a user, or the number. */
void suspect_user(uid_t uid, char *dst, size_t cap);

#endif
