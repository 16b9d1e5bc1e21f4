/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest that continues in a new process, on the CPU in software: its registers have the values
 * that they had in the old process, or on KVM.
 */
#include "config.h"
#include "tests/unit/tcg-rig.h"

#include <glib/gstdio.h>
#include <string.h>

#include "kvm/kvm.h"
#include "tests/unit/kvm-rig.h"

#define VARIABLE "VMD_TEST_MOVED"

/* Where the guest waits for a byte, and where it stores its registers. */
enum { OPERANDS = TCG_RIG_DATA, FLAG = TCG_RIG_DATA + 64, RESULTS = TCG_RIG_DATA + 80,
       RESULTS_SIZE = 64 };

#define AT(address) (address) & 0xff, (address) >> 8 & 0xff, (address) >> 16 & 0xff, 0

static const guint8 code[] = {
    0xbb, 0x44, 0x33, 0x22, 0x11,               /* mov ebx, 0x11223344 */
    0xbe, 0x88, 0x77, 0x66, 0x55,               /* mov esi, 0x55667788 */
    0x0f, 0x10, 0x0d, AT(OPERANDS),             /* movups xmm1, [OPERANDS] */
    0xdd, 0x05, AT(OPERANDS + 16),              /* fld qword [OPERANDS + 16] */
    0xfd,                                       /* std */
    0xe6, TCG_RIG_DONE,                         /* out DONE, al */
    0x80, 0x3d, AT(FLAG), 0x00,                 /* spin: cmp byte [FLAG], 0 */
    0x74, 0xf7,                                 /* je spin */
    0x89, 0x1d, AT(RESULTS),                    /* mov [RESULTS], ebx */
    0x89, 0x35, AT(RESULTS + 4),                /* mov [RESULTS + 4], esi */
    0x0f, 0x11, 0x0d, AT(RESULTS + 16),         /* movups [RESULTS + 16], xmm1 */
    0xdd, 0x1d, AT(RESULTS + 32),               /* fstp qword [RESULTS + 32] */
    0x9c, 0x58, 0xa3, AT(RESULTS + 8),          /* pushf; pop eax; mov [RESULTS + 8], eax */
    0xb0, 'e', 0xe6, TCG_RIG_TRACE,             /* out TRACE, 'e' */
    0xe6, TCG_RIG_DONE,                         /* out DONE, al */
    0xeb, 0xfe,                                 /* jmp $ */
};

static const guint8 operands[24] = {
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
    0x18, 0x2d, 0x44, 0x54, 0xfb, 0x21, 0x09, 0x40,     /* pi */
};

static char *file_in(const char *folder, const char *name)
{
    return g_build_filename(folder, name, NULL);
}

static void write_file(const char *folder, const char *name, const void *data, gsize size)
{
    g_autofree char *path = file_in(folder, name);

    g_assert_true(g_file_set_contents(path, data, size, NULL));
}

static char *read_file(const char *folder, const char *name, gsize *ret_size)
{
    g_autofree char *path = file_in(folder, name);
    char *data = NULL;

    g_assert_true(g_file_get_contents(path, &data, ret_size, NULL));
    return data;
}

/* Where the two x87 instructions are, of 6 bytes each. */
enum { FLD = 17, FSTP = FLD + 37 };

static TcgRig *rig_with_state(bool x87)
{
    static const guint8 nops[6] = { 0x90, 0x90, 0x90, 0x90, 0x90, 0x90 };
    TcgRig *rig = tcg_rig_new();
    X86CpuState state;

    tcg_rig_mode(rig, TCG_RIG_PROTECTED32, &state);
    state.cr4 |= 0x600;                         /* OSFXSR, OSXMMEXCPT */
    tcg_rig_load(rig, TCG_RIG_CODE, code, sizeof(code));
    if (!x87) {
        tcg_rig_load(rig, TCG_RIG_CODE + FLD, nops, sizeof(nops));
        tcg_rig_load(rig, TCG_RIG_CODE + FSTP, nops, sizeof(nops));
    }
    tcg_rig_load(rig, OPERANDS, operands, sizeof(operands));
    tcg_rig_reset(rig, &state);
    return rig;
}

