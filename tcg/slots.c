/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory slots: which guest-physical ranges are which host memory.
 *
 * Between begin and commit changes are only recorded.  Commit first makes the
 * list of the new slots, the only step that can fail; then it keeps vCPUs out,
 * replaces the old ranges by the new ones and drops what was derived from the old
 * ones: TLB entries, and the translated code of host pages that are in no range
 * any more.
 *
 * Locks: changes are made with the machine lock held and vCPUs kept out, so vCPUs
 * and holders of the machine lock read without another lock.  TcgSlots.lock is for
 * the other threads, which report that they wrote memory; no callback runs under
 * it.
 */
#include "config.h"
#include "tcg/slots.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "qmp/error.h"
#include "qom/qapi-objects-accel.h"

#define GRANULE_PAGES (1u << (TCG_GRANULE_SHIFT - 12))
#define NOTED_OFFSET (GRANULE_PAGES * sizeof(TcgPhysPage))
#define GRANULE_BYTES (NOTED_OFFSET + GRANULE_PAGES / 8)
#define N_GRANULES (1u << (TCG_HVA_BITS - TCG_GRANULE_SHIFT))

static GArray *slot_array(void)
{
    return g_array_new(FALSE, FALSE, sizeof(AccelSlot));
}

TcgMemory *tcg_memory_new(void)
{
    TcgMemory *memory = g_new0(TcgMemory, 1);

    memory->granules = g_new0(TcgGranule, N_GRANULES);
    memory->slots = g_new0(TcgSlots, 1);
    memory->slots->slots = slot_array();
    memory->slots->added = slot_array();
    memory->slots->deleted = slot_array();
    g_rw_lock_init(&memory->slots->lock);
    return memory;
}

guint tcg_slots_max(Accel *accel)
{
    return G_MAXUINT;
}

void tcg_slots_begin(Accel *accel)
{
    TcgSlots *slots = to_tcg_accel(accel)->memory->slots;

    g_array_set_size(slots->added, 0);
    g_array_set_size(slots->deleted, 0);
}

void tcg_slot_add(Accel *accel, const AccelSlot *slot)
{
    g_array_append_val(to_tcg_accel(accel)->memory->slots->added, *slot);
}

void tcg_slot_del(Accel *accel, const AccelSlot *slot)
{
    g_array_append_val(to_tcg_accel(accel)->memory->slots->deleted, *slot);
}

/* ---- Page records: see memory.h ---- */

static guint64 first_granule(const AccelSlot *slot)
{
    return (guintptr)slot->hva >> TCG_GRANULE_SHIFT;
}

static guint64 last_granule(const AccelSlot *slot)
{
    return ((guintptr)slot->hva + slot->size - 1) >> TCG_GRANULE_SHIFT;
}

static void granule_unref(TcgGranule *granule)
{
    if (--granule->users == 0) {
        munmap(granule->pages, GRANULE_BYTES);
        granule->pages = NULL;
        granule->noted = NULL;
    }
}

