/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Running, pausing, resetting and ending vCPUs.
 */
#include "config.h"
#include "tests/unit/kvm-rig.h"

#include <string.h>

#include "qmp/error.h"
#include "qmp/qapi-types-cpu-models.h"
#include "qmp/visit.h"
#include "qom/device.h"
#include "qom/qapi-objects-cpu.h"

/* A guest that exits all the time: out 0x80, al; jmp back. */
#define EXITS_FOR_EVER 0xe6, 0x80, 0xeb, 0xfc
/* One that never does: jmp to itself. */
#define SPINS_FOR_EVER 0xeb, 0xfe
#define HALTS_FOR_EVER 0xf4, 0xeb, 0xfd
#define END 0xe6, RIG_DONE, 0xf4, 0xeb, 0xfd

static bool has_exited(Rig *rig)
{
    return rig->n_accesses > 0;
}

/* Each resume lets the guest go on, each pause stops it: no exit comes while
 * the machine is paused, and one comes after each resume. */
static void test_pause_while_exiting(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);

    RIG_LOAD(rig, RIG_CODE, EXITS_FOR_EVER);
    for (guint i = 0; i < 2000; i++) {
        rig_clear(rig);
        rig_resume(rig);
        if (i % 2) {
            rig_wait(rig, has_exited);
        }
        rig_pause(rig);
        rig_clear(rig);
        g_mutex_unlock(&rig->lock);
        g_thread_yield();
        g_mutex_lock(&rig->lock);
        g_assert_cmpuint(rig->n_accesses, ==, 0);
    }
}

/* The same for guests that only a signal gets out of KVM_RUN. */
static void pause_often(Rig *rig)
{
    for (guint i = 0; i < 300; i++) {
        rig_resume(rig);
        if (i % 3 == 0) {
            g_mutex_unlock(&rig->lock);
            g_thread_yield();
            g_mutex_lock(&rig->lock);
        }
        rig_pause(rig);
    }
}

static void test_pause_while_spinning(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    X86CpuState state;

    RIG_LOAD(rig, RIG_CODE, SPINS_FOR_EVER);
    pause_often(rig);
    g_assert_true(rig->ops->vcpu_get(rig->accel, rig->cpu, &state, NULL));
    g_assert_cmphex(state.rip, ==, RIG_CODE);
}

static void test_pause_while_halted(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);

    RIG_LOAD(rig, RIG_CODE, HALTS_FOR_EVER);
    pause_often(rig);
}

/* Without local APIC HLT is an exit, which sleeps here. */
static void test_pause_while_halted_without_apic(void)
{
    g_autoptr(Rig) rig = rig_new("off");

    RIG_LOAD(rig, RIG_CODE, 0xe6, 0x80, HALTS_FOR_EVER);
    rig_resume(rig);
    rig_wait(rig, has_exited);
    rig_pause(rig);
    pause_often(rig);
}

static bool has_exited_seven_times(Rig *rig)
{
    return rig->n_accesses >= 7;
}

/*
 * A pause in the middle of `in al, 0x80` first lets the instruction end: state
 * is always that of an instruction boundary, and what is set then stays, rather
 * than being overwritten by what the exit still had to do.
 */
static void test_pause_completes_the_exit(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    X86CpuState state;

    rig->read_value = 0x22;
    RIG_LOAD(rig, RIG_CODE, 0xb0, 0x11, 0xe4, 0x80, 0xeb, 0xfa); /* mov al, 0x11; in; jmp */
    RIG_LOAD(rig, RIG_HANDLER, 0xe7, 0x81, END);                 /* out 0x81, ax */
    for (guint i = 0; i < 200; i++) {
        rig_state_real(&state);
        rig_set_state(rig, &state);
        rig_clear(rig);
        rig_resume(rig);
        rig_wait(rig, has_exited_seven_times);
        rig_pause(rig);
        g_assert_true(rig->ops->vcpu_get(rig->accel, rig->cpu, &state, NULL));
        g_assert_cmphex(state.gpr[X86_RAX] & 0xff, ==, state.rip == RIG_CODE + 2 ? 0x11 : 0x22);

        state.gpr[X86_RAX] = 0x3344;
        state.rip = RIG_HANDLER;
        rig_set_state(rig, &state);
        rig_clear(rig);
        rig_run(rig);
        g_assert_cmphex(rig_access(rig, 0)->address, ==, 0x81);
        g_assert_cmpmem(rig_access(rig, 0)->data, 2, "\x44\x33", 2);
    }
}

