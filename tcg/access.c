/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accesses of generated code that missed the TLB, with any instruction around
 * them: either the TLB is filled, or a copy of the instruction runs on memory
 * chosen by C.
 *
 *  code, logged, watched   the page itself, which preserves atomicity.  The
 *  effects of the write are handled after it.  two pages, ROM that is  s->bounce,
 *  with the operand read into it before and  written, devices        written back
 *  after the copy.
 *
 * During a locked access to two pages of memory the other vCPUs are kept out: they neither see the
 * operand half written nor write to it meanwhile.  Locked accesses to devices are not exclusive; to
 * memory within a page they are, by the host's own lock.
 */
#include "config.h"
#include "tcg/memory.h"
#include "tcg/tcg-accel.h"
#include "tcg/tlb.h"

static inline TcgAccess access_of(guint how)
{
    return (how & TCG_ACCESS_WRITE ? TCG_WRITE : TCG_READ) |
           (how & TCG_ACCESS_STACK ? TCG_STACK : 0);
}

static guint bytes_in_first(const TcgState *s)
{
    return MIN(s->access.size, 4096 - (guint)(s->access.linear & 0xfff));
}

static inline guint8 *bounce(TcgState *s)
{
    return s->bounce + (s->access.linear & 63);
}

/* Whether the instruction can run on the page itself. */
static inline bool is_direct(const TcgPage *page, guint how)
{
    return page->page && !(how & TCG_ACCESS_WRITE && page->flags & TCG_PAGE_ROM);
}

static inline bool is_watched(const TcgState *s)
{
    return s->dr[7] & 0xff;
}

/* Whether it is still known that no memory is there: nothing has run that could change that. */
static inline bool is_device(const TcgState *s)
{
    return s->access.device && !s->access.heavy;
}

static void access_device(TcgState *s, bool is_write)
{
    tcg_device_access(s, s->access.gpa[0], bounce(s), s->access.size, is_write);
    s->access.heavy = true;
}

static void read_operand(TcgState *s)
{
    guint first = bytes_in_first(s);

    if (is_device(s)) {
        access_device(s, false);
        return;
    }
    if (tcg_phys_read(s, s->access.gpa[0], bounce(s), first)) {
        s->access.heavy = true;
    }
    if (first < s->access.size &&
        tcg_phys_read(s, s->access.gpa[1], bounce(s) + first, s->access.size - first)) {
        s->access.heavy = true;
    }
}

static void *begin_bounce(TcgState *s)
{
    s->access.bounced = true;
    if (s->access.how & TCG_ACCESS_READ) {
        read_operand(s);
    }
    return bounce(s);
}

/* The whole operand lies in one page. */
static void *begin_page(TcgState *s, guint how)
{
    TcgAccess access = access_of(how);
    guint64 linear = s->access.linear;
    TcgPage page;

    if (tcg_tlb_find_device(s, linear, access, &s->access.gpa[0])) {
        tcg_check_alignment(s, linear, s->access.size, access);
        s->access.device = true;
        return begin_bounce(s);
    }
    tcg_translate(s, linear, access, &page);
    tcg_check_alignment(s, linear, s->access.size, access);
    s->access.gpa[0] = page.gpa;
    if (G_UNLIKELY(is_watched(s))) {
        tcg_note_watches(s, linear, s->access.size, access & TCG_WRITE);
    }
    if (G_UNLIKELY(!is_direct(&page, how))) {
        return begin_bounce(s);
    }
    if (G_LIKELY(!is_watched(s) && (!(how & TCG_ACCESS_WRITE) || !page.flags))) {
        return NULL;
    }
    return page.page + (linear & 0xfff);
}

/* Both pages are in the TLB, as those of most operands that are not aligned: s->access.page is
 * where the operand's two parts are.  No heavy code runs before it is written back. */
static bool begin_cached(TcgState *s, guint64 second, TcgAccess access)
{
    guint first = bytes_in_first(s);
    guint8 **parts = s->access.page;

    parts[0] = tcg_tlb_find(s, s->access.linear, first, access);
    parts[1] = tcg_tlb_find(s, second, s->access.size - first, access);
    if (!parts[0] || !parts[1] || s->mode & TCG_MODE_ALIGN) {
        parts[0] = parts[1] = NULL;
        return false;
    }
    s->access.bounced = true;
    if (s->access.how & TCG_ACCESS_READ) {
        tcg_copy(bounce(s), parts[0], first);
        tcg_copy(bounce(s) + first, parts[1], s->access.size - first);
    }
    return true;
}