/* Runs the guest to its end; returns its results in memory. */
static const guint8 *finish(TcgRig *rig)
{
    rig->ram[FLAG] = 1;
    rig->n_done = 0;
    tcg_rig_run(rig, 0);
    g_assert_cmpstr(rig->trace->str, ==, "e");
    return rig->ram + RESULTS;
}

static void save(const char *folder, Cpu *cpu, const guint8 *ram)
{
    g_autoptr(GByteArray) state = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    device_save(&cpu->device, state, &error);
    g_assert_no_error(error);
    write_file(folder, "state", state->data, state->len);
    write_file(folder, "ram", ram, TCG_RIG_RAM);
}

/* Continues in a new process, which must get the same results. */
static void go_on(const char *folder, const guint8 *results)
{
    g_assert_cmpmem(results + 16, 16, operands, 16);
    write_file(folder, "results", results, RESULTS_SIZE);
    g_setenv(VARIABLE, folder, TRUE);
    g_test_trap_subprocess("/tcg/moved/subprocess/goes-on", 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
    g_test_trap_assert_passed();
    for (guint i = 0; i < 3; i++) {
        g_autofree char *path = file_in(folder, ((const char *[]){ "state", "ram", "results" })[i]);

        g_unlink(path);
    }
    g_rmdir(folder);
}

static void test_from_tcg(void)
{
    g_autoptr(TcgRig) rig = rig_with_state(true);
    g_autofree char *folder = g_dir_make_tmp("vmd-moved-XXXXXX", NULL);

    tcg_rig_run(rig, 0);
    save(folder, rig->cpu, rig->ram);
    g_assert_cmpmem(finish(rig) + 32, 8, operands + 16, 8);
    go_on(folder, rig->ram + RESULTS);
}

/* On KVM, with the state that the other rig would begin with; without the x87, as a KVM that
 * emulates instructions does not support it. */
static Rig *kvm_rig_with_state(void)
{
    g_autoptr(TcgRig) other = rig_with_state(false);
    Rig *rig = rig_new(NULL);
    X86CpuState state;

    other->ops->vcpu_get(other->accel, other->cpu, &state, NULL);
    rig_load(rig, 0, other->ram, RIG_RAM_SIZE);
    rig_set_state(rig, &state);
    return rig;
}

static void test_from_kvm(void)
{
    g_autoptr(Rig) rig = NULL;
    g_autofree char *folder = NULL, *ram = g_malloc0(TCG_RIG_RAM);

    if (!kvm_present()) {
        g_test_skip("/dev/kvm is not usable");
        return;
    }
    g_assert_true(rig_available());
    rig = kvm_rig_with_state();
    folder = g_dir_make_tmp("vmd-moved-XXXXXX", NULL);
    rig_run(rig);
    memcpy(ram, rig->ram, RIG_RAM_SIZE);
    save(folder, rig->cpu, (const guint8 *)ram);
    rig->ram[FLAG] = 1;
    rig_clear(rig);
    rig_run(rig);
    go_on(folder, rig->ram + RESULTS);
}

static void test_goes_on(void)
{
    const char *folder = g_getenv(VARIABLE);
    TcgRig *rig = tcg_rig_new();
    gsize size, ram_size, n_results;
    g_autofree char *state = read_file(folder, "state", &size);
    g_autofree char *ram = read_file(folder, "ram", &ram_size);
    g_autofree char *results = read_file(folder, "results", &n_results);
    g_autoptr(GError) error = NULL;
    X86CpuState reset;

    tcg_rig_mode(rig, TCG_RIG_REAL, &reset);
    tcg_rig_reset(rig, &reset);
    g_assert_cmpuint(ram_size, ==, TCG_RIG_RAM);
    memcpy(rig->ram, ram, ram_size);
    device_load(&rig->cpu->device, (const guint8 *)state, size, &error);
    g_assert_no_error(error);
    g_assert_cmpmem(finish(rig), RESULTS_SIZE, results, n_results);
    tcg_rig_free(rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcg/moved/from-tcg", test_from_tcg);
    g_test_add_func("/tcg/moved/from-kvm", test_from_kvm);
    g_test_add_func("/tcg/moved/subprocess/goes-on", test_goes_on);
    return g_test_run();
}
