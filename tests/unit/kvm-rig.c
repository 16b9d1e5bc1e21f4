/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rig of kvm-rig.h.
 */
#include "config.h"
#include "tests/unit/kvm-rig.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cpu/types.h"
#include "kvm/kvm.h"
#include "kvm/types.h"
#include "qmp/qapi-types-common.h"
#include "qmp/qapi-types-cpu-models.h"
#include "qmp/visit.h"
#include "qom/device.h"
#include "qom/qapi-objects-accel.h"
#include "qom/qapi-objects-cpu.h"

enum { MAX_ACCESSES = 1000, TIMEOUT_SECONDS = 20 };

/* ---- The fake machine ---- */

static void record(Rig *rig, RigAccess *access, void *data)
{
    gsize length = (gsize)access->size * access->count;

    g_mutex_lock(&rig->lock);
    if (access->is_write) {
        memcpy(access->data, data, MIN(length, sizeof(access->data)));
    } else {
        for (gsize i = 0; i < length; i++) {
            ((guint8 *)data)[i] = rig->read_value >> i % access->size * 8;
        }
    }
    if (rig->accesses->len < MAX_ACCESSES) {
        g_array_append_val(rig->accesses, *access);
    }
    rig->n_accesses++;
    if (access->pio && access->is_write && access->address == RIG_DONE) {
        rig->n_done++;
    }
    if (rig->on_access) {
        rig->on_access(rig, access);
    }
    g_cond_broadcast(&rig->changed);
    g_mutex_unlock(&rig->lock);
}

static void host_pio(void *opaque, guint16 port, void *data, guint size, guint count,
                     bool is_write)
{
    RigAccess access = { .pio = true, .address = port, .size = size, .count = count,
                         .is_write = is_write };

    record(opaque, &access, data);
}

static void host_mmio(void *opaque, guint64 gpa, void *data, guint size, bool is_write)
{
    RigAccess access = { .address = gpa, .size = size, .count = 1, .is_write = is_write };

    record(opaque, &access, data);
}

static void host_lock(void *opaque)
{
    g_mutex_lock(&((Rig *)opaque)->lock);
}

static void host_unlock(void *opaque)
{
    g_mutex_unlock(&((Rig *)opaque)->lock);
}

static void host_request(void *opaque, AccelRequest request)
{
    Rig *rig = opaque;

    g_mutex_lock(&rig->lock);
    rig->n_resets += request == ACCEL_REQUEST_RESET;
    rig->n_shutdowns += request == ACCEL_REQUEST_SHUTDOWN;
    g_cond_broadcast(&rig->changed);
    g_mutex_unlock(&rig->lock);
}

static void host_internal_error(void *opaque, Cpu *cpu, ShutdownDetail detail,
                                const char *why)
{
    Rig *rig = opaque;

    g_mutex_lock(&rig->lock);
    g_free(rig->internal_error);
    rig->internal_error = g_strdup(why);
    g_cond_broadcast(&rig->changed);
    g_mutex_unlock(&rig->lock);
}

static void host_eoi(void *opaque, guint8 vector)
{
    Rig *rig = opaque;

    g_mutex_lock(&rig->lock);
    rig->n_eois++;
    rig->eoi_vector = vector;
    g_cond_broadcast(&rig->changed);
    g_mutex_unlock(&rig->lock);
}

static int host_intack(void *opaque)
{
    Rig *rig = opaque;
    int vector;

    g_mutex_lock(&rig->lock);
    vector = rig->pic_vector;
    rig->pic_vector = -1;
    rig->ops->set_extint(rig->accel, false);
    g_mutex_unlock(&rig->lock);
    return vector;
}

static const AccelHost rig_host = {
    .pio = host_pio,
    .mmio = host_mmio,
    .lock = host_lock,
    .unlock = host_unlock,
    .request = host_request,
    .internal_error = host_internal_error,
    .eoi = host_eoi,
    .intack = host_intack,
};

/* ---- Making ---- */