/* Registers come back as they were set. */
static void test_state(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    X86CpuState set, got;

    rig_state_long(rig, &set);
    for (guint i = 0; i < 16; i++) {
        set.gpr[i] = 0x0101010101010101 * (i + 1);
    }
    set.cr2 = 0xdeadbeef000;
    set.gdt = (X86Table){ .base = 0x5000, .limit = 0x27 };
    set.idt = (X86Table){ .base = 0x6000, .limit = 0xfff };
    rig_set_state(rig, &set);
    g_assert_true(rig->ops->vcpu_get(rig->accel, rig->cpu, &got, NULL));
    g_assert_cmpmem(got.gpr, sizeof(got.gpr), set.gpr, sizeof(set.gpr));
    g_assert_cmphex(got.rip, ==, set.rip);
    g_assert_cmphex(got.cr0, ==, set.cr0);
    g_assert_cmphex(got.cr2, ==, set.cr2);
    g_assert_cmphex(got.cr3, ==, set.cr3);
    g_assert_cmphex(got.cr4, ==, set.cr4);
    g_assert_cmphex(got.efer, ==, set.efer);
    g_assert_cmphex(got.gdt.base, ==, 0x5000);
    g_assert_cmphex(got.idt.limit, ==, 0xfff);
    g_assert_cmphex(got.segment[X86_SS].selector, ==, 16);
    g_assert_true(got.segment[X86_CS].l);
    g_assert_false(got.halted);
}

/* So do the FPU, MSRs, debug registers and the local APIC, of which a reset leaves nothing. */
static void test_extra_state(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    X86CpuState set, got, real;
    guint64 before;

    RIG_LOAD(rig, RIG_CODE, END);
    g_assert_true(rig->ops->vcpu_get(rig->accel, rig->cpu, &set, NULL));
    g_assert_cmphex(set.xcr0, ==, 1);
    g_assert_cmphex(set.dr[7], ==, 0x400);
    set.msrs.lstar = 0xffffffff81000000;
    set.msrs.pat = 0x0606060606060606;
    set.pv_clock = G_GUINT64_CONSTANT(1000000000000000);
    set.dr[2] = 0x1234;
    g_assert_true(set.has_tsc);
    before = set.tsc;
    set.tsc = G_GUINT64_CONSTANT(0x123456789abc);
    memset(set.xsave + 160, 0x5a, 16);                  /* XMM0 */
    set.xsave[512] |= 2;
    set.events.nmi_masked = true;
    set.lapic[0x0f] = 0x1ff;                            /* SVR */
    g_assert_true(rig->ops->vcpu_set(rig->accel, rig->cpu, &set, NULL));
    g_assert_true(rig->ops->vcpu_get(rig->accel, rig->cpu, &got, NULL));
    g_assert_cmpmem(&got.msrs, sizeof(got.msrs), &set.msrs, sizeof(set.msrs));
    g_assert_cmpuint(got.n_more_msrs, ==, set.n_more_msrs);
    for (guint i = 0; i < set.n_more_msrs; i++) {
        g_assert_cmphex(got.more_msrs[i].index, ==, set.more_msrs[i].index);
        g_assert_cmphex(got.more_msrs[i].value, ==, set.more_msrs[i].value);
    }
    g_assert_cmpint(got.has_pv_clock, ==, set.has_pv_clock);
    if (set.has_pv_clock) {
        g_assert_cmpuint(got.pv_clock - set.pv_clock, <, 1000000000000);
    }
    /* A KVM without hardware behind it has its guests read the host's counter. */
    g_assert_true(got.tsc - set.tsc < G_GUINT64_CONSTANT(1) << 40 ||
                  got.tsc - before < G_GUINT64_CONSTANT(1) << 40);
    g_assert_cmpmem(got.dr, sizeof(got.dr), set.dr, sizeof(set.dr));
    g_assert_cmpmem(got.xsave + 160, 16, set.xsave + 160, 16);
    g_assert_true(got.events.nmi_masked && got.has_lapic);
    g_assert_cmphex(got.lapic[0x0f], ==, 0x1ff);
    rig_run(rig);
    rig_state_real(&real);
    g_assert_true(rig->ops->vcpu_reset(rig->accel, rig->cpu, &real, NULL));
    g_assert_true(rig->ops->vcpu_get(rig->accel, rig->cpu, &got, NULL));
    g_assert_cmphex(got.msrs.lstar, ==, 0);
    g_assert_cmphex(got.msrs.pat, ==, 0x0007040600070406);
    g_assert_cmphex(got.dr[2], ==, 0);
    g_assert_cmphex(got.lapic[0x0f], ==, 0xff);
    g_assert_false(got.events.nmi_masked);
}

