/* SPDX-License-Identifier: MIT */
/*
 * fuzz_dec.h - the entry that libFuzzer and the replay program call.
 */
#ifndef FUZZ_DEC_H
#define FUZZ_DEC_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
