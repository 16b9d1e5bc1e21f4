/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See the header.  Built as the light files are: between loading the guest's vector registers
 * and saving them nothing here may use such registers.
 */
#include "tests/lib/tcg-standin-sys.h"

#include <setjmp.h>

#include "tcg/dispatch.h"
#include "tcg/ioeventfd.h"
#include "tcg/timers.h"

static Standin the_standin __attribute__((aligned(64)));
static jmp_buf back;

/* ---- fault.c ---- */

_Noreturn void tcg_raise(TcgState *s, guint8 vector)
{
    s->exception = (TcgException){ .vector = vector, .pending = true };
    longjmp(back, STANDIN_RAISED);
}

_Noreturn void tcg_raise_error(TcgState *s, guint8 vector, guint32 error)
{
    s->exception = (TcgException){ .vector = vector, .pending = true, .has_error = true,
                                   .error = error };
    longjmp(back, STANDIN_RAISED);
}

_Noreturn void tcg_raise_page(TcgState *s, guint64 address, guint32 error)
{
    s->exception = (TcgException){ .vector = TCG_PF, .pending = true, .has_error = true,
                                   .error = error, .address = address };
    longjmp(back, STANDIN_RAISED);
}

_Noreturn void tcg_resume(TcgState *s)
{
    longjmp(back, STANDIN_RESUMED);
}

guint64 tcg_heavy(TcgState *s, guint64 (*f)(TcgState *s, void *argument), void *argument)
{
    return f(s, argument);
}

guint64 tcg_thread_time(void)
{
    return 12345678;
}

guint64 tcg_tsc_frequency(TcgAccel *tcg)
{
    return STANDIN_TSC_HZ;
}

guint64 tcg_vcpu_yield(TcgState *s, void *argument)
{
    return 0;
}

void tcg_log_once(TcgState *s, const char *what, guint64 value)
{
    the_standin.logged++;
}

/* ---- mmu.c, slow.c, slots.c ---- */

static guint32 page_flags(guint64 linear)
{
    return linear / 4096 < STANDIN_PAGES ? the_standin.page[linear / 4096] : STANDIN_ABSENT;
}

static guint32 fault_of(guint64 linear, TcgAccess access)
{
    guint32 flags = page_flags(linear);
    guint32 error = (access & TCG_WRITE ? 2 : 0) | (tcg_cpl(&the_standin.s) == 3 ? 4 : 0);

    if (flags & STANDIN_ABSENT) {
        return error | 1u << 31;
    }
    return access & TCG_WRITE && flags & STANDIN_READONLY ? error | 1 | 1u << 31 : 0;
}

bool tcg_walk(TcgState *s, guint64 linear, TcgAccess access, TcgPage *ret_page)
{
    static TcgPhysPage any;     /* claimed for writes */
    guint32 flags = page_flags(linear);

    if (fault_of(linear, access)) {
        return false;
    }
    *ret_page = (TcgPage){ .gpa = linear, .phys = &any, .flags = flags & 7 };
    ret_page->page = flags & STANDIN_MMIO ? NULL : the_standin.ram + (linear & ~0xfffull);
    return true;
}

void tcg_check_store(TcgState *s, guint64 linear, guint size, TcgAccess access)
{
    for (guint i = 0; i < size; i++) {
        guint32 fault = fault_of(linear + i, access);

        if (fault) {
            tcg_raise_page(s, linear + i, fault & 31);
        }
    }
}

void tcg_load_bytes(TcgState *s, guint64 linear, void *ret_bytes, guint size, TcgAccess access)
{
    tcg_check_store(s, linear, size, access);
    for (guint i = 0; i < size; i++) {
        ((guint8 *)ret_bytes)[i] = the_standin.ram[linear + i];
    }
}

void tcg_store_bytes(TcgState *s, guint64 linear, const void *bytes, guint size, TcgAccess access)
{
    tcg_check_store(s, linear, size, access | TCG_WRITE);
    for (guint i = 0; i < size; i++) {
        the_standin.ram[linear + i] = ((const guint8 *)bytes)[i];
    }
    the_standin.stores++;
    if (the_standin.pending_after > 0 && --the_standin.pending_after == 0) {
        s->pending = 1;
    }
}