enum { MOVED_FLAG = 0x3000, MOVED_RESULTS = 0x3010 };

/* A guest goes on in another VM with what it had in registers. */
static void test_moved(void)
{
    g_autoptr(Rig) first = rig_new(NULL), second = rig_new(NULL);
    g_autoptr(GByteArray) state = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    RIG_LOAD(first, RIG_CODE,
             0xbb, 0x34, 0x12, 0xb9, 0x78, 0x56,        /* mov bx, 0x1234; mov cx, 0x5678 */
             0xfd, 0xe6, RIG_DONE,                      /* std; out DONE, al */
             0x80, 0x3e, 0x00, 0x30, 0x00, 0x74, 0xf9,  /* spin: cmp byte [FLAG], 0; je spin */
             0x89, 0x1e, 0x10, 0x30,                    /* mov [RESULTS], bx */
             0x89, 0x0e, 0x12, 0x30,                    /* mov [RESULTS + 2], cx */
             0x9c, 0x8f, 0x06, 0x14, 0x30,              /* pushf; pop word [RESULTS + 4] */
             END);
    rig_run(first);
    device_save(&first->cpu->device, state, &error);
    g_assert_no_error(error);
    memcpy(second->ram, first->ram, RIG_RAM_SIZE);
    device_load(&second->cpu->device, state->data, state->len, &error);
    g_assert_no_error(error);
    second->ram[MOVED_FLAG] = 1;
    rig_run(second);
    g_assert_cmpmem(second->ram + MOVED_RESULTS, 4, "\x34\x12\x78\x56", 4);
    g_assert_cmphex(second->ram[MOVED_RESULTS + 5] & 0x04, ==, 0x04);     /* DF */
}

/* All of it (here an MSR) is back at its power-on value after a reset. */
static void test_reset(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    X86CpuState state;

    RIG_LOAD(rig, RIG_CODE,
             0x66, 0xb9, 0x77, 0x02, 0x00, 0x00,        /* mov ecx, 0x277 (IA32_PAT) */
             0x0f, 0x32,                                /* rdmsr */
             0x66, 0xa3, 0x00, 0x30,                    /* mov [0x3000], eax */
             0x66, 0xb8, 0x06, 0x06, 0x06, 0x06,        /* mov eax, 0x06060606 */
             0x0f, 0x30,                                /* wrmsr */
             END);
    rig_run(rig);
    g_assert_cmpmem(rig->ram + 0x3000, 4, "\x06\x04\x07\x00", 4);
    g_assert_true(rig->ops->vcpu_get(rig->accel, rig->cpu, &state, NULL));
    state.rip = RIG_CODE;
    state.halted = false;
    rig_set_state(rig, &state);
    rig_run(rig);
    g_assert_cmpmem(rig->ram + 0x3000, 4, "\x06\x06\x06\x06", 4);
    rig_state_real(&state);
    g_assert_true(rig->ops->vcpu_reset(rig->accel, rig->cpu, &state, NULL));
    rig_run(rig);
    g_assert_cmpmem(rig->ram + 0x3000, 4, "\x06\x04\x07\x00", 4);
}

