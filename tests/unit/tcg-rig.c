/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rig of tcg-rig.h.
 */
#include "config.h"
#include "tests/unit/tcg-rig.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cpu/types.h"
#include "qmp/qapi-types-cpu-models.h"
#include "qmp/visit.h"
#include "qom/device.h"
#include "qom/qapi-objects-accel.h"
#include "qom/qapi-objects-cpu.h"
#include "tcg/types.h"

/* What ends a run that hangs: nothing of it is asserted. */
enum { HANG_SECONDS = 60 };

enum { GDT = TCG_RIG_TABLES, TSS = TCG_RIG_TABLES + 0x400, IDT = TCG_RIG_TABLES + 0x800,
       N_VECTORS = 0x20 };
/* Selectors. */
enum { CODE32 = 8, DATA = 0x10, USER_CODE32 = 0x1b, USER_DATA = 0x23, CODE64 = 0x28,
       USER_CODE64 = 0x33, TASK = 0x38, CODE16 = 0x48, DATA16 = 0x50 };
/* Vectors with an error code: SDM vol. 3A, table 6-1. */
enum { WITH_ERROR = 1 << 8 | 0x1f << 10 | 1 << 17 };

/* ---- The fake machine ---- */

static guint64 get_le(const TcgRig *rig, guint64 address, guint size)
{
    guint64 value = 0;

    if (address <= TCG_RIG_RAM - 8) {
        memcpy(&value, rig->ram + address, size);
    }
    return value;
}

static void put_le(TcgRig *rig, guint64 address, guint64 value, guint size)
{
    if (address <= TCG_RIG_RAM - 8) {
        memcpy(rig->ram + address, &value, size);
    }
}

static guint frame_word(const TcgState *s)
{
    if (s->efer & EFER_LMA) {
        return 8;
    }
    return s->cr0 & CR0_PE ? 4 : 2;
}

void tcg_rig_trace_event(TcgRig *rig, const TcgRigEvent *event)
{
    g_string_append_printf(rig->trace, "%u@%" G_GINT64_MODIFIER "x", event->vector, event->rip);
    if (WITH_ERROR >> event->vector & 1) {
        g_string_append_printf(rig->trace, "(%x)", event->error);
    }
    g_string_append_c(rig->trace, ' ');
}

static const TcgState *this_state(const TcgRig *rig)
{
    guint i = 0;

    while (((const TcgVcpu *)rig->cpus[i]->vcpu)->thread != g_thread_self()) {
        i++;
        g_assert_cmpuint(i, <, rig->n_cpus);
    }
    return ((const TcgVcpu *)rig->cpus[i]->vcpu)->state;
}

/* A handler has begun. */
static void take_event(TcgRig *rig)
{
    const TcgState *s = this_state(rig);
    guint word = frame_word(s);
    guint64 frame = s->gpr[TCG_RSP] + (word == 8 ? 0 : s->segment[TCG_SS].base);
    TcgRigEvent event = { .vector = (s->rip - TCG_RIG_HANDLERS) / 16 };

    if (WITH_ERROR >> (event.vector & 31) & 1 && word > 2) {
        event.error = get_le(rig, frame, 4);
        frame += word;
    }
    event.rip = get_le(rig, frame, word);
    event.flags = get_le(rig, frame + 2 * word, MIN(word, 4));
    rig->n_events++;
    if (rig->on_event) {
        rig->on_event(rig, &event);
    } else {
        tcg_rig_trace_event(rig, &event);
    }
    put_le(rig, frame, event.rip, word);
    put_le(rig, frame + 2 * word, event.flags, MIN(word, 4));
}

static void random_bytes(TcgRig *rig, guint8 *data, gsize size)
{
    for (gsize i = 0; i < size; i++) {
        data[i] = rig->random ? g_rand_int(rig->random) : 0;
    }
}

static bool has_ended(const TcgRig *rig)
{
    return rig->n_done >= rig->wanted || rig->n_resets || rig->internal_error ||
           (rig->max_events && rig->n_events >= rig->max_events);
}

