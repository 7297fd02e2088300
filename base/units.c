/* SPDX-License-Identifier: MIT */
/*
 * units.c - numbers as people write and read them.
 *
 * Parsing is done by hand and takes digits only: strtod() would follow the
 * locale's decimal comma and accept "inf", hexadecimal and leading blanks.
 */
#include "config.h"

#include "base/units.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Digits with at most one point; *end is behind them.  False: no digit. */
static bool
units_decimal(const char *s, double *v, const char **end)
{
	double scale = 1;
	bool any = false;

	*v = 0;
	for (; *s >= '0' && *s <= '9'; s++, any = true)
		*v = *v * 10 + (*s - '0');
	if (*s == '.') {
		for (s++; *s >= '0' && *s <= '9'; s++, any = true) {
			scale /= 10;
			*v += (*s - '0') * scale;
		}
	}
	*end = s;
	return any;
}

bool
ot_parse_u64(const char *s, uint64_t *v)
{
	uint64_t n = 0;
	unsigned digit;

	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9')
			return false;
		digit = (unsigned)(*s - '0');
		if (n > (UINT64_MAX - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*v = n;
	return true;
}

bool
ot_parse_size(const char *s, uint64_t *bytes)
{
	static const char suffixes[] = "KMGTPE";
	const char *end, *hit;
	double v;
	char upper;

	if (ot_parse_u64(s, bytes))
		return true;	/* exact, also beyond 2^53 */
	if (!units_decimal(s, &v, &end))
		return false;
	upper = *end >= 'a' && *end <= 'z' ? (char)(*end - 'a' + 'A') : *end;
	hit = upper == '\0' ? NULL : strchr(suffixes, upper);
	if (hit != NULL) {
		v = ldexp(v, 10 * (int)(hit - suffixes + 1));
		end++;
		if (*end == 'i')
			end++;
	}
	if (*end == 'B' || (hit == NULL && *end == 'b'))
		end++;
	if (*end != '\0' || v >= 18446744073709551616.0)
		return false;
	*bytes = (uint64_t)v;
	return true;
}

bool
ot_parse_duration(const char *s, uint64_t *ms)
{
	const char *end;
	double v;

	if (!units_decimal(s, &v, &end))
		return false;
	if (strcmp(end, "") == 0 || strcmp(end, "s") == 0)
		v *= 1e3;
	else if (strcmp(end, "m") == 0)
		v *= 60e3;
	else if (strcmp(end, "h") == 0)
		v *= 3600e3;
	else if (strcmp(end, "ms") != 0)
		return false;
	if (v > 1e15)
		return false;
	*ms = (uint64_t)(v + 0.5);
	return true;
}

bool
ot_parse_addr(const char *s, uint64_t *addr)
{
	uint64_t v = 0;
	size_t n;
	char c;

	if (s[0] != '0' || (s[1] != 'x' && s[1] != 'X'))
		return false;
	for (s += 2, n = 0; *s != '\0'; s++, n++) {
		c = *s;
		if (c >= '0' && c <= '9')
			v = v << 4 | (unsigned)(c - '0');
		else if (c >= 'a' && c <= 'f')
			v = v << 4 | (unsigned)(c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			v = v << 4 | (unsigned)(c - 'A' + 10);
		else
			return false;
		if (n >= 16)
			return false;
	}
	if (n == 0)
		return false;
	*addr = v;
	return true;
}

char *
ot_fmt_count(char *dst, size_t cap, uint64_t n)
{
	char digits[24], text[32];
	size_t len, i, at = 0;

	len = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, n);
	for (i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			text[at++] = ',';
		text[at++] = digits[i];
	}
	text[at] = '\0';
	snprintf(dst, cap, "%s", text);
	return dst;
}

char *
ot_fmt_delta(char *dst, size_t cap, int64_t n)
{
	char text[32];
	uint64_t abs = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;

	ot_fmt_count(text, sizeof(text), abs);
	snprintf(dst, cap, "%s%s", n > 0 ? "+" : n < 0 ? "-" : "", text);
	return dst;
}

char *
ot_fmt_bytes(char *dst, size_t cap, uint64_t n)
{
	static const char suffixes[] = "KMGTPE";
	double v = (double)n;
	size_t i;

	if (n < 1024) {
		snprintf(dst, cap, "%" PRIu64, n);
		return dst;
	}
	/* 1023.95K would be printed as 1024.0K: the next unit takes over. */
	for (i = 0, v /= 1024; v >= 1023.95 && suffixes[i + 1] != '\0'; i++)
		v /= 1024;
	snprintf(dst, cap, "%.1f%c", v, suffixes[i]);
	return dst;
}

char *
ot_fmt_duration_us(char *dst, size_t cap, uint64_t us)
{
	uint64_t s = us / 1000000;

	if (us < 1000)
		snprintf(dst, cap, "%" PRIu64 " us", us);
	else if (us < 9950)
		snprintf(dst, cap, "%.1f ms", (double)us / 1e3);
	else if (us < 999500)
		snprintf(dst, cap, "%.0f ms", (double)us / 1e3);
	else if (us < 59950000)
		snprintf(dst, cap, "%.1f s", (double)us / 1e6);
	else if (s < 3600)
		snprintf(dst, cap, "%" PRIu64 "m%02" PRIu64 "s", s / 60, s % 60);
	else if (s < 86400)
		snprintf(dst, cap, "%" PRIu64 "h%02" PRIu64 "m", s / 3600,
			 s / 60 % 60);
	else
		snprintf(dst, cap, "%" PRIu64 "d%02" PRIu64 "h", s / 86400,
			 s / 3600 % 24);
	return dst;
}

char *
ot_fmt_rfc3339(char *dst, size_t cap, uint64_t unix_ns)
{
	time_t s = (time_t)(unix_ns / 1000000000);
	unsigned ms = (unsigned)(unix_ns / 1000000 % 1000);
	struct tm tm;
	char text[32];

	if (gmtime_r(&s, &tm) == NULL)
		memset(&tm, 0, sizeof(tm));
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(dst, cap, "%s.%03uZ", text, ms);
	return dst;
}

uint64_t
ot_now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}
