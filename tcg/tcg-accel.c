/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class tcg-accel: the accelerator object and its table of operations.
 */
#include "config.h"
#include "tcg/tcg-accel.h"

#include <cpuid.h>

#include "qmp/error.h"
#include "qom/qapi-objects-accel.h"
#include "tcg/cache.h"
#include "tcg/decode.h"
#include "tcg/interrupts.h"
#include "tcg/tcg.h"
#include "tcg/types.h"

enum { DEFAULT_CODE_MIB = 64 };

static const AccelOps tcg_accel_ops = {
    .name = "tcg",
    .slots_begin = tcg_slots_begin,
    .slot_add = tcg_slot_add,
    .slot_del = tcg_slot_del,
    .slots_commit = tcg_slots_commit,
    .slots_max = tcg_slots_max,
    .dirty_log = tcg_dirty_log,
    .memory_written = tcg_memory_written,
    .ioeventfd_add = tcg_ioeventfd_add,
    .ioeventfd_del = tcg_ioeventfd_del,
    .irqchip = tcg_irqchip,
    .set_gsi = tcg_set_gsi,
    .set_extint = tcg_set_extint,
    .set_a20 = tcg_set_a20,
    .msi_route_add = tcg_msi_route_add,
    .msi_route_update = tcg_msi_route_update,
    .msi_route_del = tcg_msi_route_del,
    .msi_send = tcg_msi_send,
    .vcpu_create = tcg_vcpu_create,
    .vcpu_destroy = tcg_vcpu_destroy,
    .vcpus_resume = tcg_vcpus_resume,
    .vcpus_stop = tcg_vcpus_stop,
    .vcpus_progress = tcg_vcpus_progress,
    .vcpus_pause = tcg_vcpus_pause,
    .vcpu_get = tcg_vcpu_get,
    .vcpu_set = tcg_vcpu_set,
    .vcpu_reset = tcg_vcpu_reset,
    .vcpu_nmi = tcg_vcpu_nmi,
    .cpuid_supported = tcg_cpuid_supported,
    .msr_supported = tcg_msr_supported,
};

/* ---- What it needs of the host ---- */

typedef struct {
    guint32 leaf;
    guint reg;                  /* 2 ECX, 3 EDX */
    guint bit;
    const char *name;
} HostFeature;

/* LAHF and SAHF keep the guest's flags, XSAVE and AVX its vectors. */
static const HostFeature needed[] = {
    { 1, 2, 27, "OSXSAVE" },
    { 1, 2, 28, "AVX" },
    { 0x80000001, 2, 0, "LAHF in 64-bit code" },
};

static bool check_host(GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(needed); i++) {
        guint32 regs[4] = { 0 };

        __get_cpuid(needed[i].leaf, &regs[0], &regs[1], &regs[2], &regs[3]);
        if (!(regs[needed[i].reg] >> needed[i].bit & 1)) {
            qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED,
                          "accelerator 'tcg' needs a host processor with %s", needed[i].name);
            return false;
        }
    }
    return true;
}

bool tcg_present(void)
{
    return check_host(NULL);
}

/* ---- Life ---- */

static void tcg_accel_init(Object *obj)
{
    TcgAccel *tcg = to_tcg_accel(obj);

    tcg->vcpus = g_ptr_array_new();
    g_mutex_init(&tcg->translate);
    tcg_run_control_init(&tcg->run);
}

static void tcg_accel_finalize(Object *obj)
{
    TcgAccel *tcg = to_tcg_accel(obj);

    g_ptr_array_unref(tcg->vcpus);
    g_mutex_clear(&tcg->translate);
    g_mutex_clear(&tcg->run.lock);
    g_cond_clear(&tcg->run.left);
    g_cond_clear(&tcg->run.go);
}

static void tcg_accel_release(Object *obj)
{
    TcgAccel *tcg = to_tcg_accel(obj);

    tcg_interrupts_close(tcg);
    g_clear_pointer(&tcg->memory, tcg_memory_free);
    g_clear_pointer(&tcg->cache, tcg_cache_free);
}

static bool tcg_accel_prepare(Object *obj, GError **error)
{
    TcgAccel *tcg = to_tcg_accel(obj);
    const TcgAccelProps *props = tcg_accel_props(obj);

    if (!check_host(error) || !tcg_decoder_load(error)) {
        return false;
    }
    tcg->cache = tcg_cache_new(tcg, props->tb_size ? props->tb_size : DEFAULT_CODE_MIB,
                               props->x_exact_flags, error);
    if (!tcg->cache) {
        return false;
    }
    tcg->memory = tcg_memory_new();
    if (!tcg_interrupts_open(tcg, error)) {
        tcg_accel_release(obj);
        return false;
    }
    return true;
}

static const ObjectOps tcg_accel_object = {
    .init = tcg_accel_init,
    .prepare = tcg_accel_prepare,
    .release = tcg_accel_release,
    .finalize = tcg_accel_finalize,
};

const TypeInfo tcg_accel_type = {
    .schema = &qmp_class_tcg_accel,
    .size = sizeof(TcgAccel),
    .object = &tcg_accel_object,
    .kind = &tcg_accel_ops,
};
