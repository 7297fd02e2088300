/* SPDX-License-Identifier: MIT */
/* t_base.h - the test cases of the base room, one a file. */
#ifndef T_BASE_H
#define T_BASE_H

#include <check.h>

TCase *t_base_escape(void);
TCase *t_base_table(void);
TCase *t_base_emit(void);

#endif