static bool granule_ref(TcgGranule *granule, GError **error)
{
    if (granule->users == 0) {
        void *pages = mmap(NULL, GRANULE_BYTES, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

        if (pages == MAP_FAILED) {
            qmp_error_set_errno(error, ERROR_REASON_NO_MEMORY, errno,
                                "no memory for the page records of guest memory");
            return false;
        }
        granule->pages = pages;
        granule->noted = (guint64 *)(void *)((guint8 *)pages + NOTED_OFFSET);
    }
    granule->users++;
    return true;
}

static void pages_unref(TcgMemory *memory, const AccelSlot *slot)
{
    for (guint64 i = first_granule(slot); i <= last_granule(slot); i++) {
        granule_unref(&memory->granules[i]);
    }
}

static bool pages_ref(TcgMemory *memory, const AccelSlot *slot, GError **error)
{
    for (guint64 i = first_granule(slot); i <= last_granule(slot); i++) {
        if (!granule_ref(&memory->granules[i], error)) {
            while (i-- > first_granule(slot)) {
                granule_unref(&memory->granules[i]);
            }
            return false;
        }
    }
    return true;
}

static void all_unref(TcgMemory *memory, GArray *slots, guint n)
{
    for (guint i = 0; i < n; i++) {
        pages_unref(memory, slot_at(slots, i));
    }
}

static bool all_ref(TcgMemory *memory, GArray *slots, GError **error)
{
    for (guint i = 0; i < slots->len; i++) {
        if (!pages_ref(memory, slot_at(slots, i), error)) {
            all_unref(memory, slots, i);
            return false;
        }
    }
    return true;
}

void tcg_memory_free(TcgMemory *memory)
{
    TcgSlots *slots = memory->slots;

    all_unref(memory, slots->slots, slots->slots->len);
    g_array_unref(slots->slots);
    g_array_unref(slots->added);
    g_array_unref(slots->deleted);
    g_rw_lock_clear(&slots->lock);
    g_free(slots);
    g_free(memory->granules);
    g_free(memory->ranges);
    g_free(memory);
}

/* ---- The new slots ---- */

static bool same_range(const AccelSlot *a, const AccelSlot *b)
{
    return a->gpa == b->gpa && a->size == b->size;
}

static bool same_slot(const AccelSlot *a, const AccelSlot *b)
{
    return same_range(a, b) && a->hva == b->hva && a->flags == b->flags;
}

AccelSlot *tcg_slot_find(GArray *slots, const AccelSlot *slot)
{
    for (guint i = 0; i < slots->len; i++) {
        if (same_range(slot_at(slots, i), slot)) {
            return slot_at(slots, i);
        }
    }
    return NULL;
}

static bool remove_slot(GArray *slots, const AccelSlot *slot, GError **error)
{
    AccelSlot *found = tcg_slot_find(slots, slot);

    if (!found) {
        qmp_error_set(error, ERROR_REASON_GENERIC, "no memory slot is at 0x%" G_GINT64_MODIFIER "x",
                      slot->gpa);
        return false;
    }
    g_array_remove_index(slots, found - slot_at(slots, 0));
    return true;
}

static bool is_usable(const AccelSlot *slot)
{
    guint64 hva = (guintptr)slot->hva, limit = 1ull << TCG_HVA_BITS;

    return slot->size && ((slot->gpa | slot->size | hva) & 0xfff) == 0 &&
           slot->gpa + slot->size - 1 >= slot->gpa && slot->size <= limit &&
           hva <= limit - slot->size;
}

static bool overlaps(const AccelSlot *a, const AccelSlot *b)
{
    return a->gpa - b->gpa < b->size || b->gpa - a->gpa < a->size;
}

/* Inserts in order of address. */
static bool insert_slot(GArray *slots, const AccelSlot *slot, GError **error)
{
    guint place = 0;

    for (guint i = 0; i < slots->len; i++) {
        if (overlaps(slot, slot_at(slots, i))) {
            qmp_error_set(error, ERROR_REASON_GENERIC,
                          "memory at 0x%" G_GINT64_MODIFIER "x is in use", slot->gpa);
            return false;
        }
        place += slot_at(slots, i)->gpa < slot->gpa;
    }
    if (!is_usable(slot)) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED,
                      "memory at 0x%" G_GINT64_MODIFIER "x (0x%" G_GINT64_MODIFIER
                      "x bytes) cannot be used", slot->gpa, slot->size);
        return false;
    }
    g_array_insert_val(slots, place, *slot);
    return true;
}

static GArray *plan_slots(TcgSlots *slots, GError **error)
{
    g_autoptr(GArray) planned = slot_array();

    g_array_append_vals(planned, slots->slots->data, slots->slots->len);
    for (guint i = 0; i < slots->deleted->len; i++) {
        if (!remove_slot(planned, slot_at(slots->deleted, i), error)) {
            return NULL;
        }
    }
    for (guint i = 0; i < slots->added->len; i++) {
        if (!insert_slot(planned, slot_at(slots->added, i), error)) {
            return NULL;
        }
    }
    return g_steal_pointer(&planned);
}

static bool same_slots(GArray *a, GArray *b)
{
    if (a->len != b->len) {
        return false;
    }
    for (guint i = 0; i < a->len; i++) {
        if (!same_slot(slot_at(a, i), slot_at(b, i))) {
            return false;
        }
    }
    return true;
}

/* ---- From the old slots to the new ones, vCPUs kept out ---- */

static void drop_pages(TcgAccel *tcg, const guint8 *hva, guint64 size)
{
    for (guint64 at = 0; at < size; at += 4096) {
        TcgPhysPage *page = tcg_host_page(tcg->memory, hva + at);

        if (tcg_page_flags(page) & TCG_PAGE_CODE) {
            tcg_cache_drop_page(tcg, page);
        }
    }
}

/*
 * The length of the range from gpa on for which `slots`, which are in order of address, all map
 * what the old slot maps (*ret_kept is true), or none of them does (false).
 */