static inline bool is_plain(const TcgState *s, guint64 gpa)
{
    const TcgRange *range = tcg_range_find(s->memory, gpa);

    return range && !(range->flags & TCG_PAGE_ROM);
}

/* The operand's addresses are known, so nothing can fault any more.  Memory may have changed when
 * the others are out. */
static void lock_pages(TcgState *s)
{
    tcg_exclusive_begin(s);
    s->access.heavy = true;
    if (!is_plain(s, s->access.gpa[0]) || !is_plain(s, s->access.gpa[1])) {
        tcg_exclusive_end(s);
    }
}

static void *begin_crossing(TcgState *s, guint how)
{
    TcgAccess access = access_of(how);
    guint64 second = tcg_next_page(s, s->access.linear, access);
    bool locks = how & TCG_ACCESS_LOCKED && !tcg_is_alone(s->vcpu->tcg);
    TcgPage page;

    if (!locks && begin_cached(s, second, access)) {
        return bounce(s);
    }
    tcg_translate(s, s->access.linear, access, &page);
    s->access.gpa[0] = page.gpa;
    tcg_translate(s, second, access, &page);
    s->access.gpa[1] = page.gpa;
    tcg_check_alignment(s, s->access.linear, s->access.size, access);
    if (is_watched(s)) {
        tcg_note_watches(s, s->access.linear, s->access.size, access & TCG_WRITE);
    }
    if (locks) {
        lock_pages(s);
    }
    return begin_bounce(s);
}

void *tcg_access_begin(TcgState *s, guint64 linear, guint size, guint how)
{
    s->access.linear = linear;
    s->access.size = size;
    s->access.how = how;
    s->access.page[0] = s->access.page[1] = NULL;
    s->access.bounced = false;
    s->access.device = false;
    s->access.heavy = false;
    return (linear & 0xfff) + size <= 4096 ? begin_page(s, how) : begin_crossing(s, how);
}

static void write_operand(TcgState *s)
{
    guint first = bytes_in_first(s);

    if (is_device(s)) {
        access_device(s, true);
        return;
    }
    if (tcg_phys_write(s, s->access.gpa[0], bounce(s), first)) {
        s->access.heavy = true;
    }
    if (first < s->access.size &&
        tcg_phys_write(s, s->access.gpa[1], bounce(s) + first, s->access.size - first)) {
        s->access.heavy = true;
    }
}

/* Whether the block that runs may have bytes there.  If another vCPU has dropped it, only the
 * page's flag tells. */
static bool hits_code_at(TcgState *s, guint64 gpa, guint size)
{
    const TcgPhysPage *page = tcg_phys_page(s, gpa);

    return page && tcg_page_flags(page) & TCG_PAGE_CODE &&
           (!tcg_is_alone(s->vcpu->tcg) || tcg_page_has_code(page, gpa, size));
}

/* Whether the operand about to be written contains code. */
static bool hits_code(TcgState *s)
{
    guint first = bytes_in_first(s);

    if (!is_device(s) && hits_code_at(s, s->access.gpa[0], first)) {
        return true;
    }
    return first < s->access.size && hits_code_at(s, s->access.gpa[1], s->access.size - first);
}

static void end_cached(TcgState *s)
{
    guint first = bytes_in_first(s);

    tcg_copy(s->access.page[0], bounce(s), first);
    tcg_copy(s->access.page[1], bounce(s) + first, s->access.size - first);
}

static bool must_leave(const TcgState *s)
{
    return s->watch_hits || (s->access.heavy && tcg_must_leave(s));
}

static bool end_access(TcgState *s)
{
    bool hit;

    if (!(s->access.how & TCG_ACCESS_WRITE)) {
        return must_leave(s);
    }
    if (s->access.page[1]) {
        end_cached(s);
        return s->watch_hits;
    }
    hit = hits_code(s);
    if (s->access.bounced) {
        write_operand(s);
    } else {
        tcg_page_written(s, tcg_phys_page(s, s->access.gpa[0]), s->access.gpa[0],
                         s->access.size);
    }
    return hit || must_leave(s);
}

bool tcg_access_end(TcgState *s)
{
    bool leave = end_access(s);

    if (G_UNLIKELY(s->exclusive)) {
        tcg_exclusive_end(s);
    }
    return leave;
}
