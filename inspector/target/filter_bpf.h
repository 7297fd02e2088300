/* SPDX-License-Identifier: MIT */
/*
 * filter_bpf.h - seccomp filters, read and tried out.
 */
#ifndef TARGET_FILTER_BPF_H
#define TARGET_FILTER_BPF_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The verdict of one filter (SECCOMP_RET_*). */
uint32_t filter_bpf_run(const struct sock_filter *f, size_t n,
			const struct seccomp_data *data);

/* The first system call we need for which it ends the program; NULL: none. */
const char *filter_bpf_deadly(const struct sock_filter *f, size_t n);

/*
 * The same for all filters of a stopped tracee.  NULL also where they may not
 * be read, which takes CAP_SYS_ADMIN.
 */
const char *filter_bpf_of(pid_t tid);

#endif