bool rig_available(void)
{
    if (!kvm_present()) {
        printf("1..0 # SKIP /dev/kvm is not usable\n");
        return false;
    }
    object_register_types(qom_types);
    object_register_types(cpu_types);
    object_register_types(kvm_types);
    return true;
}

Accel *rig_accel_new(Object *root, const char *irqchip, const char *device, GError **error)
{
    KvmAccelProps *props = qmp_new_props(&qmp_class_kvm_accel);
    g_autoptr(Object) obj = NULL;

    if (irqchip) {
        props->kernel_irqchip = qmp_enum_parse(&qmp_type_OnOffSplit, irqchip);
    }
    props->device = g_strdup(device);
    obj = object_new_with_props(&qmp_class_kvm_accel, props, NULL);
    object_add_child(object_container(root, "objects"), "accel", obj, NULL);
    if (!object_make(obj, error)) {
        object_unparent(obj);
        return NULL;
    }
    return to_accel(obj);
}

static Cpu *make_cpu(Rig *rig, X8664CpuProps *props)
{
    Object *container = object_container(rig->root, "machine");
    Device *dev;

    props->check = false;
    dev = device_make(container, "cpu[*]", &qmp_class_qemu64_x86_64_cpu, NULL, props, NULL, NULL);
    g_assert_nonnull(dev);
    return to_cpu(dev);
}

Cpu *rig_make_cpu(Rig *rig)
{
    return make_cpu(rig, qmp_new_props(&qmp_class_qemu64_x86_64_cpu));
}

Cpu *rig_make_cpu_with_id(Rig *rig, guint32 apic_id)
{
    X8664CpuProps *props = qmp_new_props(&qmp_class_qemu64_x86_64_cpu);

    props->has_apic_id = true;
    props->apic_id = apic_id;
    return make_cpu(rig, props);
}

