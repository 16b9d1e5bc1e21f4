/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exits of a vCPU: what the guest does arrives at the machine, and what the
 * machine answers arrives in the guest.
 */
#include "config.h"
#include "tests/unit/kvm-rig.h"

#include <string.h>

#include "qom/device.h"

#define END 0xe6, RIG_DONE, 0xf4, 0xeb, 0xfd    /* out DONE, al; hlt; jmp back to hlt */

static void check(Rig *rig, guint i, RigAccess want)
{
    const RigAccess *got = rig_access(rig, i);

    g_assert_true(got->pio == want.pio);
    g_assert_cmphex(got->address, ==, want.address);
    g_assert_cmpuint(got->size, ==, want.size);
    g_assert_cmpuint(got->count, ==, want.count);
    g_assert_true(got->is_write == want.is_write);
    g_assert_cmpmem(got->data, want.size * want.count, want.data, want.size * want.count);
}

static void test_port_out(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);

    RIG_LOAD(rig, RIG_CODE,
             0x66, 0xb8, 0x44, 0x33, 0x22, 0x11,        /* mov eax, 0x11223344 */
             0xba, 0x00, 0x05,                          /* mov dx, 0x500 */
             0xee,                                      /* out dx, al */
             0xef,                                      /* out dx, ax */
             0x66, 0xef,                                /* out dx, eax */
             END);
    rig_run(rig);
    check(rig, 0, (RigAccess){ .pio = true, .address = 0x500, .size = 1, .count = 1,
                               .is_write = true, .data = { 0x44 } });
    check(rig, 1, (RigAccess){ .pio = true, .address = 0x500, .size = 2, .count = 1,
                               .is_write = true, .data = { 0x44, 0x33 } });
    check(rig, 2, (RigAccess){ .pio = true, .address = 0x500, .size = 4, .count = 1,
                               .is_write = true, .data = { 0x44, 0x33, 0x22, 0x11 } });
    g_assert_cmpuint(rig->accesses->len, ==, 4);
}

static void test_port_in(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);

    rig->read_value = 0x8899aabb;
    RIG_LOAD(rig, RIG_CODE,
             0x66, 0x31, 0xc0,                          /* xor eax, eax */
             0xba, 0x00, 0x05,                          /* mov dx, 0x500 */
             0xec, 0x66, 0xa3, 0x00, 0x30,              /* in al, dx; mov [0x3000], eax */
             0xed, 0x66, 0xa3, 0x04, 0x30,              /* in ax, dx; mov [0x3004], eax */
             0x66, 0xed, 0x66, 0xa3, 0x08, 0x30,        /* in eax, dx; mov [0x3008], eax */
             END);
    rig_run(rig);
    g_assert_cmpmem(rig->ram + 0x3000, 12, "\xbb\0\0\0\xbb\xaa\0\0\xbb\xaa\x99\x88", 12);
}

/* The kernel may split a string access over exits; together they are whole. */
static void test_port_string_out(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    GString *text = g_string_new(NULL);

    memcpy(rig->ram + 0x3000, "a string for a port", 19);
    RIG_LOAD(rig, RIG_CODE,
             0xfc,                                      /* cld */
             0xbe, 0x00, 0x30,                          /* mov si, 0x3000 */
             0xb9, 0x13, 0x00,                          /* mov cx, 19 */
             0xba, 0x02, 0x04,                          /* mov dx, 0x402 */
             0xf3, 0x6e,                                /* rep outsb */
             END);
    rig_run(rig);
    for (guint i = 0; rig_access(rig, i)->address == 0x402; i++) {
        const RigAccess *access = rig_access(rig, i);

        g_assert_cmpuint(access->size, ==, 1);
        g_string_append_len(text, (const char *)access->data, access->count);
    }
    g_assert_cmpstr(text->str, ==, "a string for a port");
    g_string_free(text, TRUE);
}

static void test_port_string_in(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);

    rig->read_value = 0x5a69;
    RIG_LOAD(rig, RIG_CODE,
             0xfc,                                      /* cld */
             0xbf, 0x00, 0x30,                          /* mov di, 0x3000 */
             0xb9, 0x03, 0x00,                          /* mov cx, 3 */
             0xba, 0x02, 0x04,                          /* mov dx, 0x402 */
             0xf3, 0x6d,                                /* rep insw */
             END);
    rig_run(rig);
    g_assert_cmpmem(rig->ram + 0x3000, 6, "\x69\x5a\x69\x5a\x69\x5a", 6);
}

