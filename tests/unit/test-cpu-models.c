/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPU models on an accelerator that this test makes up: which features they
 * get, and which CPUID leaves that makes.
 *
 * The accelerator takes the class kvm-accel, whose own code is not linked here.
 */
#include "config.h"
#include "cpu/cpu.h"

#include <string.h>

#include "cpu/types.h"
#include "qmp/error.h"
#include "qmp/qapi-types-accel.h"
#include "qmp/qapi-types-cpu-models.h"
#include "qmp/visit.h"
#include "qom/device.h"
#include "qom/qapi-objects-cpu.h"

typedef struct {
    Accel accel;
    guint n_vcpus;
    guint n_states;
    bool fail_vcpu;
    bool intel;                 /* else nothing: cpuid says zero */
    guint32 missing_leaf1_ecx;
} TestAccel;

/* ---- The accelerator ---- */

static TestAccel *to_test_accel(const void *accel)
{
    return object_cast(accel, &qmp_class_kvm_accel);
}

static bool create(Accel *accel, Cpu *cpu, GError **error)
{
    if (to_test_accel(accel)->fail_vcpu) {
        qmp_error_set(error, ERROR_REASON_HOST_ERROR, "no vCPU today");
        return false;
    }
    to_test_accel(accel)->n_vcpus++;
    return true;
}

static void destroy(Accel *accel, Cpu *cpu)
{
    to_test_accel(accel)->n_vcpus--;
}

static bool set_state(Accel *accel, Cpu *cpu, const X86CpuState *state, GError **error)
{
    to_test_accel(accel)->n_states++;
    return true;
}

static void set4(guint32 *regs, guint32 eax, guint32 ebx, guint32 ecx, guint32 edx)
{
    regs[0] = eax;
    regs[1] = ebx;
    regs[2] = ecx;
    regs[3] = edx;
}

/* A made-up Intel processor: family 6, model 0xcf, stepping 2. */
static void supported(Accel *accel, guint32 leaf, guint32 subleaf, guint32 ret_regs[4])
{
    const TestAccel *test = to_test_accel(accel);

    set4(ret_regs, 0, 0, 0, 0);
    if (!test->intel) {
        return;
    }
    switch (leaf) {
    case 0:
        return set4(ret_regs, 0x1c, 0x756e6547, 0x6c65746e, 0x49656e69);
    case 1:
        return set4(ret_regs, 0xc06f2, 0, ~test->missing_leaf1_ecx, ~0u);
    case 0xd:
        if (subleaf == 2) {
            set4(ret_regs, 256, 576, 0, 0);
        } else {
            set4(ret_regs, subleaf < 2 ? 7 : 0, 0, 0, 0);
        }
        return;
    case 0x15:
        return set4(ret_regs, 0, 0, 1000000000, 0);
    case 0x16:
        return set4(ret_regs, 0, 0, 1000, 0);
    case 0x40000000:
        return set4(ret_regs, 0x40000001, 0x4b4d564b, 0x564b4d56, 0x4d);
    case 0x40000001:
        return set4(ret_regs, 0x0100007b, 0, 0, 1);
    case 0x80000000:
        return set4(ret_regs, 0x80000008, 0, 0, 0);
    case 0x80000002:
        memcpy(ret_regs, "Made-Up Silicon ", 16);
        return;
    case 0x80000008:
        return set4(ret_regs, 0x3930, 0, 0, 0);
    case 6: case 7: case 0x40000003: case 0x40000004: case 0x80000001: case 0x80000007:
    case 0xc0000001:
        return set4(ret_regs, ~0u, ~0u, ~0u, ~0u);
    default:
        return;
    }
}

enum {
    ARCH_CAPABILITIES = 0x10a,
    VMX_SECONDARY = 0x48b,
};

/* Bits without names among them: 63, and what VMX demands to be 1. */
static guint64 msr_supported(Accel *accel, guint32 msr)
{
    return msr == ARCH_CAPABILITIES ? 0x8000000000000023 : msr == VMX_SECONDARY ? 0x000000ff00000400
           : msr >= 0x480 && msr <= 0x491 ? 0xffffffff00000016 : 0;
}

static const AccelOps test_ops = {
    .name = "test",
    .vcpu_create = create,
    .vcpu_destroy = destroy,
    .vcpu_set = set_state,
    .cpuid_supported = supported,
    .msr_supported = msr_supported,
};

static const TypeInfo test_accel_type = {
    .schema = &qmp_class_kvm_accel,
    .size = sizeof(TestAccel),
    .kind = &test_ops,
};

static const TypeInfo *const test_types[] = { &test_accel_type, NULL };

/* ---- The rig ---- */

typedef struct {
    Object *root;
    TestAccel *accel;
} Rig;

