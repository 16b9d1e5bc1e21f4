/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The recording accelerator of tests/lib/fake-accel.h.
 */
#include "config.h"
#include "tests/lib/fake-accel.h"

#include "cpu/cpu.h"
#include "qmp/error.h"
#include "qmp/qapi-types-accel.h"

static FakeAccel *fake(const void *accel)
{
    return object_cast(accel, &qmp_class_kvm_accel);
}

/* ---- Memory ---- */

static void slots_begin(Accel *accel)
{
    FakeAccel *f = fake(accel);

    g_assert_null(f->pending);
    f->pending = g_array_new(false, false, sizeof(AccelSlot));
    g_array_append_vals(f->pending, f->slots->data, f->slots->len);
    f->pending_adds = f->pending_dels = 0;
}

static void slot_add(Accel *accel, const AccelSlot *slot)
{
    FakeAccel *f = fake(accel);
    guint i = 0;

    g_assert_cmpuint(slot->gpa % 4096, ==, 0);
    g_assert_cmpuint(slot->size % 4096, ==, 0);
    g_assert_cmpuint(slot->size, >, 0);
    while (i < f->pending->len && g_array_index(f->pending, AccelSlot, i).gpa < slot->gpa) {
        i++;
    }
    g_array_insert_val(f->pending, i, *slot);
    f->pending_adds++;
}

static void slot_del(Accel *accel, const AccelSlot *slot)
{
    FakeAccel *f = fake(accel);

    for (guint i = 0; i < f->pending->len; i++) {
        if (g_array_index(f->pending, AccelSlot, i).gpa == slot->gpa) {
            g_array_remove_index(f->pending, i);
            f->pending_dels++;
            return;
        }
    }
    g_assert_not_reached();
}

static void assert_no_overlap(const GArray *slots)
{
    for (guint i = 1; i < slots->len; i++) {
        const AccelSlot *before = &g_array_index(slots, AccelSlot, i - 1);

        g_assert_cmphex(before->gpa + before->size, <=, g_array_index(slots, AccelSlot, i).gpa);
    }
}

static bool slots_commit(Accel *accel, GError **error)
{
    FakeAccel *f = fake(accel);
    g_autoptr(GArray) pending = g_steal_pointer(&f->pending);

    if ((f->fail_commit && f->pending_adds) || pending->len > f->max_slots) {
        qmp_error_set(error, ERROR_REASON_HOST_ERROR, "no slots left");
        return false;
    }
    assert_no_overlap(pending);
    f->slot_adds += f->pending_adds;
    f->slot_dels += f->pending_dels;
    f->commits++;
    g_array_unref(f->slots);
    f->slots = g_steal_pointer(&pending);
    return true;
}

static guint slots_max(Accel *accel)
{
    return fake(accel)->max_slots;
}

static void memory_written(Accel *accel, guint64 gpa, guint64 size)
{
    FakeAccel *f = fake(accel);

    g_mutex_lock(&f->msi_mutex);
    f->written_gpa = gpa;
    f->written_size = size;
    f->writes++;
    g_mutex_unlock(&f->msi_mutex);
}

static bool ioeventfd_add(Accel *accel, const AccelIoeventfd *ioeventfd, GError **error)
{
    g_array_append_val(fake(accel)->ioeventfds, *ioeventfd);
    return true;
}

static void ioeventfd_del(Accel *accel, const AccelIoeventfd *ioeventfd)
{
    GArray *list = fake(accel)->ioeventfds;

    for (guint i = 0; i < list->len; i++) {
        const AccelIoeventfd *e = &g_array_index(list, AccelIoeventfd, i);

        if (e->address == ioeventfd->address && e->fd == ioeventfd->fd) {
            g_array_remove_index(list, i);
            return;
        }
    }
    g_assert_not_reached();
}

/* ---- Interrupts ---- */

static AccelIrqchip irqchip(Accel *accel)
{
    return fake(accel)->irqchip;
}