/* A CPU that comes again, in the vCPU that the VM has kept, is a fresh one. */
static void test_cpu_again(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    X86CpuState state;

    RIG_LOAD(rig, RIG_CODE,
             0x66, 0xb9, 0x77, 0x02, 0x00, 0x00,        /* mov ecx, 0x277 (IA32_PAT) */
             0x0f, 0x32,                                /* rdmsr */
             0x66, 0xa3, 0x00, 0x30,                    /* mov [0x3000], eax */
             0x66, 0xb8, 0x06, 0x06, 0x06, 0x06,        /* mov eax, 0x06060606 */
             0x0f, 0x30,                                /* wrmsr */
             END);
    for (guint i = 0; i < 3; i++) {
        rig_run(rig);
        g_assert_cmpmem(rig->ram + 0x3000, 4, "\x06\x04\x07\x00", 4);
        device_unmake(&rig->cpu->device);
        rig->cpu = rig_make_cpu(rig);
        g_assert_true(rig->ops->vcpu_get(rig->accel, rig->cpu, &state, NULL));
        g_assert_cmphex(state.rip, ==, 0xfff0);
        rig_state_real(&state);
        rig_set_state(rig, &state);
    }
}

/* The state that a reset loads is the one that the board left in the CPU. */
static void test_reset_through_device(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    X86CpuState state;

    rig_state_real(&rig->cpu->reset_state);
    rig->cpu->reset_state.gpr[X86_RBX] = 0x1234;
    device_reset_tree(&rig->cpu->device.object);
    g_assert_true(rig->ops->vcpu_get(rig->accel, rig->cpu, &state, NULL));
    g_assert_cmphex(state.gpr[X86_RBX], ==, 0x1234);
    g_assert_cmphex(state.rip, ==, RIG_CODE);
}

/* The CPU goes while its guest runs, in each place where its thread can be. */
static void destroy_while(const guint8 *code, gsize size, bool wait)
{
    g_autoptr(Rig) rig = rig_new(NULL);

    rig_load(rig, RIG_CODE, code, size);
    rig_resume(rig);
    if (wait) {
        rig_wait(rig, has_exited);
    }
    device_unmake(&rig->cpu->device);
    rig->cpu = NULL;
}

static void test_destroy_while_running(void)
{
    static const guint8 exits[] = { EXITS_FOR_EVER };
    static const guint8 spins[] = { 0xe6, 0x80, SPINS_FOR_EVER };
    static const guint8 halts[] = { 0xe6, 0x80, HALTS_FOR_EVER };

    for (guint i = 0; i < 10; i++) {
        destroy_while(exits, sizeof(exits), i % 2);
        destroy_while(spins, sizeof(spins), i % 2);
        destroy_while(halts, sizeof(halts), i % 2);
    }
}

/* A second CPU waits in the kernel for its start by the first one. */
static void test_second_cpu(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    Cpu *second = rig_make_cpu(rig);
    X86CpuState state;

    g_assert_cmpuint(second->index, ==, 1);
    g_assert_cmpuint(second->apic_id, ==, 1);
    g_assert_cmpint(second->thread_id, !=, rig->cpu->thread_id);
    device_reset_tree(&second->device.object);
    RIG_LOAD(rig, RIG_CODE, EXITS_FOR_EVER);
    pause_often(rig);
    g_assert_true(rig->ops->vcpu_get(rig->accel, second, &state, NULL));
    g_assert_true(state.wait_for_sipi);
    rig_resume(rig);
    device_unmake(&second->device);
    rig_clear(rig);
    rig_wait(rig, has_exited);
    rig_pause(rig);
}

/* A guest that sends INIT, then SIPI, to the CPU with APIC id 1 when a read of port 0x80 says so: it
 * is the low half of the command register for the latter. */
#define STARTS_SECOND \
    0xe5, 0x80,                                        /* in eax, 0x80 */ \
    0x85, 0xc0,                                        /* test eax, eax */ \
    0x74, 0xfa,                                        /* jz, back to the beginning */ \
    0xbf, 0x00, 0x03, 0xe0, 0xfe,                      /* mov edi, 0xfee00300 */ \
    0xc7, 0x47, 0x10, 0x00, 0x00, 0x00, 0x01,          /* mov dword [rdi + 0x10], 1 << 24 */ \
    0xc7, 0x07, 0x00, 0x45, 0x00, 0x00,                /* mov dword [rdi], 0x4500 */ \
    0x89, 0x07,                                        /* mov [rdi], eax */ \
    0xe7, 0x81,                                        /* out 0x81, eax */ \
    0xeb, 0xe2                                         /* jmp, back to the beginning */