static Rig *rig_new(void)
{
    Rig *rig = g_new0(Rig, 1);
    Object *obj = object_new(&qmp_class_kvm_accel);

    rig->root = object_root_new();
    rig->accel = to_test_accel(obj);
    rig->accel->intel = true;
    object_add_child(object_container(rig->root, "objects"), "accel", obj, NULL);
    g_assert_true(object_make(obj, NULL));
    object_unref(obj);
    return rig;
}

static void rig_free(Rig *rig)
{
    Object *machine = object_child(rig->root, "machine");

    while (machine && rig->accel->accel.cpus) {
        device_unmake(g_ptr_array_index(rig->accel->accel.cpus, 0));
    }
    g_assert_cmpuint(rig->accel->n_vcpus, ==, 0);
    object_destroy(&rig->accel->accel.object);
    object_unref(rig->root);
    g_free(rig);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rig, rig_free)

static QmpValue *parse(const char *text)
{
    if (g_str_equal(text, "on") || g_str_equal(text, "off")) {
        return qmp_value_bool(g_str_equal(text, "on"));
    }
    if (g_ascii_isdigit(text[0])) {
        return qmp_value_int(g_ascii_strtoll(text, NULL, 0));
    }
    return qmp_value_str(text);
}

static void set_property(const QmpClass *klass, void *props, QmpGiven *given, const char *name,
                         const char *text)
{
    const QmpInput input = { .ops = &qmp_value_input };
    const QmpMember *member = qmp_class_member(klass, name);
    g_autoptr(QmpValue) value = parse(text);
    gsize i;

    g_assert_nonnull(member);
    i = member - qmp_members(klass->props);
    given[i / 8] |= 1 << i % 8;
    g_assert_true(qmp_decode_member(&input, member, value, props, NULL));
}

/* Makes a CPU of a model with properties in the form "name=value,...". */
static Cpu *make(Rig *rig, const char *model, const char *properties, GError **error)
{
    const QmpClass *klass = qmp_class_find(model);
    void *props = qmp_new_props(klass);
    QmpGiven *given = g_malloc0(klass->props->n_members / 8 + 1);
    g_auto(GStrv) pairs = g_strsplit(properties, ",", -1);

    for (guint i = 0; pairs[i]; i++) {
        g_auto(GStrv) pair = g_strsplit(pairs[i], "=", 2);

        set_property(klass, props, given, pair[0], pair[1]);
    }
    return to_cpu(device_make(object_container(rig->root, "machine"), "cpu[*]", klass, NULL, props,
                              given, error));
}

static const CpuidLeaf *find(const Cpu *cpu, guint32 leaf, guint32 subleaf)
{
    for (guint i = 0; i < cpu->cpuid->len; i++) {
        const CpuidLeaf *entry = &g_array_index(cpu->cpuid, CpuidLeaf, i);

        if (entry->leaf == leaf && (!entry->has_subleaf || entry->subleaf == subleaf)) {
            return entry;
        }
    }
    return NULL;
}

static void check(const Cpu *cpu, guint32 leaf, guint32 subleaf, guint32 eax, guint32 ebx,
                  guint32 ecx, guint32 edx)
{
    const CpuidLeaf *entry = find(cpu, leaf, subleaf);

    g_assert_nonnull(entry);
    g_assert_cmphex(entry->eax, ==, eax);
    g_assert_cmphex(entry->ebx, ==, ebx);
    g_assert_cmphex(entry->ecx, ==, ecx);
    g_assert_cmphex(entry->edx, ==, edx);
}

/* ---- Models ---- */

static void test_qemu64(void)
{
    g_autoptr(Rig) rig = rig_new();
    Cpu *cpu = make(rig, "qemu64-x86_64-cpu", "", NULL);

    check(cpu, 0, 0, 0xd, 0x756e6547, 0x6c65746e, 0x49656e69);
    check(cpu, 1, 0, 0x00060fb1, 0x00000800, 0x80202001, 0x078bfbfd);
    check(cpu, 0x40000000, 0, 0x40000001, 0x4b4d564b, 0x564b4d56, 0x4d);
    check(cpu, 0x40000001, 0, 0x0100007b, 0, 0, 0);
    check(cpu, 0x80000000, 0, 0x8000000a, 0x756e6547, 0x6c65746e, 0x49656e69);
    check(cpu, 0x80000001, 0, 0x00060fb1, 0, 1, 0x20100800);
    check(cpu, 0x80000008, 0, 0x3028, 0, 0, 0);
    g_assert_cmpstr(x86_64_cpu_props(cpu)->vendor, ==, "GenuineIntel");
    g_assert_cmpuint(x86_64_cpu_props(cpu)->unavailable_features.n, ==, 0);
    g_assert_true(x86_64_cpu_props(cpu)->has_avx && !x86_64_cpu_props(cpu)->avx);
    g_assert_cmpuint(x86_64_cpu_props(cpu)->level, ==, 0xd);
}