static void device_written(TcgRig *rig)
{
    if (rig->on_device) {
        rig->on_device(rig);
    }
}

/* The CPU leaves its exit: it does nothing more until the next run. */
static void stop_if_ended(TcgRig *rig)
{
    if (has_ended(rig)) {
        rig->ops->vcpus_stop(rig->accel);
    }
}

static void host_pio(void *opaque, guint16 port, void *data, guint size, guint count,
                     bool is_write)
{
    TcgRig *rig = opaque;

    g_mutex_lock(&rig->lock);
    if (!is_write) {
        random_bytes(rig, data, (gsize)size * count);
    } else if (port == TCG_RIG_EVENT) {
        take_event(rig);
    } else if (port == TCG_RIG_TRACE) {
        g_string_append_c(rig->trace, *(const char *)data);
    } else if (port != TCG_RIG_DONE) {
        device_written(rig);
    }
    rig->n_done += port == TCG_RIG_DONE;
    stop_if_ended(rig);
    g_cond_broadcast(&rig->changed);
    g_mutex_unlock(&rig->lock);
}

static void host_mmio(void *opaque, guint64 gpa, void *data, guint size, bool is_write)
{
    TcgRig *rig = opaque;

    g_mutex_lock(&rig->lock);
    if (is_write) {
        device_written(rig);
    } else {
        random_bytes(rig, data, size);
    }
    stop_if_ended(rig);
    g_cond_broadcast(&rig->changed);
    g_mutex_unlock(&rig->lock);
}

static void host_lock(void *opaque)
{
    g_mutex_lock(&((TcgRig *)opaque)->lock);
}

static void host_unlock(void *opaque)
{
    g_mutex_unlock(&((TcgRig *)opaque)->lock);
}

static void host_request(void *opaque, AccelRequest request)
{
    TcgRig *rig = opaque;

    g_mutex_lock(&rig->lock);
    rig->n_resets++;
    g_cond_broadcast(&rig->changed);
    g_mutex_unlock(&rig->lock);
}

static void host_internal_error(void *opaque, Cpu *cpu, ShutdownDetail detail, const char *why)
{
    TcgRig *rig = opaque;

    g_mutex_lock(&rig->lock);
    g_free(rig->internal_error);
    rig->internal_error = g_strdup(why);
    g_cond_broadcast(&rig->changed);
    g_mutex_unlock(&rig->lock);
}

static int host_intack(void *opaque)
{
    TcgRig *rig = opaque;
    int vector;

    g_mutex_lock(&rig->lock);
    vector = rig->random ? g_rand_int_range(rig->random, 0, 256) : 0x1f;
    g_mutex_unlock(&rig->lock);
    rig->ops->set_extint(rig->accel, false);
    return vector;
}

static gint64 host_virtual_time(void *opaque)
{
    return __atomic_load_n(&((TcgRig *)opaque)->virtual_time, __ATOMIC_RELAXED);
}

static const AccelHost rig_host = {
    .pio = host_pio,
    .mmio = host_mmio,
    .lock = host_lock,
    .unlock = host_unlock,
    .request = host_request,
    .internal_error = host_internal_error,
    .intack = host_intack,
    .virtual_time = host_virtual_time,
};

/* ---- Making ---- */

static guint8 *map(gsize size)
{
    guint8 *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    g_assert_true(memory != MAP_FAILED);
    return memory;
}

static void add_memory(TcgRig *rig)
{
    AccelSlot ram = { .gpa = 0, .size = TCG_RIG_RAM, .hva = rig->ram };
    AccelSlot alias = { .gpa = TCG_RIG_ALIAS, .size = TCG_RIG_ALIAS_SIZE, .hva = rig->ram };
    AccelSlot rom = { .gpa = TCG_RIG_ROM, .size = TCG_RIG_ROM_SIZE, .hva = rig->rom,
                      .flags = ACCEL_SLOT_READONLY };
    g_autoptr(GError) error = NULL;

    rig->ops->slots_begin(rig->accel);
    rig->ops->slot_add(rig->accel, &ram);
    rig->ops->slot_add(rig->accel, &alias);
    rig->ops->slot_add(rig->accel, &rom);
    rig->ops->slots_commit(rig->accel, &error);
    g_assert_no_error(error);
}

