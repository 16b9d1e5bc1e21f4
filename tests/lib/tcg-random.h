/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random 64-bit code whose memory operands lie in RUN_DATA, as far as the registers
 * that it begins with can see to that.
 */
#ifndef TESTS_LIB_TCG_RANDOM_H
#define TESTS_LIB_TCG_RANDOM_H

#include "tests/lib/tcg-run.h"

enum { RANDOM_MAX_INSNS = 6 };

typedef struct {
    Run start;
    guint8 code[16 * RANDOM_MAX_INSNS];
    guint length;
    guint n;                    /* instructions */
    /* While it is being made, bits by register: whose value at the start is decided, that have
     * changed since. */
    guint32 fixed, written;
    guint favourite;            /* most memory operands are based on it */
    bool stack_moved, stack_lost, ended, stored;
} RandomCase;

void random_open(guint32 seed);
guint32 random_below(guint32 n);
/* Registers and data of any contents. */
void random_start(RandomCase *c);
/* Adds an instruction of any kind that is not a helper; false: none was found in one try. */
bool random_add(RandomCase *c);
/* Adds one that is given, if it can be placed; false: it cannot. */
bool random_add_bytes(RandomCase *c, const guint8 bytes[15]);

#endif