/* Rates that the accelerator tells are Intel's leaves alone, and of models that go that far. */
static void test_frequencies(void)
{
    static const struct {
        const char *model, *properties;
        bool there;
    } cases[] = {
        { "max-x86_64-cpu", "", true }, { "max-x86_64-cpu", "vendor=AuthenticAMD", false },
        { "qemu64-x86_64-cpu", "", false },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Rig) rig = rig_new();
        Cpu *cpu = make(rig, cases[i].model, cases[i].properties, NULL);

        if (cases[i].there) {
            check(cpu, 0x15, 0, 0, 0, 1000000000, 0);
            check(cpu, 0x16, 0, 0, 0, 1000, 0);
        } else {
            g_assert_null(find(cpu, 0x15, 0));
            g_assert_null(find(cpu, 0x16, 0));
        }
    }
}

static void test_features_on_and_off(void)
{
    g_autoptr(Rig) rig = rig_new();
    Cpu *cpu = make(rig, "qemu64-x86_64-cpu", "tsc-deadline=on,x2apic=off,lm=off,"
                    "vendor=AuthenticAMD,model-id=A CPU,level=1", NULL);

    check(cpu, 0, 0, 1, 0x68747541, 0x444d4163, 0x69746e65);
    check(cpu, 1, 0, 0x00060fb1, 0x00000800, 0x81002001, 0x078bfbfd);
    /* AMD repeats bits of leaf 1 here. */
    check(cpu, 0x80000001, 0, 0x00060fb1, 0, 1, 0x00100800 | (0x078bfbfd & 0x0183f3ff));
    g_assert_cmpmem(&find(cpu, 0x80000002, 0)->eax, 4, "A CP", 4);
    g_assert_null(find(cpu, 7, 0));
    g_assert_null(find(cpu, 0xb, 0));
    check(cpu, 0x80000008, 0, 0x28, 0, 0, 0);
}

static void test_signatures(void)
{
    static const struct {
        const char *model;
        guint32 signature, level, xlevel;
    } models[] = {
        { "qemu32-x86_64-cpu", 0x663, 4, 0x80000004 },
        { "kvm64-x86_64-cpu", 0xf61, 0xd, 0x80000008 },
        { "kvm32-x86_64-cpu", 0xf61, 5, 0x80000008 },
        { "Nehalem-x86_64-cpu", 0x106a3, 0xb, 0x80000008 },
    };
    g_autoptr(Rig) rig = rig_new();

    for (guint i = 0; i < G_N_ELEMENTS(models); i++) {
        Cpu *cpu = make(rig, models[i].model, "", NULL);

        g_assert_cmphex(find(cpu, 1, 0)->eax, ==, models[i].signature);
        g_assert_cmphex(find(cpu, 0, 0)->eax, ==, models[i].level);
        g_assert_cmphex(find(cpu, 0x80000000, 0)->eax, ==, models[i].xlevel);
        g_assert_cmpuint(cpu->index, ==, 0);
        device_unmake(&cpu->device);            /* a machine has one class of CPU */
    }
}

static void test_one_class(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    Cpu *cpu = make(rig, "qemu64-x86_64-cpu", "", NULL);

    g_assert_null(make(rig, "kvm64-x86_64-cpu", "", &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_INVALID_VALUE));
    g_assert_cmpstr(qmp_error_path(error), ==, "driver");
    g_assert_cmpuint(make(rig, "qemu64-x86_64-cpu", "", NULL)->index, ==, 1);
    device_unmake(&cpu->device);
    g_clear_error(&error);
    g_assert_null(make(rig, "kvm64-x86_64-cpu", "", &error));
}

/* Everything that is offered, and what it says it is. */
static void test_host(void)
{
    g_autoptr(Rig) rig = rig_new();
    Cpu *cpu = make(rig, "host-x86_64-cpu", "vme=off", NULL);

    g_assert_cmphex(find(cpu, 1, 0)->eax, ==, 0xc06f2);
    g_assert_cmphex(find(cpu, 0, 0)->eax, ==, 0x1e);
    g_assert_cmpuint(x86_64_cpu_props(cpu)->model, ==, 0xcf);
    g_assert_true(x86_64_cpu_props(cpu)->avx512f && x86_64_cpu_props(cpu)->aes &&
                  x86_64_cpu_props(cpu)->la57);
    g_assert_false(x86_64_cpu_props(cpu)->vme);
    g_assert_false(x86_64_cpu_props(cpu)->invtsc);
    g_assert_false(x86_64_cpu_props(cpu)->ht);
    g_assert_cmpstr(x86_64_cpu_props(cpu)->model_id, ==, "Made-Up Silicon ");
    g_assert_cmpuint(x86_64_cpu_props(cpu)->phys_bits, ==, 48);
    g_assert_cmphex(find(cpu, 0x80000008, 0)->eax, ==, 0x3930);

    device_unmake(&cpu->device);
    cpu = make(rig, "max-x86_64-cpu", "migratable=off,phys-bits=46,family=25", NULL);
    g_assert_true(x86_64_cpu_props(cpu)->invtsc);
    g_assert_cmphex(find(cpu, 0x80000007, 0)->edx, ==, 1 << 8);
    g_assert_cmphex(find(cpu, 0x80000008, 0)->eax & 0xff, ==, 46);
    g_assert_cmphex(find(cpu, 1, 0)->eax, ==, 0xac0ff2);
}

