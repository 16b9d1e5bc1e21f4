/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Queries about the software CPU without making one.
 */
#ifndef TCG_TCG_H
#define TCG_TCG_H

#include <stdbool.h>

/* Whether it was built, and the host's processor supports it.  Any thread. */
bool tcg_present(void);

#endif
