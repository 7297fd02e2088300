# SPDX-License-Identifier: MIT
# Unit tests: one Check program per room, each with its own .mk file.
if HAVE_CHECK
include tests/unit/base.mk
include tests/unit/wire.mk
include tests/unit/runtime.mk
include tests/unit/graph.mk
include tests/unit/target.mk
include tests/unit/ui.mk
include tests/unit/cmd.mk
endif

# End-to-end tests against real interpreters.
include tests/e2e/values.mk
include tests/e2e/walk.mk