/* The areas of the state that XSAVE keeps: x87 and SSE, AVX behind them. */
static void test_xsave(void)
{
    g_autoptr(Rig) rig = rig_new();
    Cpu *cpu = make(rig, "qemu64-x86_64-cpu", "xsave=on,avx=on,xsaveopt=on", NULL);

    check(cpu, 0xd, 0, 7, 832, 832, 0);
    check(cpu, 0xd, 1, 1, 0, 0, 0);
    check(cpu, 0xd, 2, 256, 576, 0, 0);
    g_assert_null(find(cpu, 0xd, 3));
}

/* AMD's leaves; those of Intel are reserved. */
static void test_caches_amd(void)
{
    g_autoptr(Rig) rig = rig_new();
    Cpu *cpu = make(rig, "EPYC-x86_64-cpu", "check=off,vendor=AuthenticAMD", NULL);

    g_assert_null(find(cpu, 2, 0));
    g_assert_null(find(cpu, 4, 0));
    check(cpu, 0x80000005, 0, 0x01ff01ff, 0x01ff01ff, 0x20080140, 0x40040140);
    check(cpu, 0x80000006, 0, 0, 0x42004200, 0x02006140, 0x00408140);
    check(cpu, 0x8000001d, 0, 0x121, 0x01c0003f, 63, 1);
    check(cpu, 0x8000001d, 2, 0x43, 0x01c0003f, 1023, 0);
    check(cpu, 0x8000001d, 3, 0x163, 0x03c0003f, 8191, 6);
    check(cpu, 0x8000001d, 4, 0, 0, 0, 0);
    check(cpu, 0x8000001e, 0, 0, 0, 0, 0);
    cpu = make(rig, "EPYC-x86_64-cpu", "check=off,vendor=AuthenticAMD,legacy-cache=on,"
               "l3-cache=off,topoext=off", NULL);
    check(cpu, 0x80000005, 0, 0x01ff01ff, 0x01ff01ff, 0x40020140, 0x40020140);
    check(cpu, 0x80000006, 0, 0, 0x42004200, 0x02008140, 0);
    check(cpu, 0x8000001d, 0, 0x121, 0x0040003f, 511, 1);
    check(cpu, 0x8000001d, 3, 0, 0, 0, 0);
}

static void test_caches_intel(void)
{
    g_autoptr(Rig) rig = rig_new();
    Cpu *cpu = make(rig, "EPYC-x86_64-cpu", "check=off,vendor=GenuineIntel", NULL);

    check(cpu, 2, 0, 1, 0, 0x4b, 0x2cff80);
    check(cpu, 4, 1, 0x122, 0x00c0003f, 255, 1);
    check(cpu, 4, 2, 0x43, 0x01c0003f, 1023, 0);
    cpu = make(rig, "EPYC-x86_64-cpu", "check=off,vendor=GenuineIntel,legacy-cache=on,"
               "l3-cache=off", NULL);
    check(cpu, 2, 0, 1, 0, 0, 0x2c307d);
    check(cpu, 4, 2, 0x143, 0x03c0003f, 4095, 1);
    check(cpu, 4, 3, 0, 0, 0, 0);
}

