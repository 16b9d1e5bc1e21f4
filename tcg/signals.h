/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Faults of the host in generated code: a division, an unmasked floating-point
 * exception, a misaligned vector access, an instruction that the host lacks.  They become
 * faults of the guest.
 */
#ifndef TCG_SIGNALS_H
#define TCG_SIGNALS_H

#include "tcg/state.h"

/* This thread will run generated code with that state: installs the handlers (once per process)
 * and unblocks their signals. */
void tcg_signals_thread(TcgState *s, gsize code_size);

/* The components that xrstor restores or initializes: x87, SSE, AVX, AVX-512. */
guint64 tcg_host_xsave_mask(void);
/* Whether XGETBV tells which components are in use. */
bool tcg_host_sees_in_use(void);

#endif