static guint64 kept_bytes(GArray *slots, const AccelSlot *old, guint64 gpa, bool *ret_kept)
{
    guint64 left = old->size - (gpa - old->gpa);

    for (guint i = 0; i < slots->len; i++) {
        const AccelSlot *slot = slot_at(slots, i);

        if ((guintptr)slot->hva - slot->gpa != (guintptr)old->hva - old->gpa) {
            continue;
        }
        if (gpa - slot->gpa < slot->size) {
            *ret_kept = true;
            return MIN(left, slot->size - (gpa - slot->gpa));
        }
        if (slot->gpa > gpa) {
            left = MIN(left, slot->gpa - gpa);
        }
    }
    *ret_kept = false;
    return left;
}

/* Drops the code of those pages of the old slot that are no longer at their old address. */
static void drop_gone(TcgAccel *tcg, const AccelSlot *old, GArray *slots)
{
    bool kept;

    for (guint64 at = 0, n; at < old->size; at += n) {
        n = kept_bytes(slots, old, old->gpa + at, &kept);
        if (!kept) {
            drop_pages(tcg, (guint8 *)old->hva + at, n);
        }
    }
}

static void set_log(TcgMemory *memory, const AccelSlot *slot, bool on)
{
    for (guint64 at = 0; at < slot->size; at += 4096) {
        const guint8 *hva = (const guint8 *)slot->hva + at;

        if (on) {
            tcg_page_set_flags(memory, hva, TCG_PAGE_LOG);
        } else {
            __atomic_fetch_and(&tcg_host_page(memory, hva)->flags, ~(guint32)TCG_PAGE_LOG,
                               __ATOMIC_RELAXED);
        }
    }
}

/* Starts or ends the dirty logs of those slots in `of` that `others` does not have unchanged. */
static void change_logs(TcgMemory *memory, GArray *of, GArray *others, bool on)
{
    for (guint i = 0; i < of->len; i++) {
        const AccelSlot *slot = slot_at(of, i);
        const AccelSlot *other = tcg_slot_find(others, slot);

        if (slot->flags & ACCEL_SLOT_LOG_DIRTY && (!other || !same_slot(slot, other))) {
            set_log(memory, slot, on);
        }
    }
}

static TcgRange range_of(const AccelSlot *slot)
{
    return (TcgRange){ .gpa = slot->gpa, .size = slot->size,
                       .delta = (guintptr)slot->hva - slot->gpa,
                       .flags = slot->flags & ACCEL_SLOT_READONLY ? TCG_PAGE_ROM : 0 };
}

static gint by_size(gconstpointer a, gconstpointer b)
{
    guint64 x = ((const TcgRange *)a)->size, y = ((const TcgRange *)b)->size;

    return (x < y) - (x > y);
}

static void set_ranges(TcgMemory *memory, GArray *slots)
{
    guint n_large = MIN(slots->len, TCG_N_LARGE_RANGES);
    g_autofree TcgRange *sorted = g_new(TcgRange, slots->len);

    memory->ranges = g_renew(TcgRange, memory->ranges, slots->len);
    memory->n_ranges = slots->len;
    for (guint i = 0; i < slots->len; i++) {
        memory->ranges[i] = sorted[i] = range_of(slot_at(slots, i));
    }
    memset(memory->large, 0, sizeof(memory->large));
    if (n_large) {
        qsort(sorted, slots->len, sizeof(TcgRange), by_size);
        memcpy(memory->large, sorted, n_large * sizeof(TcgRange));
    }
}

static void flush(TcgState *s, const void *argument)
{
    tcg_tlb_flush(s);
}

/* Takes ownership of slots. */
static void switch_to(TcgAccel *tcg, GArray *slots)
{
    TcgMemory *memory = tcg->memory;
    GArray *old = memory->slots->slots;

    tcg_vcpus_hold(tcg);
    for (guint i = 0; i < old->len; i++) {
        drop_gone(tcg, slot_at(old, i), slots);
    }
    g_rw_lock_writer_lock(&memory->slots->lock);
    change_logs(memory, old, slots, false);
    change_logs(memory, slots, old, true);
    set_ranges(memory, slots);
    memory->slots->slots = slots;
    all_unref(memory, old, old->len);
    g_rw_lock_writer_unlock(&memory->slots->lock);
    tcg_vcpus_each(tcg, flush, NULL);
    tcg_vcpus_release(tcg);
    g_array_unref(old);
}

bool tcg_slots_commit(Accel *accel, GError **error)
{
    TcgAccel *tcg = to_tcg_accel(accel);
    TcgSlots *slots = tcg->memory->slots;
    g_autoptr(GArray) planned = plan_slots(slots, error);

    tcg_slots_begin(accel);
    if (!planned) {
        return false;
    }
    if (same_slots(planned, slots->slots)) {
        return true;
    }
    if (!all_ref(tcg->memory, planned, error)) {
        return false;
    }
    switch_to(tcg, g_steal_pointer(&planned));
    return true;
}