/* The second die of the second package, of three dies each; ids in two bits. */
static void test_dies(void)
{
    static const char place[] = "check=off,socket-id=1,die-id=1,core-id=1,thread-id=1,vendor=";
    g_autoptr(Rig) rig = rig_new();
    g_autofree char *amd = g_strconcat(place, "AuthenticAMD", NULL);
    g_autofree char *intel = g_strconcat(place, "GenuineIntel", NULL);
    Cpu *cpu;

    rig->accel->accel.topology = (CpuTopology){ .sockets = 2, .dies = 3, .cores = 3, .threads = 2 };
    cpu = make(rig, "EPYC-x86_64-cpu", amd, NULL);
    g_assert_cmphex(cpu->apic_id, ==, 1 << 5 | 1 << 3 | 1 << 1 | 1);
    g_assert_cmphex(find(cpu, 0, 0)->eax, ==, 0xd);
    g_assert_cmphex(find(cpu, 1, 0)->ebx, ==, 0x2b120800);      /* 18 threads */
    check(cpu, 0x8000001d, 0, 0x4121, 0x01c0003f, 63, 1);
    check(cpu, 0x8000001d, 3, 0x14163, 0x03c0003f, 8191, 6);    /* 6 threads */
    check(cpu, 0x8000001e, 0, 0x2b, 0x101, 0x205, 0);           /* node 5 */
    device_unmake(&cpu->device);
    cpu = make(rig, "EPYC-x86_64-cpu", intel, NULL);
    g_assert_cmphex(find(cpu, 0, 0)->eax, ==, 0x1f);
    g_assert_cmphex(find(cpu, 1, 0)->ebx, ==, 0x2b200800);      /* 32 ids */
    g_assert_cmphex(find(cpu, 4, 0)->eax, ==, 0x121 | 1 << 14 | 15 << 26);
    g_assert_cmphex(find(cpu, 4, 3)->eax, ==, 0x163 | 7 << 14 | 15 << 26);
    check(cpu, 0xb, 0, 1, 2, 0x100, 0x2b);
    check(cpu, 0xb, 1, 5, 18, 0x201, 0x2b);
    check(cpu, 0x1f, 1, 3, 6, 0x201, 0x2b);
    check(cpu, 0x1f, 2, 5, 18, 0x502, 0x2b);
    check(cpu, 0x1f, 3, 0, 0, 3, 0x2b);
}

static void test_levels(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    Cpu *cpu = make(rig, "486-x86_64-cpu", "cpuid-0xb=off,level-func7=2,level=6", NULL);

    g_assert_null(find(cpu, 0x80000000, 0));
    g_assert_null(find(cpu, 0xc0000000, 0));
    g_assert_null(find(cpu, 0xb, 0));
    g_assert_null(find(cpu, 7, 0));             /* it is above the level */
    cpu = make(rig, "486-x86_64-cpu", "xstore=on,smep=on,level-func7=2", NULL);
    check(cpu, 0xc0000000, 0, 0xc0000001, 0, 0, 0);
    check(cpu, 0xc0000001, 0, 0, 0, 0, 1 << 2);
    check(cpu, 7, 0, 2, 1 << 7, 0, 0);
    check(cpu, 7, 1, 0, 0, 0, 0);
    cpu = make(rig, "486-x86_64-cpu", "xstore=on,min-xlevel2=3221225476", NULL);
    check(cpu, 0xc0000000, 0, 0xc0000004, 0, 0, 0);
    cpu = make(rig, "486-x86_64-cpu", "xstore=on,xlevel2=0", NULL);
    g_assert_null(find(cpu, 0xc0000001, 0));
    g_assert_null(make(rig, "486-x86_64-cpu", "xlevel=5", &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_OUT_OF_RANGE));
    g_assert_cmpstr(qmp_error_path(error), ==, "xlevel");
}

static void test_host_figures(void)
{
    g_autoptr(Rig) rig = rig_new();
    Cpu *cpu = make(rig, "qemu64-x86_64-cpu", "host-phys-bits=on,host-phys-bits-limit=39,"
                    "tsc-frequency=1500000000", NULL);

    g_assert_cmphex(find(cpu, 0x80000008, 0)->eax & 0xff, ==, 39);
    g_assert_cmpuint(cpu->tsc_frequency, ==, 1500000000);
    cpu = make(rig, "qemu64-x86_64-cpu", "host-phys-bits=on", NULL);
    g_assert_cmphex(find(cpu, 0x80000008, 0)->eax & 0xff, ==, 48);
    g_assert_cmphex(find(cpu, 0x80000008, 0)->eax >> 16, ==, 0);
    cpu = make(rig, "qemu64-x86_64-cpu", "phys-bits=40,guest-phys-bits=38", NULL);
    g_assert_cmphex(find(cpu, 0x80000008, 0)->eax & 0xff00ff, ==, 38 << 16 | 40);
    cpu = make(rig, "qemu64-x86_64-cpu", "phys-bits=40,guest-phys-bits=46", NULL);
    g_assert_cmphex(find(cpu, 0x80000008, 0)->eax >> 16, ==, 40);
    g_assert_cmpuint(cpu->tsc_frequency, ==, 0);
}

static guint64 described(const Cpu *cpu, guint32 msr)
{
    for (guint i = 0; i < cpu->msrs->len; i++) {
        if (g_array_index(cpu->msrs, CpuMsr, i).index == msr) {
            return g_array_index(cpu->msrs, CpuMsr, i).value;
        }
    }
    return 0;
}

/* Registers that describe the CPU have its features, and of the accelerator's other bits those
 * of VMX alone, if the model is not the host's. */