static void add_cpu(TcgRig *rig)
{
    X8664CpuProps *props = qmp_new_props(&qmp_class_max_x86_64_cpu);
    g_autoptr(GError) error = NULL;
    Cpu *cpu;

    props->check = false;
    cpu = to_cpu(device_make(object_container(rig->root, "machine"), "cpu[*]",
                             &qmp_class_max_x86_64_cpu, NULL, props, NULL, &error));
    g_assert_no_error(error);
    rig->cpus[rig->n_cpus++] = cpu;
    rig->cpu = rig->cpus[0];
}

static void add_accel(TcgRig *rig, guint tb_size)
{
    TcgAccelProps *props = qmp_new_props(&qmp_class_tcg_accel);
    g_autoptr(GError) error = NULL;
    g_autoptr(Object) obj = NULL;

    props->tb_size = tb_size;
    obj = object_new_with_props(&qmp_class_tcg_accel, props, NULL);
    object_add_child(object_container(rig->root, "objects"), "accel", obj, NULL);
    object_make(obj, &error);
    g_assert_no_error(error);
    rig->accel = to_accel(obj);
}

TcgRig *tcg_rig_new_smp(guint n_cpus, guint tb_size)
{
    TcgRig *rig = g_new0(TcgRig, 1);

    object_register_types(qom_types);
    object_register_types(cpu_types);
    object_register_types(tcg_types);
    g_mutex_init(&rig->lock);
    g_cond_init(&rig->changed);
    rig->trace = g_string_new(NULL);
    rig->ram = map(TCG_RIG_RAM);
    rig->rom = map(TCG_RIG_ROM_SIZE);
    rig->root = object_root_new();
    add_accel(rig, tb_size);
    rig->ops = accel_ops(rig->accel);
    accel_set_host(rig->accel, &rig_host, rig);
    g_mutex_lock(&rig->lock);
    add_memory(rig);
    while (rig->n_cpus < n_cpus) {
        add_cpu(rig);
    }
    rig->wanted = n_cpus;
    return rig;
}

TcgRig *tcg_rig_new_sized(guint tb_size)
{
    return tcg_rig_new_smp(1, tb_size);
}

TcgRig *tcg_rig_new(void)
{
    return tcg_rig_new_sized(1);
}

void tcg_rig_free(TcgRig *rig)
{
    while (rig->n_cpus > 0) {
        device_unmake(&rig->cpus[--rig->n_cpus]->device);
    }
    accel_set_host(rig->accel, NULL, NULL);
    object_destroy(&rig->accel->object);
    object_unref(rig->root);
    g_mutex_unlock(&rig->lock);
    munmap(rig->ram, TCG_RIG_RAM);
    munmap(rig->rom, TCG_RIG_ROM_SIZE);
    g_string_free(rig->trace, TRUE);
    g_free(rig->internal_error);
    g_mutex_clear(&rig->lock);
    g_cond_clear(&rig->changed);
    g_free(rig);
}

/* ---- Tables ---- */

static void put_handler(TcgRig *rig, guint vector, guint word)
{
    guint8 code[16] = { 0xe6, TCG_RIG_EVENT };
    guint n = 2;

    if (WITH_ERROR >> vector & 1 && word > 2) {
        if (word == 8) {
            code[n++] = 0x48;
        }
        code[n++] = 0x83;       /* add rsp, word */
        code[n++] = 0xc4;
        code[n++] = word;
    }
    if (word == 8) {
        code[n++] = 0x48;
    }
    code[n] = 0xcf;             /* iret */
    memcpy(rig->ram + TCG_RIG_HANDLERS + 16 * vector, code, sizeof(code));
}