static void test_mmio(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);

    rig->read_value = 0x8899aabb;
    RIG_LOAD(rig, RIG_CODE,
             0xb8, 0x00, 0xa0, 0x8e, 0xd8,              /* mov ax, 0xa000; mov ds, ax */
             0xc6, 0x06, 0x10, 0x00, 0x42,              /* mov byte [0x10], 0x42 */
             0xc7, 0x06, 0x20, 0x00, 0x34, 0x12,        /* mov word [0x20], 0x1234 */
             0x66, 0xa1, 0x30, 0x00,                    /* mov eax, [0x30] */
             0x2e, 0x66, 0xa3, 0x00, 0x30,              /* mov cs:[0x3000], eax */
             END);
    rig_run(rig);
    check(rig, 0, (RigAccess){ .address = RIG_MMIO + 0x10, .size = 1, .count = 1,
                               .is_write = true, .data = { 0x42 } });
    check(rig, 1, (RigAccess){ .address = RIG_MMIO + 0x20, .size = 2, .count = 1,
                               .is_write = true, .data = { 0x34, 0x12 } });
    check(rig, 2, (RigAccess){ .address = RIG_MMIO + 0x30, .size = 4, .count = 1 });
    g_assert_cmpmem(rig->ram + 0x3000, 4, "\xbb\xaa\x99\x88", 4);
}

static void test_mmio_64_bit(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    X86CpuState state;

    rig_state_long(rig, &state);
    rig_set_state(rig, &state);
    rig->read_value = 0x1122334455667788;
    RIG_LOAD(rig, RIG_CODE,
             0xbb, 0x00, 0x00, 0x00, 0xd0,              /* mov ebx, 0xd0000000 */
             0x48, 0x8b, 0x03,                          /* mov rax, [rbx] */
             0x48, 0xff, 0xc0,                          /* inc rax */
             0x48, 0x89, 0x43, 0x08,                    /* mov [rbx + 8], rax */
             END);
    rig_run(rig);
    check(rig, 0, (RigAccess){ .address = 0xd0000000, .size = 8, .count = 1 });
    check(rig, 1, (RigAccess){ .address = 0xd0000008, .size = 8, .count = 1, .is_write = true,
                               .data = { 0x89, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11 } });
}

/* Nothing can be fetched from there; the vCPU parks and says why. */
static void test_internal_error(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    X86CpuState state;

    RIG_LOAD(rig, RIG_CODE, 0xea, 0x00, 0x00, 0x00, 0xb0);      /* jmp 0xb000:0 */
    rig_resume(rig);
    rig_wait(rig, rig_has_failed);
    g_assert_nonnull(strstr(rig->internal_error, "KVM internal error"));
    g_assert_nonnull(strstr(rig->internal_error, "RIP 0x0"));
    rig_pause(rig);
    rig_clear(rig);

    /* With another state it runs again. */
    rig_state_real(&state);
    rig_set_state(rig, &state);
    RIG_LOAD(rig, RIG_CODE, END);
    rig_run(rig);
}

/* An exception that finds no handler, nor handler of that. */
static void test_triple_fault(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    X86CpuState state;

    rig_state_long(rig, &state);        /* its IDT has limit 0xffff at 0: all zero */
    state.idt.limit = 0;
    rig_set_state(rig, &state);
    RIG_LOAD(rig, RIG_CODE, 0x0f, 0x0b);        /* ud2 */
    rig_resume(rig);
    rig_wait(rig, rig_was_reset);
    rig_pause(rig);
    g_assert_cmpuint(rig->n_resets, ==, 1);
    rig_clear(rig);

    rig->ops->vcpu_reset(rig->accel, rig->cpu, &rig->cpu->reset_state, NULL);
    rig_state_real(&state);
    rig_set_state(rig, &state);
    RIG_LOAD(rig, RIG_CODE, END);
    rig_run(rig);
    g_assert_cmpuint(rig->n_resets, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (!rig_available()) {
        return 0;
    }
    g_test_add_func("/kvm/exit/port-out", test_port_out);
    g_test_add_func("/kvm/exit/port-in", test_port_in);
    g_test_add_func("/kvm/exit/port-string-out", test_port_string_out);
    g_test_add_func("/kvm/exit/port-string-in", test_port_string_in);
    g_test_add_func("/kvm/exit/mmio", test_mmio);
    g_test_add_func("/kvm/exit/mmio-64-bit", test_mmio_64_bit);
    g_test_add_func("/kvm/exit/internal-error", test_internal_error);
    g_test_add_func("/kvm/exit/triple-fault", test_triple_fault);
    return g_test_run();
}