bool tcg_phys_write(TcgState *s, guint64 gpa, const void *bytes, guint size)
{
    memcpy(the_standin.ram + gpa, bytes, size);
    return false;
}

guint64 tcg_load(TcgState *s, guint64 linear, guint size, TcgAccess access)
{
    guint64 value = 0;

    tcg_load_bytes(s, linear, &value, size, access);
    return value;
}

void tcg_store(TcgState *s, guint64 linear, guint64 value, guint size, TcgAccess access)
{
    tcg_store_bytes(s, linear, &value, size, access);
}

void *tcg_access_begin(TcgState *s, guint64 linear, guint size, guint how)
{
    tcg_check_store(s, linear, size, how & TCG_ACCESS_WRITE ? TCG_WRITE : TCG_READ);
    return the_standin.ram + linear;
}

bool tcg_access_end(TcgState *s)
{
    return false;
}

void tcg_tlb_flush(TcgState *s)
{
    the_standin.flushes++;
}

void tcg_tlb_flush_local(TcgState *s)
{
    the_standin.flushes++;
}

void tcg_tlb_flush_page(TcgState *s, guint64 linear)
{
    the_standin.page_flushes++;
    the_standin.flushed_page = linear;
}

/* Looks at the lowest bit of each entry's second byte only. */
bool tcg_pdptes_valid(TcgState *s, guint64 cr3)
{
    guint8 any = 0;

    for (guint i = 0; i < 4; i++) {
        any |= the_standin.ram[cr3 + 8 * i + 1];
    }
    return !(any & 1);
}

/* ---- seg.c ---- */

guint64 tcg_linear(TcgState *s, guint segment, guint64 offset, guint size, TcgAccess access)
{
    const TcgSegment *seg = &s->segment[segment];
    guint8 vector = segment == TCG_SS ? TCG_SS_FAULT : TCG_GP;

    if (tcg_is_64bit(s)) {
        offset += segment == TCG_FS || segment == TCG_GS ? seg->base : 0;
        if ((guint64)((gint64)(offset << 16) >> 16) != offset) {
            tcg_raise_error(s, vector, 0);
        }
        return offset;
    }
    if (offset + size - 1 > seg->limit || seg->unusable) {
        tcg_raise_error(s, vector, 0);
    }
    return (guint32)(seg->base + offset);
}

void tcg_segment_cached(TcgSegment *segment)
{
    segment->end_read = segment->end_write = (guint64)segment->limit + 1;
}

/* ---- apic.c ---- */

guint8 tcg_apic_tpr(const TcgVcpu *vcpu)
{
    return the_standin.tpr;
}

void tcg_apic_set_tpr(TcgVcpu *vcpu, guint8 cr8)
{
    the_standin.tpr = cr8;
}

bool tcg_apic_msr(TcgVcpu *vcpu, guint32 msr, guint64 *value, bool is_write)
{
    guint64 *mine = &the_standin.apic_msr[msr == 0x1b ? 0 : msr == 0x6e0 ? 1 : 2];

    if (msr == 0x8ff) {
        return false;
    }
    if (is_write) {
        *mine = *value;
    } else {
        *value = *mine;
    }
    return true;
}

bool tcg_apic_is_x2apic(const TcgVcpu *vcpu)
{
    return the_standin.x2apic;
}

void tcg_apic_access(TcgVcpu *vcpu, guint offset, void *data, guint size, bool is_write)
{
    guint32 *mine = &the_standin.apic_page[offset / 16];

    if (is_write) {
        memcpy(mine, data, size);
        the_standin.apic_written[0] = the_standin.apic_written[1];
        the_standin.apic_written[1] = offset;
    } else {
        memcpy(data, mine, size);
    }
}

/* ---- vcpu.c ---- */

guint64 tcg_vcpu_ask_reset(TcgState *s, void *argument)
{
    the_standin.resets++;
    return 0;
}

guint64 tcg_vcpu_panic(TcgState *s, void *argument)
{
    the_standin.panics++;
    memcpy(the_standin.crash, argument, sizeof(the_standin.crash));
    return 0;
}

