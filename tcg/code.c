/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Self-modifying code, from the writer's side.
 */
#include "config.h"
#include "tcg/cache.h"
#include "tcg/light.h"
#include "tcg/tcg-accel.h"

typedef struct {
    TcgPhysPage *page;
    guint64 gpa;
    guint size;
} Written;

static guint64 drop_heavy(TcgState *s, void *argument)
{
    const Written *written = argument;

    tcg_cache_drop(s->vcpu->tcg->cache, written->page, written->gpa, written->size);
    return 0;
}

void tcg_code_written(TcgState *s, TcgPhysPage *page, guint64 gpa, guint size)
{
    Written written = { page, gpa, size };

    if (tcg_page_has_code(page, gpa, size)) {
        tcg_heavy_inside(s, drop_heavy, &written);
    }
}
