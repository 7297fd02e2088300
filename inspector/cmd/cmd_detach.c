/* SPDX-License-Identifier: MIT */
/*
 * cmd_detach.c - sends away the agent that another inspector left, or is
 * still using: it leaves no thread, no socket, no file.
 */
#include "config.h"

#include "inspector/cmd/cmd.h"

enum ot_status
cmd_detach(const struct cmd *c, struct ot_err *err)
{
	struct target_opts o = cmd_target_opts(c);
	enum ot_status st;
	pid_t pid = 0;

	st = cmd_pid(c, &pid, err);
	if (st == OT_OK)
		st = target_evict(pid, &o, err);
	if (st == OT_OK)
		cmd_say(c, "no agent is at work in %ld any more; it runs on",
			(long)pid);
	return st;
}
