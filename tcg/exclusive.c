/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Locked instructions on two pages, for which the host has no lock: the vCPU holds the others, and
 * runs itself.
 */
#include "config.h"
#include "tcg/dispatch.h"
#include "tcg/light.h"

void tcg_exclusive_begin(TcgState *s)
{
    tcg_heavy(s, tcg_exclusive_heavy, NULL);
    s->exclusive = true;
}

void tcg_exclusive_end(TcgState *s)
{
    s->exclusive = false;
    tcg_heavy_inside(s, tcg_shared_heavy, NULL);
}