static void take_back_request(Rig *rig, const RigAccess *access)
{
    if (access->pio && access->address == 0x81) {
        rig->read_value = 0;
    }
}

static bool has_started_second(Rig *rig)
{
    return rig->read_value == 0;
}

static void start_second(Rig *rig, guint8 page)
{
    rig->read_value = 0x4600 | page;
    rig_wait(rig, has_started_second);
}

/* A CPU comes, goes and comes while the first one runs.  What the guest sends to its id meanwhile
 * does not start it. */
static void test_cpu_comes_and_goes(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    X86CpuState state;
    Cpu *second;

    rig->on_access = take_back_request;
    rig_state_long(rig, &state);
    rig_set_state(rig, &state);
    RIG_LOAD(rig, RIG_CODE, STARTS_SECOND);
    RIG_LOAD(rig, RIG_HANDLER, END);
    RIG_LOAD(rig, 0x3000, 0x2e, 0xc6, 0x06, 0x10, 0x00, 0x01,          /* mov byte cs:[0x10], 1 */
             HALTS_FOR_EVER);
    rig_resume(rig);
    for (guint i = 0; i < 3; i++) {
        rig_pause(rig);
        second = rig_make_cpu(rig);
        device_reset_tree(&second->device.object);
        rig_resume(rig);
        rig_clear(rig);
        rig_wait(rig, has_exited_seven_times);
        rig_pause(rig);
        g_assert_true(rig->ops->vcpu_get(rig->accel, second, &state, NULL));
        g_assert_true(state.wait_for_sipi);
        g_assert_cmphex(rig->ram[0x3010], ==, 0);
        rig_resume(rig);
        start_second(rig, RIG_HANDLER >> 12);
        rig_wait(rig, rig_is_done);
        device_unmake(&second->device);
        start_second(rig, 3);
    }
    rig_pause(rig);
}

/* In x2APIC mode, an id above 255 is elsewhere in the kernel's state; in ours it never is. */
static void test_wide_id(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    Cpu *wide = rig_make_cpu_with_id(rig, 0x152);
    Cpu *const cpus[] = { rig->cpu, wide };
    X86CpuState state, reset;

    for (guint i = 0; i < G_N_ELEMENTS(cpus); i++) {
        for (guint round = 0; round < 2; round++) {
            g_assert_true(rig->ops->vcpu_get(rig->accel, cpus[i], &state, NULL));
            g_assert_cmphex(state.apic_base >> 10 & 3, ==, round == 0 ? 2 : 3);
            g_assert_cmphex(state.lapic[2], ==, (cpus[i]->apic_id & 0xff) << 24);
            state.apic_base |= 3 << 10;                 /* x2APIC mode */
            g_assert_true(rig->ops->vcpu_set(rig->accel, cpus[i], &state, NULL));
        }
        x86_state_reset(&reset, i == 0);
        g_assert_true(rig->ops->vcpu_reset(rig->accel, cpus[i], &reset, NULL));
        g_assert_true(rig->ops->vcpu_get(rig->accel, cpus[i], &state, NULL));
        g_assert_cmphex(state.apic_base >> 10 & 3, ==, 2);
        g_assert_cmphex(state.lapic[2], ==, (cpus[i]->apic_id & 0xff) << 24);
    }
    device_unmake(&wide->device);
}

/* Two CPUs that both exit all the time, each with a stack of its own. */
static void test_two_cpus_run(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    Cpu *second = rig_make_cpu(rig);
    X86CpuState state;

    rig_state_real(&state);
    state.rip = RIG_HANDLER;
    state.apic_base &= ~(guint64)0x100;
    g_assert_true(rig->ops->vcpu_set(rig->accel, second, &state, NULL));
    RIG_LOAD(rig, RIG_CODE, EXITS_FOR_EVER);
    RIG_LOAD(rig, RIG_HANDLER, 0xe6, 0x81, 0xeb, 0xfc);
    for (guint i = 0; i < 200; i++) {
        rig_clear(rig);
        rig_resume(rig);
        rig_wait(rig, has_exited_seven_times);
        rig_pause(rig);
        rig_clear(rig);
        g_mutex_unlock(&rig->lock);
        g_thread_yield();
        g_mutex_lock(&rig->lock);
        g_assert_cmpuint(rig->n_accesses, ==, 0);
    }
    device_unmake(&second->device);
}

