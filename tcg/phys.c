/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Physical memory by guest physical address: the light part of slots.c, and
 * accesses that may be to devices.
 */
#include "config.h"
#include "tcg/ioeventfd.h"
#include "tcg/memory.h"
#include "tcg/tcg-accel.h"

const TcgRange *tcg_range_search(const TcgMemory *memory, guint64 gpa)
{
    guint first = 0, end = memory->n_ranges;

    while (first < end) {
        guint middle = first + (end - first) / 2;
        const TcgRange *range = &memory->ranges[middle];

        if (gpa < range->gpa) {
            end = middle;
        } else if (gpa - range->gpa >= range->size) {
            first = middle + 1;
        } else {
            return range;
        }
    }
    return NULL;
}

TcgPhysPage *tcg_phys_page(TcgState *s, guint64 gpa)
{
    const TcgRange *range = tcg_range_find(s->memory, gpa);
    TcgPhysPage *page;
    guint8 *hva;

    if (!range) {
        return NULL;
    }
    hva = tcg_range_hva(range, gpa & ~0xfffull);
    page = tcg_host_page(s->memory, hva);
    /* Another thread that does this at the same time writes the same value. */
    if (__atomic_load_n(&page->page, __ATOMIC_RELAXED) != hva) {
        __atomic_store_n(&page->page, hva, __ATOMIC_RELAXED);
    }
    return page;
}

void tcg_page_written(TcgState *s, TcgPhysPage *page, guint64 gpa, guint size)
{
    guint32 flags = tcg_page_flags_after_write(page);

    if (flags & TCG_PAGE_LOG) {
        __atomic_fetch_and(&page->flags, ~(guint32)TCG_PAGE_LOG, __ATOMIC_RELAXED);
    }
    if (flags & TCG_PAGE_CODE) {
        tcg_code_written(s, page, gpa, size);
    }
}

/* ---- Devices ---- */

typedef struct {
    guint64 gpa;
    guint8 *data;
    guint size;
    bool is_write;
} Mmio;

/* Heavy code; all that it calls is in other files. */
static guint64 mmio(TcgState *s, void *argument)
{
    const Mmio *request = argument;
    TcgVcpu *vcpu = s->vcpu;
    const Accel *accel = &vcpu->tcg->accel;

    if (tcg_apic_at(vcpu, request->gpa)) {
        tcg_apic_access(vcpu, request->gpa & 0xfff, request->data, request->size,
                        request->is_write);
    } else if (!request->is_write || !tcg_ioeventfd_hit(vcpu->tcg, false, request->gpa,
                                                        request->data, request->size)) {
        accel->host->mmio(accel->host_opaque, request->gpa, request->data, request->size,
                          request->is_write);
    }
    return 0;
}

/* In pieces of at most 8 bytes: a processor splits a vector into several accesses, too. */
void tcg_device_access(TcgState *s, guint64 gpa, guint8 *data, guint size, bool is_write)
{
    for (guint done = 0, n; done < size; done += n) {
        Mmio request = { .gpa = gpa + done, .data = data + done, .is_write = is_write };

        n = MIN(size - done, 8);
        request.size = n;
        tcg_heavy(s, mmio, &request);
    }
}

typedef guint64 __attribute__((may_alias, aligned(1))) Word8;
typedef guint32 __attribute__((may_alias, aligned(1))) Word4;
typedef guint16 __attribute__((may_alias, aligned(1))) Word2;

void tcg_copy(guint8 *to, const guint8 *from, guint size)
{
    guint done = 0;

    for (; size - done >= 8; done += 8) {
        *(volatile Word8 *)(to + done) = *(const volatile Word8 *)(from + done);
    }
    if (size - done >= 4) {
        *(volatile Word4 *)(to + done) = *(const volatile Word4 *)(from + done);
        done += 4;
    }
    if (size - done >= 2) {
        *(volatile Word2 *)(to + done) = *(const volatile Word2 *)(from + done);
        done += 2;
    }
    if (size > done) {
        *(volatile guint8 *)(to + done) = *(const volatile guint8 *)(from + done);
    }
}

bool tcg_phys_read(TcgState *s, guint64 gpa, void *ret_bytes, guint size)
{
    const TcgRange *range = tcg_range_find(s->memory, gpa);

    if (range) {
        tcg_copy(ret_bytes, tcg_range_hva(range, gpa), size);
        return false;
    }
    tcg_device_access(s, gpa, ret_bytes, size, false);
    return true;
}

bool tcg_phys_write(TcgState *s, guint64 gpa, const void *bytes, guint size)
{
    const TcgRange *range = tcg_range_find(s->memory, gpa);

    if (range && !(range->flags & TCG_PAGE_ROM)) {
        guint8 *at = tcg_range_hva(range, gpa);

        tcg_copy(at, bytes, size);
        if (tcg_page_flags_after_write(tcg_host_page(s->memory, at))) {
            tcg_page_written(s, tcg_phys_page(s, gpa), gpa, size);
        }
        return false;
    }
    tcg_device_access(s, gpa, (guint8 *)bytes, size, true);
    return true;
}