Rig *rig_new(const char *irqchip)
{
    Rig *rig = g_new0(Rig, 1);
    AccelSlot slot = { .gpa = 0, .size = RIG_RAM_SIZE };
    g_autoptr(GError) error = NULL;
    X86CpuState state;

    g_mutex_init(&rig->lock);
    g_cond_init(&rig->changed);
    rig->accesses = g_array_new(FALSE, FALSE, sizeof(RigAccess));
    rig->ram = mmap(NULL, RIG_RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    g_assert_true(rig->ram != MAP_FAILED);
    rig->root = object_root_new();
    rig->accel = rig_accel_new(rig->root, irqchip, NULL, &error);
    g_assert_no_error(error);
    rig->ops = accel_ops(rig->accel);
    accel_set_host(rig->accel, &rig_host, rig);
    g_mutex_lock(&rig->lock);
    slot.hva = rig->ram;
    rig_slot(rig, &slot, NULL);
    rig->cpu = rig_make_cpu(rig);
    rig_state_real(&state);
    rig_set_state(rig, &state);
    return rig;
}

void rig_free(Rig *rig)
{
    if (rig->cpu) {
        device_unmake(&rig->cpu->device);
    }
    accel_set_host(rig->accel, NULL, NULL);
    object_destroy(&rig->accel->object);
    object_unref(rig->root);
    g_mutex_unlock(&rig->lock);
    munmap(rig->ram, RIG_RAM_SIZE);
    g_array_unref(rig->accesses);
    g_free(rig->internal_error);
    g_mutex_clear(&rig->lock);
    g_cond_clear(&rig->changed);
    g_free(rig);
}

void rig_slot(Rig *rig, const AccelSlot *add, const AccelSlot *del)
{
    g_autoptr(GError) error = NULL;

    rig->ops->slots_begin(rig->accel);
    if (del) {
        rig->ops->slot_del(rig->accel, del);
    }
    if (add) {
        rig->ops->slot_add(rig->accel, add);
    }
    rig->ops->slots_commit(rig->accel, &error);
    g_assert_no_error(error);
}

void rig_load(Rig *rig, guint address, const guint8 *code, gsize size)
{
    g_assert_cmpuint(address + size, <=, RIG_RAM_SIZE);
    memcpy(rig->ram + address, code, size);
}

/* ---- State ---- */

void rig_state_real(X86CpuState *state)
{
    x86_state_reset(state, true);
    state->segment[X86_CS].selector = 0;
    state->segment[X86_CS].base = 0;
    state->rip = RIG_CODE;
    state->gpr[X86_RSP] = RIG_STACK;
    state->idt.limit = 0x3ff;
}

/* One level-4 entry, one level-3 table of four 1 GiB ranges, 2 MiB pages. */
static void make_page_tables(Rig *rig)
{
    guint64 *level4 = (guint64 *)(rig->ram + 0x10000);
    guint64 *level3 = (guint64 *)(rig->ram + 0x11000);
    guint64 *level2 = (guint64 *)(rig->ram + 0x12000);

    level4[0] = 0x11000 | 3;
    for (guint i = 0; i < 4; i++) {
        level3[i] = (0x12000 + i * 0x1000) | 3;
    }
    for (guint64 i = 0; i < 2048; i++) {
        level2[i] = i << 21 | 0x83;
    }
}

void rig_state_long(Rig *rig, X86CpuState *state)
{
    X86Segment data = { .limit = 0xffffffff, .selector = 16, .type = 3, .s = 1, .p = 1, .db = 1,
                        .g = 1 };
    X86Segment code = { .limit = 0xffffffff, .selector = 8, .type = 11, .s = 1, .p = 1, .l = 1,
                        .g = 1 };

    make_page_tables(rig);
    x86_state_reset(state, true);
    for (guint i = 0; i < X86_N_SEGMENTS; i++) {
        state->segment[i] = data;
    }
    state->segment[X86_CS] = code;
    state->cr0 = 0x80000011;    /* PG, ET, PE */
    state->cr3 = 0x10000;
    state->cr4 = 0x20;          /* PAE */
    state->efer = 0x500;        /* LMA, LME */
    state->rip = RIG_CODE;
    state->gpr[X86_RSP] = RIG_STACK;
}

void rig_set_state(Rig *rig, const X86CpuState *state)
{
    g_autoptr(GError) error = NULL;

    rig->ops->vcpu_set(rig->accel, rig->cpu, state, &error);
    g_assert_no_error(error);
}

/* ---- Running ---- */

void rig_resume(Rig *rig)
{
    rig->ops->vcpus_resume(rig->accel);
}

void rig_pause(Rig *rig)
{
    rig->ops->vcpus_pause(rig->accel);
}

void rig_wait(Rig *rig, bool (*condition)(Rig *rig))
{
    gint64 end = g_get_monotonic_time() + TIMEOUT_SECONDS * G_TIME_SPAN_SECOND;

    while (!condition(rig)) {
        if (!g_cond_wait_until(&rig->changed, &rig->lock, end)) {
            g_error("the guest did not do it in %d s (internal error: %s)", TIMEOUT_SECONDS,
                    rig->internal_error ? rig->internal_error : "none");
        }
    }
}

bool rig_is_done(Rig *rig)
{
    return rig->n_done > 0;
}

bool rig_has_failed(Rig *rig)
{
    return rig->internal_error != NULL;
}

bool rig_was_reset(Rig *rig)
{
    return rig->n_resets > 0;
}

void rig_run(Rig *rig)
{
    rig_resume(rig);
    rig_wait(rig, rig_is_done);
    rig_pause(rig);
    rig->n_done = 0;
}

void rig_clear(Rig *rig)
{
    g_array_set_size(rig->accesses, 0);
    rig->n_accesses = 0;
    rig->n_done = 0;
    rig->n_resets = 0;
    g_clear_pointer(&rig->internal_error, g_free);
}

const RigAccess *rig_access(Rig *rig, guint i)
{
    g_assert_cmpuint(i, <, rig->accesses->len);
    return &g_array_index(rig->accesses, RigAccess, i);
}
