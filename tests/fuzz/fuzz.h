/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a fuzz target defines.  Built with --enable-fuzzing it is linked with
 * libFuzzer, else with replay.c, which runs its corpus in `make check`.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <glib.h>
#include <stdbool.h>
#include <stdlib.h>

/* What is left of an input. */
typedef struct {
    const guint8 *data;
    gsize left;
} FuzzInput;

/* A number of n bytes, little endian; what is cut off reads as zero. */
static inline guint64 fuzz_take(FuzzInput *in, guint n)
{
    guint64 value = 0;

    for (guint i = 0; i < n && in->left; i++) {
        value |= (guint64)*in->data++ << 8 * i;
        in->left--;
    }
    return value;
}

/* Ends the process, which is what a fuzzer looks for, if ok is false. */
static inline void fuzz_check(bool ok)
{
    if (!ok) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

#endif
