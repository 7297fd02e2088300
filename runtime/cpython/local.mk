# SPDX-License-Identifier: MIT
CPYTHON_SOURCES =