/* Interrupt gates, which INT n of ring 3 may use. */
static void put_gate(TcgRig *rig, guint vector, guint word)
{
    guint64 handler = TCG_RIG_HANDLERS + 16 * vector;

    if (word == 2) {
        put_le(rig, 4 * vector, handler, 4);
    } else if (word == 4) {
        put_le(rig, IDT + 8 * vector, handler | CODE32 << 16 | 0xee00ull << 32, 8);
    } else {
        put_le(rig, IDT + 16 * vector, handler | CODE64 << 16 | 0xee00ull << 32, 8);
        put_le(rig, IDT + 16 * vector + 8, 0, 8);
    }
}

static void put_descriptors(TcgRig *rig, bool wide)
{
    static const guint64 gdt[] = {
        0, 0xcf9b000000ffff, 0xcf93000000ffff, 0xcffb000000ffff, 0xcff3000000ffff,
        0xaf9b000000ffff, 0xaffb000000ffff, 0x8b0054000067, 0, 0x9b000000ffff,
        0x93000000ffff,
    };

    memcpy(rig->ram + GDT, gdt, sizeof(gdt));
    memset(rig->ram + TSS, 0, 104);
    put_le(rig, TSS + 4, TCG_RIG_KERNEL_STACK, 8);
    if (!wide) {
        put_le(rig, TSS + 8, DATA, 4);
    }
    put_le(rig, TSS + 102, 104, 2);
}

static void put_page_tables(TcgRig *rig, bool wide)
{
    const guint64 at = TCG_RIG_PAGE_TABLES;

    for (guint64 i = 0; i < 1024 && !wide; i++) {
        put_le(rig, at + 4 * i, i << 22 | 0x87, 4);
        put_le(rig, at + 0x1000 + 4 * i, i << 12 | 7, 4);
    }
    put_le(rig, at, wide ? (at + 0x2000) | 7 : (at + 0x1000) | 7, wide ? 8 : 4);
    put_le(rig, at + 0x2000, (at + 0x3000) | 7, 8);
    for (guint64 i = 0; i < 512 && wide; i++) {
        put_le(rig, at + 0x3000 + 8 * i, i << 21 | 0x87, 8);
        put_le(rig, at + 0x4000 + 8 * i, i << 12 | 7, 8);
    }
    if (wide) {
        put_le(rig, at + 0x3000, (at + 0x4000) | 7, 8);
    }
}

/* ---- Registers ---- */

static X86Segment segment(guint16 selector, bool code, guint bits)
{
    return (X86Segment){
        .selector = selector, .limit = bits == 16 ? 0xffff : 0xffffffff, .s = 1, .p = 1,
        .type = code ? 11 : 3, .dpl = selector & 3, .db = bits == 32, .g = bits > 16,
        .l = bits == 64,
    };
}

static void set_segments(X86CpuState *state, guint16 code, guint16 data, guint bits)
{
    for (guint i = 0; i < X86_N_SEGMENTS; i++) {
        state->segment[i] = segment(data, false, bits == 64 ? 32 : bits);
    }
    state->segment[X86_CS] = segment(code, true, bits);
}

static void set_segments_of(TcgRigMode mode, X86CpuState *state)
{
    switch (mode) {
    case TCG_RIG_REAL:
        set_segments(state, 0, 0, 16);
        break;
    case TCG_RIG_PROTECTED16:
        set_segments(state, CODE16, DATA16, 16);
        break;
    case TCG_RIG_V86:
        set_segments(state, 0, 0, 16);
        for (guint i = 0; i < X86_N_SEGMENTS; i++) {
            state->segment[i].type = 3;
            state->segment[i].dpl = 3;
        }
        state->rflags |= EFLAGS_VM | EFLAGS_IOPL;
        break;
    case TCG_RIG_USER32:
    case TCG_RIG_PAGED_USER32:
        set_segments(state, USER_CODE32, USER_DATA, 32);
        break;
    case TCG_RIG_LONG:
        set_segments(state, CODE64, DATA, 64);
        break;
    case TCG_RIG_LONG_USER:
        set_segments(state, USER_CODE64, USER_DATA, 64);
        break;
    default:
        set_segments(state, CODE32, DATA, 32);
    }
}