static void test_msrs(void)
{
    g_autoptr(Rig) rig = rig_new();
    Cpu *cpu = make(rig, "qemu64-x86_64-cpu", "arch-capabilities=on,mds-no=on,taa-no=on,check=off",
                    NULL);

    g_assert_cmpuint(cpu->msrs->len, ==, 1);
    g_assert_cmphex(described(cpu, ARCH_CAPABILITIES), ==, 0x20);
    g_assert_cmpuint(x86_64_cpu_props(cpu)->unavailable_features.n, ==, 1);
    g_assert_cmpstr(x86_64_cpu_props(cpu)->unavailable_features.items[0], ==, "taa-no");
    device_unmake(&cpu->device);

    cpu = make(rig, "Nehalem-x86_64-cpu", "vmx=on,rdtscp=on,vmx-ept=off,check=off", NULL);
    /* Of its features those that are offered: desc rdtscp x2apic vpid wbinvd. */
    g_assert_cmphex(described(cpu, VMX_SECONDARY), ==, 0x0000007c00000400 | 1ull << 32);
    g_assert_cmphex(described(cpu, 0x48d), ==, 0xffffff3600000016 | 0x69ull << 32);
    g_assert_false(x86_64_cpu_props(cpu)->vmx_ept_2mb || x86_64_cpu_props(cpu)->vmx_invept);
    g_assert_true(x86_64_cpu_props(cpu)->vmx_invvpid);
    device_unmake(&cpu->device);

    cpu = make(rig, "Nehalem-x86_64-cpu", "", NULL);
    g_assert_cmpuint(cpu->msrs->len, ==, 0);
    device_unmake(&cpu->device);

    cpu = make(rig, "host-x86_64-cpu", "", NULL);
    g_assert_cmphex(described(cpu, ARCH_CAPABILITIES), ==, 0x8000000000000023);
}

/* TLFS, section 2: leaves of Hyper-V, and those of KVM behind them. */
static void test_hyperv(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    Cpu *cpu = make(rig, "qemu64-x86_64-cpu", "hv-vapic=on,hv-time=on,hv-vpindex=on,hv-ipi=on,"
                    "hv-version-id-minor=7,hv-version-id-sbranch=2,hv-version-id-snumber=3,"
                    "hv-no-nonarch-coresharing=auto", NULL);

    check(cpu, 0x40000000, 0, 0x40000005, 0x7263694d, 0x666f736f, 0x76482074);
    check(cpu, 0x40000001, 0, 0x31237648, 0, 0, 0);
    check(cpu, 0x40000002, 0, 14393, 0x000a0007, 0, 0x02000003);
    check(cpu, 0x40000003, 0, 0x272, 0, 0, 8);
    check(cpu, 0x40000004, 0, 0x40c08, 0xffffffff, 0, 0);
    check(cpu, 0x40000005, 0, 0xffffffff, 64, 0, 0);
    check(cpu, 0x40000100, 0, 0x40000101, 0x4b4d564b, 0x564b4d56, 0x4d);
    check(cpu, 0x40000101, 0, 0x0100007b, 0, 0, 0);

    cpu = make(rig, "qemu64-x86_64-cpu", "hv-spinlocks=8191,hv-vendor-id=Nobody,kvm=off", NULL);
    check(cpu, 0x40000000, 0, 0x40000005, 0x6f626f4e, 0x00007964, 0);
    check(cpu, 0x40000004, 0, 0, 8191, 0, 0);
    g_assert_null(find(cpu, 0x40000100, 0));

    cpu = make(rig, "qemu64-x86_64-cpu", "hv-passthrough=on,hv-no-nonarch-coresharing=auto", NULL);
    g_assert_true(x86_64_cpu_props(cpu)->hv_stimer_direct);
    g_assert_false(x86_64_cpu_props(cpu)->hv_emsr_bitmap);
    g_assert_cmphex(find(cpu, 0x40000004, 0)->eax, ==, 0x44e2c);

    g_assert_null(make(rig, "qemu64-x86_64-cpu", "hv-emsr-bitmap=on,hv-evmcs=on,hv-vapic=on",
                       &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_NOT_SUPPORTED));
    g_assert_cmpstr(qmp_error_path(error), ==, "hv-emsr-bitmap");
}

/* ---- Features that cannot be had ---- */

static void test_unavailable(void)
{
    g_autoptr(Rig) rig = rig_new();
    Cpu *cpu;

    rig->accel->missing_leaf1_ecx = 1 | 1 << 25 | 1 << 21;
    g_test_expect_message("vmd-cpu", G_LOG_LEVEL_WARNING,
                          "*'test' lacks*'qemu64-x86_64-cpu'*: pni, aes");
    cpu = make(rig, "qemu64-x86_64-cpu", "aes=on", NULL);
    g_test_assert_expected_messages();
    g_assert_cmpuint(x86_64_cpu_props(cpu)->unavailable_features.n, ==, 2);
    g_assert_cmpstr(x86_64_cpu_props(cpu)->unavailable_features.items[0], ==, "pni");
    g_assert_cmpstr(x86_64_cpu_props(cpu)->unavailable_features.items[1], ==, "aes");
    g_assert_false(x86_64_cpu_props(cpu)->pni || x86_64_cpu_props(cpu)->aes ||
                   x86_64_cpu_props(cpu)->x2apic);
    g_assert_cmphex(find(cpu, 1, 0)->ecx, ==, 0x80002000);

    cpu = make(rig, "qemu64-x86_64-cpu", "check=off", NULL);
    g_assert_cmpuint(x86_64_cpu_props(cpu)->unavailable_features.n, ==, 1);
    cpu = make(rig, "qemu64-x86_64-cpu", "pni=off,enforce=on", NULL);
    g_assert_cmpuint(x86_64_cpu_props(cpu)->unavailable_features.n, ==, 0);
}