/* ---- The machine's ports ---- */

static void pio(void *opaque, guint16 port, void *data, guint size, guint count, bool is_write)
{
    Standin *t = opaque;
    guint8 *bytes = data;

    t->pio_port = port;
    t->pio_calls++;
    for (guint i = 0; i < size * count && t->n_pio < STANDIN_PIO; i++, t->n_pio++) {
        if (is_write) {
            t->pio[t->n_pio] = bytes[i];
        } else {
            bytes[i] = t->pio[t->n_pio];
        }
    }
}

bool tcg_ioeventfd_hit(TcgAccel *tcg, bool pio, guint64 address, const void *data, guint size)
{
    return false;
}

static const AccelHost host = { .pio = pio };

/* ---- The state ---- */

static void set_segment(TcgState *s, guint segment, guint32 attributes, guint32 limit)
{
    s->segment[segment] = (TcgSegment){ .limit = limit, .selector = 8 * segment,
                                        .attributes = attributes | SEG_S | SEG_P | SEG_G };
    tcg_segment_cached(&s->segment[segment]);
}

static void set_segments(TcgState *s, guint32 code_bits, guint32 limit)
{
    for (guint i = 0; i < TCG_N_SEGMENTS; i++) {
        set_segment(s, i, SEG_RW | SEG_ACCESSED | (i == TCG_CS ? SEG_CODE | code_bits : SEG_DB),
                    limit);
    }
    tcg_mode_update(s);
}

void standin_set_real(Standin *t)
{
    t->s.cr0 = CR0_ET;
    t->s.efer = 0;
    set_segments(&t->s, 0, 0xffff);
}

void standin_set_protected(Standin *t, guint bits)
{
    t->s.cr0 = CR0_ET | CR0_PE;
    t->s.efer = 0;
    set_segments(&t->s, bits == 32 ? SEG_DB : 0, 0xffffffff);
}

void standin_set_cpl(Standin *t, guint cpl)
{
    TcgSegment *ss = &t->s.segment[TCG_SS];

    ss->attributes = (ss->attributes & ~(guint32)SEG_DPL) | cpl << SEG_DPL_SHIFT;
    tcg_mode_update(&t->s);
}

CpuidLeaf *standin_leaf(Standin *t, guint32 leaf, guint32 subleaf)
{
    for (guint i = 0; i < t->cpuid.len; i++) {
        if (t->leaves[i].leaf == leaf && t->leaves[i].subleaf == subleaf) {
            return &t->leaves[i];
        }
    }
    return NULL;
}

static void add_leaf(Standin *t, guint32 leaf, guint32 subleaf, bool has_subleaf)
{
    t->leaves[t->cpuid.len++] = (CpuidLeaf){ .leaf = leaf, .subleaf = subleaf,
                                             .has_subleaf = has_subleaf, .eax = ~0u, .ebx = ~0u,
                                             .ecx = ~0u, .edx = ~0u };
}

static void set_cpuid(Standin *t)
{
    t->cpuid.data = (gchar *)(void *)t->leaves;
    add_leaf(t, 0, 0, false);
    t->leaves[0] = (CpuidLeaf){ .eax = 0xd, .ebx = 0x756e6547, .ecx = 0x6c65746e,
                                .edx = 0x49656e69 };
    add_leaf(t, 1, 0, false);
    add_leaf(t, 7, 0, true);
    add_leaf(t, 0xb, 0, true);
    add_leaf(t, 0xd, 0, true);
    t->leaves[4].eax = 7;
    t->leaves[4].edx = 0;
    add_leaf(t, 0xd, 1, true);
    add_leaf(t, 0xd, 2, true);
    t->leaves[6].eax = 256;
    t->leaves[6].ebx = 576;
    add_leaf(t, 0x80000000, 0, false);
    t->leaves[7].eax = 0x80000008;
    add_leaf(t, 0x80000001, 0, false);
    add_leaf(t, 0x80000008, 0, false);
    add_leaf(t, 0x15, 0, false);
    add_leaf(t, 0x16, 0, false);
    t->cpu.cpuid = &t->cpuid;
}

