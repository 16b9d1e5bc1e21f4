/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of a vCPU in software that memory needs, recording what is asked of
 * them.
 */
#include "config.h"
#include "tcg/system.h"
#include "tests/lib/tcg-standin-mmu.h"

#include <string.h>
#include <sys/mman.h>

#include "qmp/qapi-types-accel.h"
#include "tcg/ioeventfd.h"
#include "tcg/msr.h"
#include "tcg/timers.h"

static MmuRig *rig_of(const TcgState *s)
{
    return container_of(s->vcpu, MmuRig, vcpu);
}

static MmuRig *rig_of_accel(TcgAccel *tcg)
{
    return container_of(tcg, MmuRig, tcg);
}

_Noreturn void tcg_raise_error(TcgState *s, guint8 vector, guint32 error)
{
    MmuRig *rig = rig_of(s);

    rig->vector = vector;
    rig->error = error;
    longjmp(rig->raised, 1);
}

_Noreturn void tcg_raise_page(TcgState *s, guint64 address, guint32 error)
{
    rig_of(s)->address = address;
    tcg_raise_error(s, TCG_PF, error);
}

guint64 tcg_heavy(TcgState *s, guint64 (*f)(TcgState *s, void *argument), void *argument)
{
    return f(s, argument);
}

void tcg_code_written(TcgState *s, TcgPhysPage *page, guint64 gpa, guint size)
{
    MmuRigAccess access = { .gpa = gpa, .size = size, .is_write = true };

    g_array_append_val(rig_of(s)->code_written, access);
}

/* ---- The local APIC ---- */

guint64 tcg_apic_base(TcgVcpu *vcpu)
{
    return vcpu->apic.base;
}

void tcg_apic_set_base(TcgVcpu *vcpu, guint64 base)
{
    vcpu->apic.base = base;
}

bool tcg_apic_at(const TcgVcpu *vcpu, guint64 gpa)
{
    return vcpu->apic.base && (gpa & ~0xfffull) == (vcpu->apic.base & ~0xfffull);
}

void tcg_apic_access(TcgVcpu *vcpu, guint offset, void *data, guint size, bool is_write)
{
    rig_of(vcpu->state)->apic_accesses++;
    if (is_write && offset == 0x380) {
        memcpy(&vcpu->apic.initial_count, data, size);
    }
}

void tcg_apic_reset(TcgVcpu *vcpu, bool init)
{
    rig_of(vcpu->state)->apic_resets++;
}

guint8 tcg_apic_tpr(const TcgVcpu *vcpu)
{
    return vcpu->apic.tpr >> 4;
}

void tcg_apic_set_tpr(TcgVcpu *vcpu, guint8 cr8)
{
    vcpu->apic.tpr = cr8 << 4;
}

/* Only the deadline is written here. */
bool tcg_apic_msr(TcgVcpu *vcpu, guint32 msr, guint64 *value, bool is_write)
{
    g_assert_true(msr == 0x6e0 && is_write);
    vcpu->apic.tsc_deadline = *value;
    return true;
}

/* There is one register of memory types, and one of the platform. */
bool tcg_msr_peek(TcgState *s, guint32 number, guint64 *ret_value)
{
    *ret_value = rig_of(s)->mtrr_default;
    return number == 0x2ff;
}

bool tcg_msr_load(TcgState *s, guint32 number, guint64 value)
{
    if (number == 0x2ff) {
        rig_of(s)->mtrr_default = value;
    }
    return number == 0x2ff;
}

bool tcg_msr_is_constant(const TcgState *s, guint32 number)
{
    return number == 0xce;
}

/* Nothing counts. */
void tcg_apic_set_count(TcgVcpu *vcpu, guint32 count)
{
}

void tcg_msr_reset(TcgState *s)
{
    rig_of(s)->msr_resets++;
}

void tcg_segment_cached(TcgSegment *segment)
{
    segment->end_read = segment->end_write = (guint64)segment->limit + 1;
}

bool tcg_ioeventfd_hit(TcgAccel *tcg, bool pio, guint64 address, const void *data, guint size)
{
    return false;
}

/* ---- Other threads ---- */

void tcg_vcpus_hold(TcgAccel *tcg)
{
    MmuRig *rig = rig_of_accel(tcg);

    g_assert_false(rig->held);
    rig->held = true;
    rig->holds++;
}

void tcg_vcpus_release(TcgAccel *tcg)
{
    g_assert_true(rig_of_accel(tcg)->held);
    rig_of_accel(tcg)->held = false;
}

void tcg_vcpus_each(TcgAccel *tcg, void (*f)(TcgState *s, const void *argument),
                    const void *argument)
{
    g_assert_true(rig_of_accel(tcg)->held);
    for (guint i = 0; i < tcg->vcpus->len; i++) {
        f(((TcgVcpu *)g_ptr_array_index(tcg->vcpus, i))->state, argument);
    }
}