static void test_thread(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    g_autofree char *path = g_strdup_printf("/proc/self/task/%d/comm", rig->cpu->thread_id);
    g_autofree char *name = NULL;

    g_assert_true(g_file_get_contents(path, &name, NULL, NULL));
    g_assert_cmpstr(name, ==, "CPU 0/KVM\n");
}

/* `host` on this host: features and name are KVM's and the processor's. */
static void test_host_model(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    guint32 regs[4];
    Device *dev;
    const X8664CpuProps *props;

    device_unmake(&g_steal_pointer(&rig->cpu)->device);         /* a machine has one class */
    dev = device_make(object_container(rig->root, "machine"), "host", &qmp_class_host_x86_64_cpu,
                      NULL, qmp_new_props(&qmp_class_host_x86_64_cpu), NULL, NULL);
    g_assert_nonnull(dev);
    props = x86_64_cpu_props(dev);
    rig->ops->cpuid_supported(rig->accel, 1, 0, regs);
    g_assert_true(props->fpu && props->hypervisor && props->x2apic && props->tsc_deadline);
    g_assert_true(props->sse2 == (regs[3] >> 26 & 1));
    g_assert_true(props->avx == (regs[2] >> 28 & 1));
    g_assert_cmpuint(props->unavailable_features.n, ==, 0);
    g_assert_cmpuint(strlen(props->vendor), ==, 12);
    g_assert_true(props->model_id && props->model_id[0]);
    g_assert_cmpuint(props->phys_bits, >=, 32);
    device_unmake(dev);
}

/* What cannot be opened says so and what to do, and leaves nothing behind. */
static void test_device_missing(void)
{
    g_autoptr(Object) root = object_root_new();
    g_autoptr(GError) error = NULL;

    g_assert_null(rig_accel_new(root, NULL, "/nonexistent/kvm", &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_NO_ACCELERATOR));
    g_assert_nonnull(strstr(error->message, "cannot open '/nonexistent/kvm'"));
    g_assert_nonnull(strstr(error->message, "load the module kvm_intel"));
}

static void test_device_wrong(void)
{
    g_autoptr(Object) root = object_root_new();
    g_autoptr(GError) error = NULL;

    g_assert_null(rig_accel_new(root, NULL, "/dev/null", &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_NO_ACCELERATOR));
    g_assert_nonnull(strstr(error->message, "not a KVM device"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (!rig_available()) {
        return 0;
    }
    g_test_add_func("/kvm/run/pause-while-exiting", test_pause_while_exiting);
    g_test_add_func("/kvm/run/pause-while-spinning", test_pause_while_spinning);
    g_test_add_func("/kvm/run/pause-while-halted", test_pause_while_halted);
    g_test_add_func("/kvm/run/pause-while-halted-without-apic",
                    test_pause_while_halted_without_apic);
    g_test_add_func("/kvm/run/pause-completes-the-exit", test_pause_completes_the_exit);
    g_test_add_func("/kvm/run/state", test_state);
    g_test_add_func("/kvm/run/extra-state", test_extra_state);
    g_test_add_func("/kvm/run/moved", test_moved);
    g_test_add_func("/kvm/run/reset", test_reset);
    g_test_add_func("/kvm/run/reset-through-device", test_reset_through_device);
    g_test_add_func("/kvm/run/cpu-again", test_cpu_again);
    g_test_add_func("/kvm/run/destroy-while-running", test_destroy_while_running);
    g_test_add_func("/kvm/run/second-cpu", test_second_cpu);
    g_test_add_func("/kvm/run/cpu-comes-and-goes", test_cpu_comes_and_goes);
    g_test_add_func("/kvm/run/wide-id", test_wide_id);
    g_test_add_func("/kvm/run/two-cpus-run", test_two_cpus_run);
    g_test_add_func("/kvm/run/thread", test_thread);
    g_test_add_func("/kvm/run/host-model", test_host_model);
    g_test_add_func("/kvm/device/missing", test_device_missing);
    g_test_add_func("/kvm/device/wrong", test_device_wrong);
    return g_test_run();
}