static void test_enforce(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;

    rig->accel->missing_leaf1_ecx = 1;
    g_assert_null(make(rig, "qemu64-x86_64-cpu", "enforce=on", &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_NOT_SUPPORTED));
    g_assert_nonnull(strstr(error->message, "pni"));
    g_assert_cmpuint(cpu_count(rig->root), ==, 0);
}

/* An accelerator without CPUID of its own: models are as they are written. */
static void test_no_identity(void)
{
    g_autoptr(Rig) rig = rig_new();
    Cpu *cpu;

    rig->accel->intel = false;
    cpu = make(rig, "qemu64-x86_64-cpu", "check=off", NULL);
    g_assert_cmpstr(x86_64_cpu_props(cpu)->vendor, ==, "AuthenticAMD");
    g_assert_null(find(cpu, 0x40000000, 0));
    device_unmake(&cpu->device);
    cpu = make(rig, "host-x86_64-cpu", "", NULL);
    g_assert_cmpuint(x86_64_cpu_props(cpu)->phys_bits, ==, 40);
    g_assert_cmpstr(x86_64_cpu_props(cpu)->model_id, ==, "vmd virtual CPU");
}

static void test_hidden_kvm(void)
{
    g_autoptr(Rig) rig = rig_new();
    Cpu *cpu = make(rig, "qemu64-x86_64-cpu", "kvm=off", NULL);

    g_assert_null(find(cpu, 0x40000000, 0));
    g_assert_false(x86_64_cpu_props(cpu)->kvmclock);
    g_assert_true(x86_64_cpu_props(cpu)->hypervisor);
}

/* ---- Places ---- */

static void test_topology(void)
{
    g_autoptr(Rig) rig = rig_new();
    Cpu *cpu;

    rig->accel->accel.topology = (CpuTopology){ .sockets = 2, .cores = 3, .threads = 2 };
    for (guint i = 0; i < 8; i++) {
        cpu = make(rig, "qemu64-x86_64-cpu", "", NULL);
    }
    g_assert_cmpuint(cpu->index, ==, 7);
    g_assert_cmpuint(x86_64_cpu_props(cpu)->socket_id, ==, 1);
    g_assert_cmpuint(x86_64_cpu_props(cpu)->core_id, ==, 0);
    g_assert_cmpuint(x86_64_cpu_props(cpu)->thread_id, ==, 1);
    g_assert_cmpuint(x86_64_cpu_props(cpu)->apic_id, ==, 9);
    check(cpu, 0xb, 0, 1, 2, 0x100, 9);
    check(cpu, 0xb, 1, 3, 6, 0x201, 9);
    check(cpu, 0xb, 2, 0, 0, 2, 9);
    g_assert_cmphex(find(cpu, 1, 0)->ebx, ==, 0x09080800);
    g_assert_cmphex(find(cpu, 1, 0)->edx & 1 << 28, ==, 1 << 28);
}

static void expect_bad_place(Rig *rig, ErrorReason reason, const char *properties)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(make(rig, "qemu64-x86_64-cpu", properties, &error));
    g_assert_true(qmp_error_is(error, reason));
}

static void test_explicit_places(void)
{
    g_autoptr(Rig) rig = rig_new();
    Cpu *cpu;

    rig->accel->accel.topology = (CpuTopology){ .sockets = 2, .cores = 3, .threads = 2 };
    cpu = make(rig, "qemu64-x86_64-cpu", "core-id=2,thread-id=1", NULL);
    g_assert_cmpuint(cpu->apic_id, ==, 5);
    cpu = make(rig, "qemu64-x86_64-cpu", "apic-id=12", NULL);
    g_assert_cmpuint(x86_64_cpu_props(cpu)->socket_id, ==, 1);
    g_assert_cmpuint(x86_64_cpu_props(cpu)->core_id, ==, 2);

    expect_bad_place(rig, ERROR_REASON_ADDRESS_IN_USE, "apic-id=12");
    expect_bad_place(rig, ERROR_REASON_OUT_OF_RANGE, "apic-id=6");
    expect_bad_place(rig, ERROR_REASON_OUT_OF_RANGE, "socket-id=2");
    expect_bad_place(rig, ERROR_REASON_INVALID_VALUE, "apic-id=3,core-id=2");
    g_assert_cmpuint(cpu_count(rig->root), ==, 2);
}