static bool is_long(TcgRigMode mode)
{
    return mode == TCG_RIG_LONG || mode == TCG_RIG_LONG_USER;
}

static bool is_paged(TcgRigMode mode)
{
    return is_long(mode) || mode == TCG_RIG_PAGED32 || mode == TCG_RIG_PAGED_USER32;
}

void tcg_rig_mode(TcgRig *rig, TcgRigMode mode, X86CpuState *ret_state)
{
    guint word = is_long(mode) ? 8 : mode == TCG_RIG_REAL ? 2 : 4;

    rig->mode = mode;
    for (guint i = 0; i < N_VECTORS; i++) {
        put_handler(rig, i, word);
        put_gate(rig, i, word);
    }
    x86_state_reset(ret_state, true);
    set_segments_of(mode, ret_state);
    ret_state->rip = TCG_RIG_CODE;
    ret_state->gpr[X86_RSP] = TCG_RIG_STACK;
    ret_state->idt = (X86Table){ .limit = 0x3ff };
    ret_state->cr0 = CR0_ET | CR0_NE;
    ret_state->cr4 = CR4_OSFXSR | CR4_OSXMMEXCPT;
    if (mode != TCG_RIG_REAL) {
        put_descriptors(rig, word == 8);
        ret_state->gdt = (X86Table){ .base = GDT, .limit = 0x57 };
        ret_state->idt = (X86Table){ .base = IDT, .limit = N_VECTORS * 2 * word - 1 };
        ret_state->tr = (X86Segment){ .base = TSS, .limit = 0x67, .selector = TASK, .type = 11,
                                      .p = 1 };
        ret_state->cr0 |= CR0_PE;
    }
    if (is_paged(mode)) {
        put_page_tables(rig, word == 8);
        ret_state->cr0 |= CR0_PG | CR0_WP;
        ret_state->cr3 = TCG_RIG_PAGE_TABLES;
        ret_state->cr4 |= word == 8 ? CR4_PAE : CR4_PSE;
        ret_state->efer = word == 8 ? EFER_LMA | EFER_LME | EFER_SCE | EFER_NXE : 0;
    }
    rig->ops->memory_written(rig->accel, 0, TCG_RIG_DATA);
}

void tcg_rig_load(TcgRig *rig, guint address, const void *bytes, gsize size)
{
    g_assert_cmpuint(address + size, <=, TCG_RIG_RAM);
    memcpy(rig->ram + address, bytes, size);
    rig->ops->memory_written(rig->accel, address, size);
}

void tcg_rig_reset_cpu(TcgRig *rig, guint i, const X86CpuState *state)
{
    g_autoptr(GError) error = NULL;

    rig->ops->vcpu_reset(rig->accel, rig->cpus[i], state, &error);
    g_assert_no_error(error);
}

void tcg_rig_reset(TcgRig *rig, const X86CpuState *state)
{
    tcg_rig_reset_cpu(rig, 0, state);
    g_string_truncate(rig->trace, 0);
    rig->n_done = rig->n_resets = rig->n_events = 0;
}

/* ---- Running ---- */

void tcg_rig_begin(TcgRig *rig)
{
    alarm(HANG_SECONDS);
    rig->ops->vcpus_resume(rig->accel);
}

void tcg_rig_wait(TcgRig *rig, guint64 microseconds)
{
    gint64 end = g_get_monotonic_time() + microseconds;

    while (!has_ended(rig)) {
        if (!microseconds) {
            g_cond_wait(&rig->changed, &rig->lock);
        } else if (!g_cond_wait_until(&rig->changed, &rig->lock, end)) {
            break;
        }
    }
}

void tcg_rig_end(TcgRig *rig)
{
    rig->ops->vcpus_pause(rig->accel);
    alarm(0);
}

void tcg_rig_run(TcgRig *rig, guint64 microseconds)
{
    tcg_rig_begin(rig);
    tcg_rig_wait(rig, microseconds);
    tcg_rig_end(rig);
}