guint64 tcg_counters_now(TcgAccel *tcg)
{
    return tcg_host_tsc();
}

guint64 tcg_tsc_frequency(TcgAccel *tcg)
{
    return 1000000000;
}

void tcg_exclusive_begin(TcgState *s)
{
    s->exclusive = true;
    rig_of(s)->exclusives++;
}

void tcg_exclusive_end(TcgState *s)
{
    g_assert_true(s->exclusive);
    s->exclusive = false;
}

void tcg_cache_drop_page(TcgAccel *tcg, TcgPhysPage *page)
{
    MmuRig *rig = rig_of_accel(tcg);

    g_assert_true(rig->held);
    page->flags &= ~(guint32)TCG_PAGE_CODE;
    page->code = 0;
    g_ptr_array_add(rig->dropped_pages, page->page);
}

void tcg_cache_drop_range(TcgAccel *tcg, guint64 gpa, guint64 size)
{
    MmuRigAccess access = { .gpa = gpa, .size = size, .is_write = true };

    g_array_append_val(rig_of_accel(tcg)->dropped_ranges, access);
}

/* ---- Devices ---- */

static void mmio(void *opaque, guint64 gpa, void *data, guint size, bool is_write)
{
    MmuRig *rig = opaque;
    MmuRigAccess access = { .gpa = gpa, .size = size, .is_write = is_write };

    if (is_write) {
        memcpy(&access.value, data, size);
    } else {
        memcpy(data, &rig->mmio_value, size);
    }
    g_array_append_val(rig->mmio, access);
}

static const AccelHost host = { .mmio = mmio };

/* ---- The rig ---- */

static GArray *accesses(void)
{
    return g_array_new(FALSE, FALSE, sizeof(MmuRigAccess));
}

/* It takes the place of tcg-accel, whose own code is not linked. */
static const TypeInfo rig_type = { .schema = &qmp_class_tcg_accel, .size = sizeof(MmuRig) };

MmuRig *mmu_rig_new(gsize ram_size)
{
    static const TypeInfo *const types[] = { &rig_type, NULL };
    MmuRig *rig;

    object_register_types(types);
    rig = object_cast(object_new(&qmp_class_tcg_accel), &qmp_class_tcg_accel);
    rig->ram_size = ram_size;
    rig->ram = mmap(NULL, ram_size, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    g_assert_true(rig->ram != MAP_FAILED);
    rig->mmio = accesses();
    rig->code_written = accesses();
    rig->dropped_ranges = accesses();
    rig->dropped_pages = g_ptr_array_new();
    rig->tcg.accel.host = &host;
    rig->tcg.accel.host_opaque = rig;
    rig->tcg.memory = tcg_memory_new();
    rig->tcg.vcpus = g_ptr_array_new();
    rig->s = g_aligned_alloc0(1, sizeof(TcgState), 64);
    rig->vcpu = (TcgVcpu){ .tcg = &rig->tcg, .state = rig->s };
    g_ptr_array_add(rig->tcg.vcpus, &rig->vcpu);
    rig->s->vcpu = &rig->vcpu;
    rig->s->memory = rig->tcg.memory;
    rig->s->a20_mask = ~0ull;
    rig->s->phys_mask = (1ull << 40) - 1;
    rig->s->pages_1g = true;
    memset(rig->s->tlb_filled, 0xff, sizeof(rig->s->tlb_filled));
    tcg_tlb_flush(rig->s);
    return rig;
}

void mmu_rig_free(MmuRig *rig)
{
    tcg_memory_free(rig->tcg.memory);
    g_ptr_array_unref(rig->tcg.vcpus);
    g_ptr_array_unref(rig->dropped_pages);
    g_array_unref(rig->dropped_ranges);
    g_array_unref(rig->code_written);
    g_array_unref(rig->mmio);
    g_aligned_free(rig->s);
    munmap(rig->ram, rig->ram_size);
    object_unref(rig);
}

void mmu_rig_add(MmuRig *rig, guint64 gpa, gsize offset, guint64 size, guint32 flags)
{
    AccelSlot slot = { .gpa = gpa, .size = size, .hva = rig->ram + offset, .flags = flags };
    GError *error = NULL;

    tcg_slots_begin(&rig->tcg.accel);
    tcg_slot_add(&rig->tcg.accel, &slot);
    tcg_slots_commit(&rig->tcg.accel, &error);
    g_assert_no_error(error);
}

void mmu_rig_del(MmuRig *rig, guint64 gpa, guint64 size)
{
    AccelSlot slot = { .gpa = gpa, .size = size };
    GError *error = NULL;

    tcg_slots_begin(&rig->tcg.accel);
    tcg_slot_del(&rig->tcg.accel, &slot);
    tcg_slots_commit(&rig->tcg.accel, &error);
    g_assert_no_error(error);
}
