/* SPDX-License-Identifier: MIT */
/*
 * compiler.h - the only place for attributes and other GNU extensions.
 */
#ifndef OT_COMPILER_H
#define OT_COMPILER_H

#define OT_PRINTF(fmt, args)	__attribute__((format(printf, fmt, args)))
#define OT_UNUSED		__attribute__((unused))
#define OT_NORETURN		__attribute__((noreturn))
#define OT_NOINLINE		__attribute__((noinline))
#define OT_EXPORT		__attribute__((visibility("default")))
#define OT_WEAK			__attribute__((weak))
#define OT_HIDDEN		__attribute__((visibility("hidden")))
#define OT_CONSTRUCTOR		__attribute__((constructor))
#define OT_LIKELY(x)		__builtin_expect(!!(x), 1)
#define OT_UNLIKELY(x)		__builtin_expect(!!(x), 0)
#define OT_CTZ64(x)		__builtin_ctzll(x)	/* x is not 0 */
#define OT_PREFETCH(p)		__builtin_prefetch(p)

#define OT_ARRAY_LEN(a)		(sizeof(a) / sizeof((a)[0]))

/* A struct type that may lie on any address and over any other type. */
#define OT_RAW			__attribute__((packed, may_alias))
/* A loop with this in it stays a loop. */
#define OT_BARRIER()		__asm__ volatile("" : : : "memory")

#endif