/* Control words as after RESET; no component in use. */
static void set_vectors(Standin *t)
{
    t->vectors[0] = 0x7f;
    t->vectors[1] = 0x03;
    t->vectors[24] = 0x80;
    t->vectors[25] = 0x1f;
}

Standin *standin_new(void)
{
    Standin *t = &the_standin;

    for (gsize i = 0; i < sizeof(*t); i++) {
        ((volatile guint8 *)t)[i] = 0;
    }
    t->s.vcpu = &t->vcpu;
    t->vcpu.tcg = &t->accel;
    t->vcpu.cpu = &t->cpu;
    t->vcpu.apic.base = 0xfee00900;
    t->accel.accel.host = &host;
    t->accel.accel.host_opaque = t;
    set_cpuid(t);
    set_vectors(t);
    t->s.phys_mask = (1ull << 40) - 1;
    t->s.a20_mask = ~0ull;
    t->s.cr0 = CR0_ET | CR0_PE | CR0_PG | CR0_NE | CR0_MP;
    t->s.cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXSAVE;
    t->s.efer = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE;
    t->s.xcr0 = 7;
    t->s.dr[6] = 0xffff0ff0;
    t->s.dr[7] = 0x400;
    t->s.eflags = EFLAGS_FIXED;
    set_segments(&t->s, SEG_L, 0xffffffff);
    for (guint i = 0; i < TCG_N_TLBS * TCG_TLB_SIZE; i++) {
        TcgTlbEntry *entry = &t->s.tlb[i / TCG_TLB_SIZE][i % TCG_TLB_SIZE];

        entry->tag_read = entry->tag_write = i % TCG_TLB_SIZE == 0 ? 0x1000 : 0;
    }
    return t;
}

/* ---- Running ---- */

static void swap_in(const guint8 *image)
{
    __asm__ volatile("xrstor64 (%0)" : : "r"(image), "a"(7), "d"(0) : "memory");
}

static void swap_out(guint8 *image)
{
    for (guint i = 512; i < 576; i++) {
        image[i] = 0;
    }
    __asm__ volatile("xsave64 (%0)" : : "r"(image), "a"(7), "d"(0) : "memory");
}

guint standin_run(Standin *t, TcgHelper helper, const TcgInsn *insn)
{
    static guint8 hosts[STANDIN_VECTORS] __attribute__((aligned(64)));
    guint volatile result;

    t->s.exception = (TcgException){ .pending = false };
    swap_out(hosts);
    swap_in(t->vectors);
    result = setjmp(back);
    if (result == 0) {
        result = helper(&t->s, insn);
    }
    swap_out(t->vectors);
    swap_in(hosts);
    return result;
}

guint standin_fault(Standin *t, TcgHelper helper, const TcgInsn *insn)
{
    if (standin_run(t, helper, insn) != STANDIN_RAISED) {
        return ~0u;
    }
    return FAULT((guint)t->s.exception.vector, t->s.exception.error);
}

/* ---- Model-specific registers ---- */

static const TcgInsn plain = { .length = 2, .rip = 0x1000 };

guint standin_wrmsr(Standin *t, guint32 number, guint64 value)
{
    t->s.gpr[TCG_RCX] = number;
    t->s.gpr[TCG_RAX] = (guint32)value;
    t->s.gpr[TCG_RDX] = value >> 32;
    return standin_run(t, tcg_op_wrmsr, &plain) == STANDIN_RAISED
        ? FAULT((guint)t->s.exception.vector, t->s.exception.error) : 0;
}

guint64 standin_rdmsr(Standin *t, guint32 number)
{
    t->s.gpr[TCG_RCX] = number;
    if (standin_run(t, tcg_op_rdmsr, &plain) == STANDIN_RAISED) {
        g_assert_true(t->s.exception.vector == TCG_GP);
        return ~0ull;
    }
    g_assert_true((t->s.gpr[TCG_RAX] | t->s.gpr[TCG_RDX]) >> 32 == 0);
    return t->s.gpr[TCG_RAX] | t->s.gpr[TCG_RDX] << 32;
}
