/* SPDX-License-Identifier: MIT */
/*
 * filter_bpf.h - one seccomp filter, run as the kernel would.
 */
#ifndef TARGET_FILTER_BPF_H
#define TARGET_FILTER_BPF_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>

/* Its verdict (SECCOMP_RET_*); SECCOMP_RET_KILL_PROCESS for a broken one. */
uint32_t filter_bpf_run(const struct sock_filter *f, size_t n,
			const struct seccomp_data *data);

#endif
