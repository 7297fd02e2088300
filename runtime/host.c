/* SPDX-License-Identifier: MIT */
/*
 * host.c - what the agent finds in the process it is in.
 *
 * Nothing is linked: one weak reference to dlsym, which every dynamic program
 * can resolve (glibc before 2.34: where libdl is loaded, as with every
 * CPython), and the rest through it.  So one binary loads with any glibc, and
 * with musl.
 */
#include "config.h"

#include "runtime/host.h"

#include <errno.h>
#include <link.h>
#include <string.h>

#include "base/compiler.h"
#include "runtime/cpython/py.h"
#include "runtime/sys.h"

/* As in dlfcn.h, which would declare dlsym without `weak`. */
enum { FLAG_LAZY = 1, FLAG_NOLOAD = 4 };

void *dlsym(void *handle, const char *name) OT_WEAK;

/* Other runtimes than CPython may be built in instead. */
OT_WEAK OT_HIDDEN bool py_provider(void *(*find)(void *, const char *),
				   struct objtop_provider *out, char *why,
				   size_t cap);

static void *python;	/* handle of a libpython that is not global */

void *
ota_dlsym(void *unused, const char *name)
{
	void *p;

	(void)unused;
	if (!dlsym)
		return NULL;
	p = dlsym(NULL, name);	/* RTLD_DEFAULT */
	if (!p && python)
		p = dlsym(python, name);
	return p;
}

/* POSIX lets an object pointer from dlsym be a function; C wants a copy. */
#define FIND(var, name) do {					\
	void *found_ = ota_dlsym(NULL, (name));			\
								\
	memcpy(&(var), &found_, sizeof(found_));		\
} while (0)

/* ---- a libpython that was loaded RTLD_LOCAL ---- */

struct names {
	size_t n;
	char name[8][256];
};

static bool
looks_like_python(const char *path)
{
	const char *base = path, *p;

	for (p = path; *p; p++)
		if (*p == '/')
			base = p + 1;
	return strlen(base) >= 9 && memcmp(base, "libpython", 9) == 0;
}

/* The loader holds a lock here: only note the names, open them later. */
static int
note_name(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct names *names = arg;
	size_t len;

	(void)size;
	if (!info->dlpi_name || !looks_like_python(info->dlpi_name))
		return 0;
	len = strlen(info->dlpi_name);
	if (names->n < 8 && len < sizeof(names->name[0]))
		memcpy(names->name[names->n++], info->dlpi_name, len + 1);
	return 0;
}

void
ota_host_search(void)
{
	int (*iterate)(int (*)(struct dl_phdr_info *, size_t, void *), void *);
	void *(*open)(const char *, int);
	struct names names = { .n = 0 };
	size_t i;

	if (ota_dlsym(NULL, "Py_IsInitialized"))
		return;
	FIND(iterate, "dl_iterate_phdr");
	FIND(open, "dlopen");
	if (!iterate || !open)
		return;
	iterate(note_name, &names);
	for (i = 0; i < names.n && !python; i++) {
		void *h = open(names.name[i], FLAG_NOLOAD | FLAG_LAZY);

		/* the handle is kept: what is in use must not be unloaded */
		if (h && dlsym(h, "Py_IsInitialized"))
			python = h;
	}
}

/* ---- the heap ---- */

bool
ota_host_known(void)
{
	return ota_dlsym(NULL, OBJTOP_PROVIDER_SYMBOL) ||
	       ota_dlsym(NULL, "Py_IsInitialized");
}

bool
ota_host_starting(void)
{
	int (*ready)(void);

	if (ota_dlsym(NULL, OBJTOP_PROVIDER_SYMBOL))
		return false;
	FIND(ready, "Py_IsInitialized");
	return ready && !ready();
}

static bool
take_public(const struct objtop_provider *p, struct objtop_provider *out,
	    char *why, size_t cap)
{
	size_t len;

	if (p->abi != OBJTOP_ABI ||
	    p->size < offsetof(struct objtop_provider, hold_for)) {
		len = ota_cat(why, cap, 0, "its objtop_provider is of ABI ");
		len = ota_cat_u64(why, cap, len, p->abi);
		len = ota_cat(why, cap, len, ", this objtop knows ");
		len = ota_cat_u64(why, cap, len, OBJTOP_ABI);
		ota_cat(why, cap, len, ": build it with this objtop.h");
		return false;
	}
	memset(out, 0, sizeof(*out));
	memcpy(out, p, p->size < sizeof(*out) ? p->size : sizeof(*out));
	if (!out->walk || (!out->hold_for && (!out->hold || !out->release))) {
		ota_cat(why, cap, 0, "its objtop_provider lacks hold, release "
			"or walk");
		return false;
	}
	return true;
}

bool
ota_host_provider(struct objtop_provider *out, char *why, size_t cap)
{
	const struct objtop_provider *p;

	if (cap)
		why[0] = '\0';
	p = ota_dlsym(NULL, OBJTOP_PROVIDER_SYMBOL);
	if (p)
		return take_public(p, out, why, cap);
	if (!ota_dlsym(NULL, "Py_IsInitialized")) {
		ota_cat(why, cap, 0, "there is no CPython in it, and no "
			"objtop_provider");
		return false;
	}
	if (!py_provider) {
		ota_cat(why, cap, 0, "this agent was built without CPython");
		return false;
	}
	return py_provider(ota_dlsym, out, why, cap);
}

/* ---- threads ---- */

/* A thread inherits the mask of its maker. */
int
ota_host_thread(void *(*run)(void *), void *arg)
{
	/* pthread_t is a word with both glibc and musl */
	int (*create)(uintptr_t *, const void *, void *(*)(void *), void *);
	int (*detach)(uintptr_t);
	int *(*errno_at)(void);
	struct ota_sigmask old;
	uintptr_t thread;
	int rc, saved = 0;

	FIND(create, "pthread_create");
	FIND(detach, "pthread_detach");
	FIND(errno_at, "__errno_location");
	if (!create || !detach)
		return -ENOSYS;
	if (errno_at)
		saved = *errno_at();
	ota_signals_block(&old);
	rc = create(&thread, NULL, run, arg);
	ota_signals_restore(&old);
	if (rc == 0)
		detach(thread);
	if (errno_at)
		*errno_at() = saved;
	return -rc;
}

void
ota_host_atfork(void (*prepare)(void), void (*child)(void))
{
	/* glibc's dynamic symbol; pthread_atfork itself is in its static part */
	int (*glibc)(void (*)(void), void (*)(void), void (*)(void),
		     void *);
	int (*other)(void (*)(void), void (*)(void), void (*)(void));

	FIND(glibc, "__register_atfork");
	if (glibc) {
		glibc(prepare, NULL, child, NULL);
		return;
	}
	FIND(other, "pthread_atfork");
	if (other)
		other(prepare, NULL, child);
}
