/* SPDX-License-Identifier: MIT */
/*
 * t_target.h - the cases of t_target.
 */
#ifndef T_TARGET_H
#define T_TARGET_H

#include <check.h>

TCase *t_target_census(void);
TCase *t_target_elf(void);
TCase *t_target_pools(void);
TCase *t_target_regs(void);
TCase *t_target_session(void);
TCase *t_target_tracee(void);
TCase *t_target_walls(void);

#endif
