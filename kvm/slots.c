/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory slots: the mapping of guest-physical ranges to host memory.
 *
 * Between begin and commit changes are only recorded.  Commit drops those that
 * cancel out, turns a change of flags into an update in place, and applies the
 * rest, deletions first, with a list for undoing them.  While a range is
 * unmapped an instruction fetch from it would fail, so vCPUs are kept out of
 * the guest if there are both deletions and additions.
 */
#include "config.h"
#include "kvm/kvm-accel.h"

#include <errno.h>
#include <string.h>

#include "qmp/error.h"
#include "qom/qapi-objects-accel.h"

typedef struct {
    AccelSlot slot;
    guint id;
} KvmSlot;

void kvm_slots_init(KvmAccel *kvm)
{
    kvm->slots = (KvmSlots){
        .slots = g_array_new(FALSE, FALSE, sizeof(KvmSlot)),
        .added = g_array_new(FALSE, FALSE, sizeof(AccelSlot)),
        .deleted = g_array_new(FALSE, FALSE, sizeof(AccelSlot)),
        .free_ids = g_array_new(FALSE, FALSE, sizeof(guint)),
    };
}

void kvm_slots_done(KvmAccel *kvm)
{
    g_clear_pointer(&kvm->slots.slots, g_array_unref);
    g_clear_pointer(&kvm->slots.added, g_array_unref);
    g_clear_pointer(&kvm->slots.deleted, g_array_unref);
    g_clear_pointer(&kvm->slots.free_ids, g_array_unref);
}

guint kvm_slots_max(Accel *accel)
{
    return to_kvm_accel(accel)->device.max_slots;
}

void kvm_slots_begin(Accel *accel)
{
    KvmSlots *slots = &to_kvm_accel(accel)->slots;

    g_array_set_size(slots->added, 0);
    g_array_set_size(slots->deleted, 0);
}

void kvm_slot_add(Accel *accel, const AccelSlot *slot)
{
    g_array_append_val(to_kvm_accel(accel)->slots.added, *slot);
}

void kvm_slot_del(Accel *accel, const AccelSlot *slot)
{
    g_array_append_val(to_kvm_accel(accel)->slots.deleted, *slot);
}

/* ---- The kernel's side ---- */

static bool same_range(const AccelSlot *a, const AccelSlot *b)
{
    return a->gpa == b->gpa && a->size == b->size;
}

static KvmSlot *find_slot(KvmAccel *kvm, const AccelSlot *slot)
{
    GArray *slots = kvm->slots.slots;

    for (guint i = 0; i < slots->len; i++) {
        KvmSlot *candidate = &g_array_index(slots, KvmSlot, i);

        if (same_range(&candidate->slot, slot)) {
            return candidate;
        }
    }
    return NULL;
}

/* size 0 deletes. */
static bool set_region(KvmAccel *kvm, guint id, const AccelSlot *slot, guint64 size,
                       GError **error)
{
    struct kvm_userspace_memory_region region = {
        .slot = id,
        .flags = (slot->flags & ACCEL_SLOT_READONLY ? KVM_MEM_READONLY : 0) |
                 (slot->flags & ACCEL_SLOT_LOG_DIRTY ? KVM_MEM_LOG_DIRTY_PAGES : 0),
        .guest_phys_addr = slot->gpa,
        .memory_size = size,
        .userspace_addr = (guintptr)slot->hva,
    };

    if (size == 0) {
        region.flags = 0;
    }
    if (kvm_ioctl(kvm->vm_fd, KVM_SET_USER_MEMORY_REGION, &region) < 0) {
        qmp_error_set_errno(error, errno == ENOMEM ? ERROR_REASON_NO_MEMORY
                                                   : ERROR_REASON_HOST_ERROR, errno,
                            "KVM refused the memory at 0x%" G_GINT64_MODIFIER "x (0x%"
                            G_GINT64_MODIFIER "x bytes)", slot->gpa, slot->size);
        return false;
    }
    return true;
}

static bool take_id(KvmAccel *kvm, guint *ret_id, GError **error)
{
    KvmSlots *slots = &kvm->slots;

    if (slots->free_ids->len > 0) {
        *ret_id = g_array_index(slots->free_ids, guint, slots->free_ids->len - 1);
        g_array_set_size(slots->free_ids, slots->free_ids->len - 1);
        return true;
    }
    if (slots->next_id >= kvm->device.max_slots) {
        qmp_error_set(error, ERROR_REASON_LIMIT_EXCEEDED, "KVM has no more than %u memory slots",
                      kvm->device.max_slots);
        return false;
    }
    *ret_id = slots->next_id++;
    return true;
}

static bool add_region(KvmAccel *kvm, const AccelSlot *slot, GError **error)
{
    KvmSlot added = { .slot = *slot };

    if (slot->flags & ACCEL_SLOT_READONLY && !kvm->device.readonly_memory) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED,
                      "the kernel's KVM has no read-only memory");
        return false;
    }
    if (!take_id(kvm, &added.id, error)) {
        return false;
    }
    if (!set_region(kvm, added.id, slot, slot->size, error)) {
        g_array_append_val(kvm->slots.free_ids, added.id);
        return false;
    }
    g_array_append_val(kvm->slots.slots, added);
    return true;
}

