/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon may ask of the CPU in software without making one.
 */
#ifndef TCG_TCG_H
#define TCG_TCG_H

#include <stdbool.h>

/* Whether it was built, and the host's processor has what it takes.  Any thread. */
bool tcg_present(void);

#endif
