/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a fuzz target defines.  Built with --enable-fuzzing it is linked with
 * libFuzzer, else with replay.c, which runs its corpus in `make check`.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <glib.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

#endif