/* ---- Life ---- */

static void count(Cpu *cpu, void *data)
{
    g_assert_cmpuint(cpu->index, ==, (*(guint *)data)++);
}

static void test_indices(void)
{
    g_autoptr(Rig) rig = rig_new();
    Cpu *cpus[3];
    guint n = 0;

    for (guint i = 0; i < 3; i++) {
        cpus[i] = make(rig, "qemu64-x86_64-cpu", "", NULL);
    }
    cpu_foreach(rig->root, count, &n);
    g_assert_cmpuint(n, ==, 3);
    device_unmake(&cpus[1]->device);
    g_assert_cmpuint(cpu_count(rig->root), ==, 2);
    g_assert_true(cpu_by_index(rig->root, 1) == cpus[2]);
    cpus[1] = make(rig, "qemu64-x86_64-cpu", "", NULL);
    g_assert_cmpuint(cpus[1]->index, ==, 1);
    g_assert_cmpuint(cpus[1]->apic_id, ==, 1);
    g_assert_true(cpu_by_index(rig->root, 1) == cpus[1]);
    g_assert_null(cpu_by_index(rig->root, 3));
}

static void test_reset(void)
{
    g_autoptr(Rig) rig = rig_new();
    Cpu *cpu = make(rig, "qemu64-x86_64-cpu", "", NULL);

    g_assert_cmphex(cpu->reset_state.rip, ==, 0xfff0);
    g_assert_cmpuint(rig->accel->n_states, ==, 0);
    device_reset_tree(&cpu->device.object);
    g_assert_cmpuint(rig->accel->n_states, ==, 1);
}

static void test_vcpu_fails(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;

    rig->accel->fail_vcpu = true;
    g_assert_null(make(rig, "qemu64-x86_64-cpu", "", &error));
    g_assert_cmpstr(error->message, ==, "no vCPU today");
    g_assert_cmpuint(cpu_count(rig->root), ==, 0);
    rig->accel->fail_vcpu = false;
    g_assert_cmpuint(make(rig, "qemu64-x86_64-cpu", "", NULL)->index, ==, 0);
}

static void test_accel_in_use(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;

    g_assert_true(object_may_delete(&rig->accel->accel.object, NULL));
    make(rig, "qemu64-x86_64-cpu", "", NULL);
    g_assert_false(object_may_delete(&rig->accel->accel.object, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_IN_USE));
}

static void test_no_accel(void)
{
    g_autoptr(Object) root = object_root_new();
    g_autoptr(GError) error = NULL;

    g_assert_null(device_make(object_container(root, "machine"), "cpu0",
                              &qmp_class_qemu64_x86_64_cpu, NULL,
                              qmp_new_props(&qmp_class_qemu64_x86_64_cpu), NULL, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_NO_ACCELERATOR));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    object_register_types(qom_types);
    object_register_types(cpu_types);
    object_register_types(test_types);
    g_test_add_func("/cpu/model/qemu64", test_qemu64);
    g_test_add_func("/cpu/model/frequencies", test_frequencies);
    g_test_add_func("/cpu/model/features-on-and-off", test_features_on_and_off);
    g_test_add_func("/cpu/model/signatures", test_signatures);
    g_test_add_func("/cpu/model/one-class", test_one_class);
    g_test_add_func("/cpu/model/host", test_host);
    g_test_add_func("/cpu/model/xsave", test_xsave);
    g_test_add_func("/cpu/model/caches-amd", test_caches_amd);
    g_test_add_func("/cpu/model/caches-intel", test_caches_intel);
    g_test_add_func("/cpu/model/dies", test_dies);
    g_test_add_func("/cpu/model/levels", test_levels);
    g_test_add_func("/cpu/model/host-figures", test_host_figures);
    g_test_add_func("/cpu/model/msrs", test_msrs);
    g_test_add_func("/cpu/model/hyperv", test_hyperv);
    g_test_add_func("/cpu/model/unavailable", test_unavailable);
    g_test_add_func("/cpu/model/enforce", test_enforce);
    g_test_add_func("/cpu/model/no-identity", test_no_identity);
    g_test_add_func("/cpu/model/hidden-kvm", test_hidden_kvm);
    g_test_add_func("/cpu/place/topology", test_topology);
    g_test_add_func("/cpu/place/explicit", test_explicit_places);
    g_test_add_func("/cpu/life/indices", test_indices);
    g_test_add_func("/cpu/life/reset", test_reset);
    g_test_add_func("/cpu/life/vcpu-fails", test_vcpu_fails);
    g_test_add_func("/cpu/life/accel-in-use", test_accel_in_use);
    g_test_add_func("/cpu/life/no-accel", test_no_accel);
    return g_test_run();
}
