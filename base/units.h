/* SPDX-License-Identifier: MIT */
/*
 * units.h - numbers as people write and read them.
 */
#ifndef OT_UNITS_H
#define OT_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "512", "64K", "1.5M", "2G", "64KiB": bytes, powers of 1024.  False: not one. */
bool ot_parse_size(const char *s, uint64_t *bytes);

/* "250ms", "5s", "1.5s", "3m", "10" (seconds): milliseconds. */
bool ot_parse_duration(const char *s, uint64_t *ms);

/* Whole non-negative number, nothing behind it. */
bool ot_parse_u64(const char *s, uint64_t *v);

/* "0x7f..." with at most 16 digits. */
bool ot_parse_addr(const char *s, uint64_t *addr);

/* All write a NUL-terminated text into dst[cap] and return dst. */
char *ot_fmt_count(char *dst, size_t cap, uint64_t n);	/* 1,204,233 */
char *ot_fmt_delta(char *dst, size_t cap, int64_t n);	/* +812, -3, 0 */
char *ot_fmt_bytes(char *dst, size_t cap, uint64_t n);	/* 64.1M, 980 */
char *ot_fmt_duration_us(char *dst, size_t cap, uint64_t us); /* 27 ms */
char *ot_fmt_rfc3339(char *dst, size_t cap, uint64_t unix_ns); /* UTC, ms */

/* Monotonic time in microseconds. */
uint64_t ot_now_us(void);

#endif
