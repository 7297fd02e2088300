/* SPDX-License-Identifier: MIT */
/*
 * spark.h - a course of numbers in a few characters.
 */
#ifndef UI_SPARK_H
#define UI_SPARK_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * Appends n block characters, oldest first, scaled between the smallest and
 * the largest.  A course that moves by less than a thousandth of its size is
 * drawn flat, so that noise on a large number does not look like growth.
 */
void ui_spark(const uint64_t *v, size_t n, struct ot_buf *out);

#endif
