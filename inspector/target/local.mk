# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += inspector/target/libtarget.la

inspector_target_libtarget_la_SOURCES = \
	%D%/target.h %D%/target_priv.h %D%/attachers.def \
	%D%/act.c \
	%D%/agent_blob.S \
	%D%/agent_image.c %D%/agent_image.h \
	%D%/at_pep768.c \
	%D%/at_ptrace.c \
	%D%/at_resident.c \
	%D%/breaks.c %D%/breaks.h \
	%D%/census.c %D%/census.h %D%/census_priv.h \
	%D%/census_chunks.c \
	%D%/census_estimate.c \
	%D%/census_kinds.c \
	%D%/channel.c \
	%D%/detect.c \
	%D%/detect_file.c \
	%D%/doing.c \
	%D%/elf_mem.c %D%/elf_mem.h \
	%D%/entry.h \
	%D%/evict.c \
	%D%/filesrc.c \
	%D%/filter.c %D%/filter.h %D%/filter_calls.def \
	%D%/filter_bpf.c %D%/filter_bpf.h \
	%D%/filter_self.c \
	%D%/framer.c \
	%D%/ladder.c \
	%D%/handover.c %D%/handover.h \
	%D%/landmarks.c %D%/landmarks.h \
	%D%/leftover.c \
	%D%/list.c \
	%D%/pauses.c %D%/pauses.h \
	%D%/pool_scan.c %D%/pool_scan.h \
	%D%/proc.c %D%/proc.h \
	%D%/proc_read.c \
	%D%/pydebug.c %D%/pydebug.h \
	%D%/regs.h \
	%D%/regs_aarch64.c \
	%D%/regs_x86_64.c \
	%D%/remote.c \
	%D%/request.c \
	%D%/run.c \
	%D%/safepoint.c \
	%D%/session.c \
	%D%/suspect.c %D%/suspect.h \
	%D%/target.c \
	%D%/trace_right.c %D%/trace_right.h \
	%D%/tracee.c %D%/tracee.h
inspector_target_libtarget_la_CFLAGS = $(AM_CFLAGS)
inspector_target_libtarget_la_LIBADD = -lm

# The agent's bytes are part of the library, without what debuggers read; the
# assembler finds them from the top of the build tree.
inspector/target/agent_blob.lo: inspector/target/agent.bin
inspector/target/agent.bin: runtime/objtop-agent.so
	$(AM_V_GEN)$(MKDIR_P) inspector/target && \
	$(STRIP) -g -o $@ runtime/objtop-agent.so
CLEANFILES += inspector/target/agent.bin