static bool msi_send(Accel *accel, const AccelMsi *msi)
{
    FakeAccel *f = fake(accel);

    g_mutex_lock(&f->msi_mutex);
    g_array_append_val(f->msis, *msi);
    g_mutex_unlock(&f->msi_mutex);
    return true;
}

static void set_gsi(Accel *accel, guint gsi, bool level)
{
    FakeAccel *f = fake(accel);

    g_assert_cmpuint(gsi, <, FAKE_ACCEL_N_GSIS);
    f->gsi_edges[gsi] += level && !f->gsi[gsi];
    f->gsi[gsi] = level;
    if (f->irqchip == ACCEL_IRQCHIP_SPLIT && level) {
        g_assert_true(f->pins[gsi].used);
        msi_send(accel, &f->pins[gsi].msi);
    }
}

static void set_extint(Accel *accel, bool level)
{
    FakeAccel *f = fake(accel);

    f->extint_edges += level && !f->extint;
    f->extint = level;
}

static void set_a20(Accel *accel, bool enabled)
{
    fake(accel)->a20_off = !enabled;
}

static guint used_routes(const FakeAccel *f)
{
    guint n = 0;

    for (guint i = 0; i < f->routes->len; i++) {
        n += g_array_index(f->routes, FakeRoute, i).used;
    }
    return n;
}

static int msi_route_add(Accel *accel, const AccelMsi *msi, GError **error)
{
    FakeAccel *f = fake(accel);
    const FakeRoute route = { .used = true, .msi = *msi };

    if (used_routes(f) >= f->max_routes) {
        qmp_error_set(error, ERROR_REASON_LIMIT_EXCEEDED, "no routes left");
        return -1;
    }
    g_array_append_val(f->routes, route);
    return FAKE_ACCEL_N_GSIS + f->routes->len - 1;
}

static FakeRoute *route_of(FakeAccel *f, guint gsi)
{
    FakeRoute *route;

    g_assert_cmpuint(gsi, >=, FAKE_ACCEL_N_GSIS);
    g_assert_cmpuint(gsi - FAKE_ACCEL_N_GSIS, <, f->routes->len);
    route = &g_array_index(f->routes, FakeRoute, gsi - FAKE_ACCEL_N_GSIS);
    g_assert_true(route->used);
    return route;
}

static bool is_split_pin(const FakeAccel *f, guint gsi)
{
    return f->irqchip == ACCEL_IRQCHIP_SPLIT && gsi < FAKE_ACCEL_N_GSIS;
}

static bool msi_route_update(Accel *accel, guint gsi, const AccelMsi *msi, GError **error)
{
    FakeAccel *f = fake(accel);

    if (is_split_pin(f, gsi)) {
        f->pins[gsi] = (FakeRoute){ .used = true, .msi = *msi };
    } else {
        route_of(f, gsi)->msi = *msi;
    }
    f->route_updates++;
    return true;
}

static void msi_route_del(Accel *accel, guint gsi)
{
    FakeAccel *f = fake(accel);

    if (is_split_pin(f, gsi)) {
        g_assert_true(f->pins[gsi].used);
        f->pins[gsi].used = false;
    } else {
        route_of(f, gsi)->used = false;
    }
}

static bool irqfd_add(Accel *accel, guint gsi, int fd, int resample_fd, GError **error)
{
    FakeAccel *f = fake(accel);
    const FakeIrqfd irqfd = { .gsi = gsi, .fd = fd };

    if (f->fail_irqfd) {
        qmp_error_set(error, ERROR_REASON_HOST_ERROR, "no irqfd");
        return false;
    }
    g_assert_null(fake_accel_irqfd_msi(f, fd));
    route_of(f, gsi);
    g_array_append_val(f->irqfds, irqfd);
    return true;
}

