# SPDX-License-Identifier: MIT
include runtime/cpython/local.mk

include_HEADERS += runtime/include/objtop.h

# The agent: one shared object that is linked against nothing, not even libc,
# so that it loads anywhere.  Flags of its own: never a sanitizer, no stack
# protector (a symbol of libc).  Linked without libtool, which knows better.
AGENT_SOURCES = \
	runtime/agent.c runtime/agent.h \
	runtime/cpython/exit.c runtime/cpython/exit.h \
	runtime/cpython/py.h \
	runtime/headroom.c runtime/headroom.h \
	runtime/host.c runtime/host.h \
	runtime/link.c runtime/link.h \
	runtime/mem.c runtime/mem.h \
	runtime/mini.c \
	runtime/preload.c \
	runtime/ring.c runtime/ring.h \
	runtime/sink.c runtime/sink.h \
	runtime/snapshot.c runtime/snapshot.h \
	runtime/sys.c runtime/sys.h \
	wire/enc.c \
	$(CPYTHON_SOURCES)

AGENT_CFLAGS = -std=c11 $(WARN_CFLAGS) -Wconversion \
	-O2 -fPIC -ffreestanding -fvisibility=hidden -U_FORTIFY_SOURCE \
	-fno-builtin -fno-stack-protector -fno-exceptions \
	-fno-asynchronous-unwind-tables $(AGENT_ARCH_CFLAGS)

agentdir = $(pkglibdir)
agent_PROGRAMS = runtime/objtop-agent.so
runtime_objtop_agent_so_SOURCES = $(AGENT_SOURCES)
nodist_runtime_objtop_agent_so_SOURCES = runtime/build-id.h
runtime_objtop_agent_so_CFLAGS = $(AGENT_CFLAGS)
runtime_objtop_agent_so_LINK = $(CC) $(AGENT_CFLAGS) \
	$(CFLAGS) $(AGENT_CFLAGS) -shared -nostdlib -Wl,-soname,objtop-agent.so \
	-Wl,-z,now -Wl,-z,relro -Wl,-z,noexecstack -Wl,-z,nodelete -o $@

# Changes with every change of the agent's code.
BUILT_SOURCES += runtime/build-id.h
CLEANFILES += runtime/build-id.h
runtime/objtop_agent_so-agent.$(OBJEXT): runtime/build-id.h
runtime/build-id.h: $(AGENT_SOURCES) wire/wire.h wire/boot.h wire/heap.h \
		wire/leb.h wire/act.h wire/pauses.h wire/pystats.h wire/frames.def
	$(AM_V_GEN)$(MKDIR_P) runtime && \
	set -- `for f in $(AGENT_SOURCES) wire/wire.h wire/boot.h \
		wire/heap.h wire/leb.h wire/act.h wire/pauses.h wire/pystats.h \
		wire/frames.def; do \
		cat $(top_srcdir)/$$f; done | cksum` && \
	printf '#define OTA_BUILD_ID 0x%08x%08xu\n' $$1 $$2 > $@.tmp && \
	mv $@.tmp $@

# A made-up heap, as a provider and as a stream, for tests and benchmarks.
# It takes the sink of the agent with it, built like any other code.
noinst_LTLIBRARIES += runtime/synth/libsynth.la
runtime_synth_libsynth_la_SOURCES = \
	runtime/include/objtop.h \
	runtime/headroom.c runtime/headroom.h \
	runtime/mem.c runtime/mem.h \
	runtime/sink.c runtime/sink.h \
	runtime/sys.c runtime/sys.h \
	runtime/synth/stream.c \
	runtime/synth/synth.c runtime/synth/synth.h
runtime_synth_libsynth_la_CFLAGS = $(STRICT_CFLAGS)

# What the agent exports and imports is part of its contract.
TESTS += tests/lint/exports.sh
EXTRA_DIST += tests/lint/exports.sh
