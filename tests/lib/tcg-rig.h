/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Code run as its translation, without the rest of the accelerator: in place of the
 * dispatcher, the MMU and the vCPU's thread (tcg/dispatch.c, tcg/vcpu.c) is what a
 * single block needs.  An instruction that C executes ends the run before it.
 */
#ifndef TESTS_LIB_TCG_RIG_H
#define TESTS_LIB_TCG_RIG_H

#include "tcg/state.h"
#include "tests/lib/tcg-run.h"

/* 64-bit code at CPL 3 with everything allowed. */
enum {
    RIG_MODE_64 = TCG_MODE_CODE64 | TCG_MODE_FLAT | TCG_MODE_CPL | TCG_MODE_X87 | TCG_MODE_SSE |
                  TCG_MODE_AVX | TCG_MODE_WAIT | TCG_MODE_PROTECTED,
};

typedef struct {
    guint32 mode;               /* TCG_MODE_* */
    bool exact;                 /* no flag is ever dead */
    bool trace;                 /* as a trace is translated */
    /* Each access goes to C, and the instruction works on its copy of the operand. */
    bool bounce;
    /* Outside of 64-bit code: of all segments but FS, whose base is start->fs_base. */
    guint32 base, limit;
} RigOptions;

void rig_open(void);
/* The code, behind which INT3 follows, at RUN_CODE + RUN_CODE_OFFSET, or as far from CS's base
 * outside 64-bit code; NULL: it has not been translated. */
const Run *rig_run(const Run *start, const guint8 *code, guint length, const RigOptions *options);

#endif