static void irqfd_del(Accel *accel, guint gsi, int fd)
{
    GArray *list = fake(accel)->irqfds;

    for (guint i = 0; i < list->len; i++) {
        const FakeIrqfd *irqfd = &g_array_index(list, FakeIrqfd, i);

        if (irqfd->gsi == gsi && irqfd->fd == fd) {
            g_array_remove_index(list, i);
            return;
        }
    }
    g_assert_not_reached();
}

const AccelMsi *fake_accel_irqfd_msi(const FakeAccel *accel, int fd)
{
    for (guint i = 0; i < accel->irqfds->len; i++) {
        const FakeIrqfd *irqfd = &g_array_index(accel->irqfds, FakeIrqfd, i);

        if (irqfd->fd == fd) {
            return &g_array_index(accel->routes, FakeRoute, irqfd->gsi - FAKE_ACCEL_N_GSIS).msi;
        }
    }
    return NULL;
}

static void pit_enable(Accel *accel, bool enabled)
{
    fake(accel)->pit_off = !enabled;
}

static bool pit_create(Accel *accel, bool catch_up, GError **error)
{
    FakeAccel *f = fake(accel);

    if (f->fail_pit) {
        qmp_error_set(error, ERROR_REASON_HOST_ERROR, "no timer");
        return false;
    }
    f->pit = true;
    return true;
}

static gsize chip_size(Accel *accel, AccelChip chip)
{
    return 1;
}

static bool chip_get(Accel *accel, AccelChip chip, void *ret_state, GError **error)
{
    *(guint8 *)ret_state = fake(accel)->chips[chip];
    return true;
}

static bool chip_set(Accel *accel, AccelChip chip, const void *state, GError **error)
{
    fake(accel)->chips[chip] = *(const guint8 *)state;
    return true;
}

static bool chip_save(Accel *accel, AccelChip chip, X86Chip *ret_state, GError **error)
{
    *ret_state = fake(accel)->registers[chip];
    return true;
}

static bool chip_load(Accel *accel, AccelChip chip, const X86Chip *state, GError **error)
{
    fake(accel)->registers[chip] = *state;
    return true;
}

/* ---- vCPUs ---- */

static bool vcpu_create(Accel *accel, Cpu *cpu, GError **error)
{
    fake(accel)->vcpus++;
    return true;
}

static void vcpu_destroy(Accel *accel, Cpu *cpu)
{
    fake(accel)->vcpus--;
}

static void vcpus_resume(Accel *accel)
{
    g_assert_false(fake(accel)->resumed);
    fake(accel)->resumed = true;
    fake(accel)->resumes++;
}

static void vcpus_pause(Accel *accel)
{
    g_assert_true(fake(accel)->resumed);
    fake(accel)->resumed = false;
    fake(accel)->pauses++;
}

static bool vcpu_get(Accel *accel, Cpu *cpu, X86CpuState *ret_state, GError **error)
{
    *ret_state = fake(accel)->vcpu_state;
    return true;
}

static bool vcpu_set(Accel *accel, Cpu *cpu, const X86CpuState *state, GError **error)
{
    g_assert_false(fake(accel)->resumed);
    fake(accel)->vcpu_state = *state;
    fake(accel)->vcpu_sets++;
    return true;
}

static void cpuid_supported(Accel *accel, guint32 leaf, guint32 subleaf, guint32 ret_regs[4])
{
    ret_regs[0] = ret_regs[1] = ret_regs[2] = ret_regs[3] = ~0u;
}

static bool dirty_log(Accel *accel, const AccelSlot *slot, guint8 *ret_bitmap, GError **error)
{
    FakeAccel *f = fake(accel);
    guint64 offset = f->dirty_gpa - slot->gpa;

    memset(ret_bitmap, 0, (slot->size / 4096 + 7) / 8);
    if (f->dirty_gpa && offset < slot->size) {
        ret_bitmap[offset / 4096 / 8] |= 1 << offset / 4096 % 8;
        f->dirty_gpa = 0;
    }
    return true;
}

