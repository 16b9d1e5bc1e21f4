/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where libx86emu 3.5 is no 80386.
 *
 * An operand [EBP + displacement] without a SIB byte is in the stack segment (Intel
 * SDM volume 2, table 2-2); the library looks for it in the data segment.  That
 * matters in code whose segments differ, such as a loader's between two modes.
 *
 * There is no FXSAVE and no FXRSTOR.  With no state that they could save or restore
 * they do nothing, and are to be skipped.
 */
#ifndef TESTS_SOFTCPU_QUIRKS_H
#define TESTS_SOFTCPU_QUIRKS_H

#include <glib.h>
#include <stdbool.h>

enum { QUIRKS_MAX_INSTRUCTION = 15 };

/* Whether the instruction has such an operand and no segment of its own. */
bool quirks_in_stack(const guint8 code[QUIRKS_MAX_INSTRUCTION], bool is_32bit);

/* The length of an FXSAVE or FXRSTOR, or 0. */
guint quirks_fxsave(const guint8 code[QUIRKS_MAX_INSTRUCTION], bool is_32bit);

#endif