static bool delete_region(KvmAccel *kvm, const AccelSlot *slot, GError **error)
{
    KvmSlot *found = find_slot(kvm, slot);

    if (!found) {
        qmp_error_set(error, ERROR_REASON_GENERIC, "no memory slot is at 0x%" G_GINT64_MODIFIER "x",
                      slot->gpa);
        return false;
    }
    if (!set_region(kvm, found->id, &found->slot, 0, error)) {
        return false;
    }
    g_array_append_val(kvm->slots.free_ids, found->id);
    g_array_remove_index_fast(kvm->slots.slots, found - (KvmSlot *)kvm->slots.slots->data);
    return true;
}

static bool update_region(KvmAccel *kvm, const AccelSlot *slot, GError **error)
{
    KvmSlot *found = find_slot(kvm, slot);

    if (!found || !set_region(kvm, found->id, slot, slot->size, error)) {
        return false;
    }
    found->slot = *slot;
    return true;
}

/* ---- Commit ---- */

typedef enum {
    CHANGE_DELETE,
    CHANGE_UPDATE,              /* from before to after, in place */
    CHANGE_ADD,
} ChangeKind;

typedef struct {
    ChangeKind kind;
    AccelSlot before, after;
} Change;

/* Whether the kernel can change a to b without unmapping the memory. */
static bool can_update(const AccelSlot *a, const AccelSlot *b)
{
    return same_range(a, b) && a->hva == b->hva &&
           ((a->flags ^ b->flags) & ~ACCEL_SLOT_LOG_DIRTY) == 0;
}

/* Removes the addition that makes deleting `slot` an update, if there is one. */
static bool take_counterpart(GArray *added, const AccelSlot *slot, AccelSlot *ret_counterpart)
{
    for (guint i = 0; i < added->len; i++) {
        AccelSlot candidate = g_array_index(added, AccelSlot, i);

        if (can_update(slot, &candidate)) {
            *ret_counterpart = candidate;
            g_array_remove_index(added, i);
            return true;
        }
    }
    return false;
}

static GArray *plan_changes(KvmSlots *slots, bool *ret_needs_hold)
{
    GArray *changes = g_array_new(FALSE, TRUE, sizeof(Change));
    guint n_deleted = 0;

    for (guint i = 0; i < slots->deleted->len; i++) {
        Change change = { .before = g_array_index(slots->deleted, AccelSlot, i) };

        if (take_counterpart(slots->added, &change.before, &change.after)) {
            change.kind = CHANGE_UPDATE;
            if (change.before.flags == change.after.flags) {
                continue;
            }
        } else {
            change.kind = CHANGE_DELETE;
            n_deleted++;
        }
        g_array_append_val(changes, change);
    }
    for (guint i = 0; i < slots->added->len; i++) {
        Change change = { .kind = CHANGE_ADD, .after = g_array_index(slots->added, AccelSlot, i) };

        g_array_append_val(changes, change);
    }
    *ret_needs_hold = n_deleted > 0 && slots->added->len > 0;
    return changes;
}

static bool apply(KvmAccel *kvm, const Change *change, GError **error)
{
    switch (change->kind) {
    case CHANGE_DELETE:
        return delete_region(kvm, &change->before, error);
    case CHANGE_UPDATE:
        return update_region(kvm, &change->after, error);
    default:
        return add_region(kvm, &change->after, error);
    }
}

static void undo(KvmAccel *kvm, const Change *change)
{
    Change back = { .before = change->after, .after = change->before };
    g_autoptr(GError) error = NULL;

    back.kind = change->kind == CHANGE_DELETE ? CHANGE_ADD :
                change->kind == CHANGE_ADD ? CHANGE_DELETE : CHANGE_UPDATE;
    if (!apply(kvm, &back, &error)) {
        g_warning("memory cannot be restored: %s", error->message);
    }
}

static bool apply_all(KvmAccel *kvm, GArray *changes, GError **error)
{
    for (guint i = 0; i < changes->len; i++) {
        if (!apply(kvm, &g_array_index(changes, Change, i), error)) {
            while (i-- > 0) {
                undo(kvm, &g_array_index(changes, Change, i));
            }
            return false;
        }
    }
    return true;
}

bool kvm_slots_commit(Accel *accel, GError **error)
{
    KvmAccel *kvm = to_kvm_accel(accel);
    bool hold;
    g_autoptr(GArray) changes = plan_changes(&kvm->slots, &hold);
    bool ok;

    if (hold) {
        kvm_vcpus_hold(kvm);
    }
    ok = apply_all(kvm, changes, error);
    if (hold) {
        kvm_vcpus_release(kvm);
    }
    kvm_slots_begin(accel);
    return ok;
}

bool kvm_dirty_log(Accel *accel, const AccelSlot *slot, guint8 *ret_bitmap, GError **error)
{
    KvmAccel *kvm = to_kvm_accel(accel);
    KvmSlot *found = find_slot(kvm, slot);
    gsize n_pages = slot->size / 4096;
    g_autofree guint64 *bitmap = g_new0(guint64, n_pages / 64 + 1);
    struct kvm_dirty_log log = { .dirty_bitmap = bitmap };

    if (!found || !(found->slot.flags & ACCEL_SLOT_LOG_DIRTY)) {
        qmp_error_set(error, ERROR_REASON_GENERIC,
                      "no dirty log is kept at 0x%" G_GINT64_MODIFIER "x", slot->gpa);
        return false;
    }
    log.slot = found->id;
    if (kvm_ioctl(kvm->vm_fd, KVM_GET_DIRTY_LOG, &log) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "KVM has no dirty log");
        return false;
    }
    memcpy(ret_bitmap, bitmap, (n_pages + 7) / 8);
    return true;
}