static const AccelOps fake_ops = {
    .name = "fake",
    .slots_begin = slots_begin,
    .slot_add = slot_add,
    .slot_del = slot_del,
    .slots_commit = slots_commit,
    .slots_max = slots_max,
    .dirty_log = dirty_log,
    .memory_written = memory_written,
    .ioeventfd_add = ioeventfd_add,
    .ioeventfd_del = ioeventfd_del,
    .irqchip = irqchip,
    .set_gsi = set_gsi,
    .set_extint = set_extint,
    .set_a20 = set_a20,
    .irqfd_add = irqfd_add,
    .irqfd_del = irqfd_del,
    .msi_route_add = msi_route_add,
    .msi_route_update = msi_route_update,
    .msi_route_del = msi_route_del,
    .msi_send = msi_send,
    .pit_create = pit_create,
    .pit_enable = pit_enable,
    .chip_size = chip_size,
    .chip_get = chip_get,
    .chip_set = chip_set,
    .chip_save = chip_save,
    .chip_load = chip_load,
    .vcpu_create = vcpu_create,
    .vcpu_destroy = vcpu_destroy,
    .vcpus_resume = vcpus_resume,
    .vcpus_pause = vcpus_pause,
    .vcpu_get = vcpu_get,
    .vcpu_set = vcpu_set,
    .vcpu_reset = vcpu_set,
    .cpuid_supported = cpuid_supported,
};

/* ---- Class ---- */

static void fake_init(Object *obj)
{
    FakeAccel *f = fake(obj);

    f->slots = g_array_new(false, false, sizeof(AccelSlot));
    f->ioeventfds = g_array_new(false, false, sizeof(AccelIoeventfd));
    f->routes = g_array_new(false, false, sizeof(FakeRoute));
    f->irqfds = g_array_new(false, false, sizeof(FakeIrqfd));
    g_mutex_init(&f->msi_mutex);
    f->msis = g_array_new(false, false, sizeof(AccelMsi));
    f->max_routes = 2048;
    f->irqchip = ACCEL_IRQCHIP_ON;
    f->max_slots = 32;
}

static void fake_finalize(Object *obj)
{
    FakeAccel *f = fake(obj);

    /* Whoever added something has taken it back. */
    g_assert_cmpuint(f->slots->len, ==, 0);
    g_assert_cmpuint(f->ioeventfds->len, ==, 0);
    g_assert_cmpuint(f->vcpus, ==, 0);
    g_assert_cmpuint(f->irqfds->len, ==, 0);
    g_assert_cmpuint(used_routes(f), ==, 0);
    for (guint i = 0; i < FAKE_ACCEL_N_GSIS; i++) {
        g_assert_false(f->pins[i].used);
    }
    g_array_unref(f->slots);
    g_array_unref(f->ioeventfds);
    g_array_unref(f->routes);
    g_array_unref(f->irqfds);
    g_array_unref(f->msis);
    g_mutex_clear(&f->msi_mutex);
}

static const TypeInfo fake_type = {
    .schema = &qmp_class_kvm_accel,
    .size = sizeof(FakeAccel),
    .object = &(const ObjectOps){
        .init = fake_init,
        .finalize = fake_finalize,
    },
    .kind = &fake_ops,
};

const TypeInfo *const fake_accel_types[] = {
    &fake_type,
    NULL,
};

FakeAccel *fake_accel_new(Object *root)
{
    g_autoptr(Object) obj = object_new(&qmp_class_kvm_accel);

    g_assert_true(object_add_child(object_container(root, "objects"), "accel", obj, NULL));
    g_assert_true(object_make(obj, NULL));
    return fake(obj);
}

const AccelSlot *fake_accel_slot(const FakeAccel *accel, guint64 gpa)
{
    for (guint i = 0; i < accel->slots->len; i++) {
        const AccelSlot *slot = &g_array_index(accel->slots, AccelSlot, i);

        if (gpa >= slot->gpa && gpa - slot->gpa < slot->size) {
            return slot;
        }
    }
    return NULL;
}
