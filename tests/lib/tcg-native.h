/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Code run by the host's own processor, at CPL 3, up to an INT3 or a fault.
 */
#ifndef TESTS_LIB_TCG_NATIVE_H
#define TESTS_LIB_TCG_NATIVE_H

#include "tests/lib/tcg-run.h"

/* Once: maps RUN_DATA and RUN_CODE. */
void native_open(void);
/* The host's, which start->fs_base has to be. */
guint64 native_fs_base(void);
/* Runs the code, behind which INT3 follows, and gives the result. */
const Run *native_run(const Run *start, const guint8 *code, guint length);

#endif
