/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Self-modifying code, from the writer's side.
 */
#include "config.h"
#include "tcg/cache.h"
#include "tcg/light.h"
#include "tcg/tcg-accel.h"

enum { IDLE_WRITES = 8 };

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

/* Writes to pages that had code are slow: after a few of them, the page becomes data. */
static void note_idle(TcgState *s, TcgPhysPage *page)
{
    if (__atomic_add_fetch(&page->idle, 1, __ATOMIC_RELAXED) >= IDLE_WRITES) {
        s->idle_page = page->page;
        __atomic_fetch_or(&s->requests, TCG_REQUEST_IDLE, __ATOMIC_SEQ_CST);
        __atomic_store_n(&s->pending, 1, __ATOMIC_SEQ_CST);
    }
}

void tcg_code_written(TcgState *s, TcgPhysPage *page, guint64 gpa, guint size)
{
    Written written = { page, gpa, size };

    if (tcg_page_has_code(page, gpa, size)) {
        tcg_heavy_inside(s, drop_heavy, &written);
    } else if (!__atomic_load_n(&page->code, __ATOMIC_RELAXED)) {
        note_idle(s, page);
    }
}
