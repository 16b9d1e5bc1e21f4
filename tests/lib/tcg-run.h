/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a piece of 64-bit code begins and ends with: on the host's own processor
 * (tcg-native.h) and as its translation (tcg-rig.h).
 */
#ifndef TESTS_LIB_TCG_RUN_H
#define TESTS_LIB_TCG_RUN_H

#include <glib.h>
#include <stdbool.h>

enum {
    RUN_DATA_SIZE = 3 * 4096,
    RUN_CODE_OFFSET = 64,       /* of the first instruction in its page */
    RUN_NO_FAULT = -1,
    RUN_VECTOR_BYTES = 832,     /* x87, SSE, header, AVX */
};

/* Where data and code lie, for both; what surrounds them is not mapped. */
#define RUN_DATA ((guint64)0x12345000)
#define RUN_CODE ((guint64)0x23456000)

typedef struct {
    guint64 gpr[16];
    guint64 rip;
    guint64 flags;              /* EFLAGS; at the end the arithmetic ones alone */
    int fault;                  /* a vector, or RUN_NO_FAULT */
    guint64 fs_base;
    guint8 vector[1024] __attribute__((aligned(64)));   /* as XSAVE writes it */
    guint8 data[RUN_DATA_SIZE];
} Run;

#endif
