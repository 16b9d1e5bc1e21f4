/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts into a halted guest by each way there is, and writes that only
 * signal a descriptor.
 */
#include "config.h"
#include "tests/unit/kvm-rig.h"

#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "qmp/error.h"

enum {
    READY = 0x80,               /* port: the guest waits for an interrupt */
    MSI_VECTOR = 0x50,
};

/* First PIC: vectors from 0x20, all lines open. */
#define INIT_PIC \
    0xb0, 0x11, 0xe6, 0x20, 0xb0, 0x20, 0xe6, 0x21, 0xb0, 0x04, 0xe6, 0x21, \
    0xb0, 0x01, 0xe6, 0x21, 0xb0, 0x00, 0xe6, 0x21
/* out READY, al; sti; hlt; jmp back to hlt */
#define WAIT_FOR_INTERRUPT 0xe6, READY, 0xfb, 0xf4, 0xeb, 0xfd
/* mov al, 0x20; out 0x20, al; out DONE, al; iret */
#define PIC_HANDLER 0xb0, 0x20, 0xe6, 0x20, 0xe6, RIG_DONE, 0xcf
/* mov ecx, 0x80f; mov eax, 0x1ff; xor edx, edx; wrmsr: local APIC on (x2APIC) */
#define INIT_APIC \
    0x66, 0xb9, 0x0f, 0x08, 0x00, 0x00, 0x66, 0xb8, 0xff, 0x01, 0x00, 0x00, \
    0x66, 0x31, 0xd2, 0x0f, 0x30
/* mov ecx, 0x80b; xor eax, eax; xor edx, edx; wrmsr (EOI); out DONE, al; iret */
#define APIC_HANDLER \
    0x66, 0xb9, 0x0b, 0x08, 0x00, 0x00, 0x66, 0x31, 0xc0, 0x66, 0x31, 0xd2, \
    0x0f, 0x30, 0xe6, RIG_DONE, 0xcf

static bool is_ready(Rig *rig)
{
    return rig->n_accesses > 0;
}

static void set_vector(Rig *rig, guint vector, guint16 address)
{
    guint8 entry[4] = { address & 0xff, address >> 8, 0, 0 };

    rig_load(rig, vector * 4, entry, sizeof(entry));
}

/* A guest that waits for IRQ `irq` of the first PIC. */
static Rig *pic_rig(guint irq)
{
    Rig *rig = rig_new(NULL);

    RIG_LOAD(rig, RIG_CODE, INIT_PIC, WAIT_FOR_INTERRUPT);
    RIG_LOAD(rig, RIG_HANDLER, PIC_HANDLER);
    set_vector(rig, 0x20 + irq, RIG_HANDLER);
    return rig;
}

static Rig *apic_rig(void)
{
    Rig *rig = rig_new(NULL);
    X86CpuState state;

    rig_state_real(&state);
    state.apic_base |= 1 << 10;
    rig_set_state(rig, &state);
    RIG_LOAD(rig, RIG_CODE, INIT_APIC, WAIT_FOR_INTERRUPT);
    RIG_LOAD(rig, RIG_HANDLER, APIC_HANDLER);
    set_vector(rig, MSI_VECTOR, RIG_HANDLER);
    return rig;
}

static void start_waiting(Rig *rig)
{
    rig_resume(rig);
    rig_wait(rig, is_ready);
    g_assert_cmphex(rig_access(rig, 0)->address, ==, READY);
    g_assert_cmpuint(rig->n_done, ==, 0);
}

/* The handler ran once for what was just done. */
static void expect_interrupt(Rig *rig)
{
    rig_wait(rig, rig_is_done);
    g_assert_cmpuint(rig->n_done, ==, 1);
    rig->n_done = 0;
}

static void signal_fd(int fd)
{
    guint64 one = 1;

    g_assert_cmpint(write(fd, &one, sizeof(one)), ==, sizeof(one));
}

static bool was_signalled(int fd)
{
    struct pollfd pollfd = { .fd = fd, .events = POLLIN };
    guint64 count;

    if (poll(&pollfd, 1, 0) == 0) {
        return false;
    }
    g_assert_cmpint(read(fd, &count, sizeof(count)), ==, sizeof(count));
    return true;
}

static int new_eventfd(void)
{
    int fd = eventfd(0, EFD_CLOEXEC);

    g_assert_cmpint(fd, >=, 0);
    return fd;
}

static void test_halt_and_irq(void)
{
    g_autoptr(Rig) rig = pic_rig(4);

    start_waiting(rig);
    for (guint i = 0; i < 3; i++) {
        rig->ops->set_gsi(rig->accel, 4, true);
        expect_interrupt(rig);
        rig->ops->set_gsi(rig->accel, 4, false);
    }
    rig_pause(rig);
}

/* A pause leaves the halted CPU halted, and the interrupt wakes it later. */
static void test_irq_while_paused(void)
{
    g_autoptr(Rig) rig = pic_rig(4);

    start_waiting(rig);
    rig_pause(rig);
    rig->ops->set_gsi(rig->accel, 4, true);
    g_assert_cmpuint(rig->n_done, ==, 0);
    rig_resume(rig);
    expect_interrupt(rig);
    rig_pause(rig);
}

static void test_irqfd(void)
{
    g_autoptr(Rig) rig = pic_rig(4);
    g_autoptr(GError) error = NULL;
    int fd = new_eventfd();

    g_assert_true(rig->ops->irqfd_add(rig->accel, 4, fd, -1, &error));
    g_assert_false(rig->ops->irqfd_add(rig->accel, 4, fd, -1, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_HOST_ERROR));
    start_waiting(rig);
    signal_fd(fd);
    expect_interrupt(rig);
    signal_fd(fd);
    expect_interrupt(rig);
    rig->ops->irqfd_del(rig->accel, 4, fd);
    rig_pause(rig);
    close(fd);
}

/* Level-triggered: the guest's end of interrupt comes back. */
static void test_irqfd_resample(void)
{
    g_autoptr(Rig) rig = pic_rig(4);
    int fd = new_eventfd(), resample = new_eventfd();

    RIG_LOAD(rig, RIG_CODE, INIT_PIC,
             0xb0, 0x10, 0xba, 0xd0, 0x04, 0xee,        /* mov al, 0x10; mov dx, 0x4d0; out */
             WAIT_FOR_INTERRUPT);
    g_assert_true(rig->ops->irqfd_add(rig->accel, 4, fd, resample, NULL));
    start_waiting(rig);
    g_assert_false(was_signalled(resample));
    signal_fd(fd);
    expect_interrupt(rig);
    g_assert_true(was_signalled(resample));
    rig_pause(rig);
    rig->ops->irqfd_del(rig->accel, 4, fd);
    close(fd);
    close(resample);
}

static void test_pit(void)
{
    g_autoptr(Rig) rig = pic_rig(0);
    gsize size = rig->ops->chip_size(rig->accel, ACCEL_CHIP_PIT);
    g_autofree guint8 *before = g_malloc0(size);
    g_autofree guint8 *after = g_malloc0(size);

    g_assert_true(rig->ops->pit_create(rig->accel, true, NULL));
    g_assert_true(rig->ops->chip_get(rig->accel, ACCEL_CHIP_PIT, before, NULL));
    RIG_LOAD(rig, RIG_CODE, INIT_PIC,
             0xb0, 0x30, 0xe6, 0x43,                    /* channel 0: one shot */
             0xb0, 0x00, 0xe6, 0x40, 0xb0, 0x08, 0xe6, 0x40,    /* in 2048 ticks */
             WAIT_FOR_INTERRUPT);
    rig_resume(rig);            /* the tick may come before this thread runs again */
    expect_interrupt(rig);
    rig_pause(rig);
    g_assert_true(rig->ops->chip_get(rig->accel, ACCEL_CHIP_PIT, after, NULL));
    g_assert_true(memcmp(before, after, size) != 0);
    g_assert_true(rig->ops->chip_set(rig->accel, ACCEL_CHIP_PIT, before, NULL));
}

static void assert_same(const StateRow *rows, const void *a, const void *b)
{
    g_autoptr(GByteArray) saved_a = g_byte_array_new();
    g_autoptr(GByteArray) saved_b = g_byte_array_new();

    state_save(rows, a, saved_a);
    state_save(rows, b, saved_b);
    g_assert_cmpmem(saved_a->data, saved_a->len, saved_b->data, saved_b->len);
}

/* Registers that are put into KVM's chips come back; a PIT's counts start over. */
static void test_registers(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    const X86Chip pic = { .pic = {
        .edges = 0x40, .isr = 0x20, .imr = 0x82, .icw1 = 1, .icw2 = 0x28, .icw3 = 4, .icw4 = 3,
        .expect = X86_PIC_EXPECT_ICW3, .lowest = 3, .read_isr = true, .special_mask = true,
        .elcr = 0x20, .levels = 0x60 } };
    X86Chip ioapic = { .ioapic = { .ioregsel = 0x12, .id = 5, .arb = 5 } };
    X86Chip pit = { .pit = { .speaker = true } }, got;

    for (guint i = 0; i < X86_IOAPIC_N_PINS; i++) {
        ioapic.ioapic.ioredtbl[i] = 0x10030 + i;
    }
    for (guint i = 0; i < X86_PIT_N_COUNTERS; i++) {
        pit.pit.counters[i] = (X86PitCounter){
            .mode = 2 + (i > 0), .rw = 3, .cr = 0x1234 + i, .cr_low = 7, .loaded = true,
            .counting = 0x1234 + i, .gate = true, .write_high = i == 1, .read_high = i != 1,
            .latched = i == 2, .count_latch = 0x5678, .status_latched = i == 0,
            .status_latch = 0x34 };
    }
    g_assert_true(rig->ops->pit_create(rig->accel, true, NULL));
    g_assert_true(rig->ops->chip_load(rig->accel, ACCEL_CHIP_PIC_MASTER, &pic, NULL));
    g_assert_true(rig->ops->chip_save(rig->accel, ACCEL_CHIP_PIC_MASTER, &got, NULL));
    assert_same(x86_pic_rows, &got, &pic);
    g_assert_true(rig->ops->chip_load(rig->accel, ACCEL_CHIP_IOAPIC, &ioapic, NULL));
    g_assert_true(rig->ops->chip_save(rig->accel, ACCEL_CHIP_IOAPIC, &got, NULL));
    assert_same(x86_ioapic_rows, &got, &ioapic);
    g_assert_true(rig->ops->chip_load(rig->accel, ACCEL_CHIP_PIT, &pit, NULL));
    g_assert_true(rig->ops->chip_save(rig->accel, ACCEL_CHIP_PIT, &got, NULL));
    for (guint i = 0; i < X86_PIT_N_COUNTERS; i++) {
        g_assert_cmpint(got.pit.counters[i].start, <=, 0);
        got.pit.counters[i].start = 0;
    }
    assert_same(x86_pit_rows, &got, &pit);
}

/* GSI 0 is the I/O APIC's pin 2, all others are the pin of their number. */
static guint32 raised_pins(Rig *rig)
{
    guint64 state[64];
    guint32 irr;

    g_assert_cmpuint(rig->ops->chip_size(rig->accel, ACCEL_CHIP_IOAPIC), <=, sizeof(state));
    g_assert_true(rig->ops->chip_get(rig->accel, ACCEL_CHIP_IOAPIC, state, NULL));
    memcpy(&irr, (guint8 *)state + 16, sizeof(irr));    /* after base, ioregsel, id */
    return irr;
}

static void test_pins(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);

    g_assert_cmphex(raised_pins(rig), ==, 0);
    rig->ops->set_gsi(rig->accel, 0, true);
    g_assert_cmphex(raised_pins(rig), ==, 1 << 2);
    rig->ops->set_gsi(rig->accel, 0, false);
    rig->ops->set_gsi(rig->accel, 23, true);
    g_assert_cmphex(raised_pins(rig) & 1 << 23, ==, 1 << 23);
}

/* A level from before the first CPU, when there are no chips yet, counts. */
static void test_early_level(void)
{
    g_autoptr(Object) root = object_root_new();
    Accel *accel = rig_accel_new(root, NULL, NULL, NULL);
    const AccelOps *ops = accel_ops(accel);
    guint8 state[512];
    guint32 irr;

    ops->set_gsi(accel, 5, true);
    ops->set_gsi(accel, 6, true);
    ops->set_gsi(accel, 6, false);
    g_assert_true(ops->chip_get(accel, ACCEL_CHIP_IOAPIC, state, NULL));
    memcpy(&irr, state + 16, sizeof(irr));
    g_assert_cmphex(irr, ==, 1 << 5);
    object_destroy(&accel->object);
}

static void test_msi_send(void)
{
    g_autoptr(Rig) rig = apic_rig();
    AccelMsi msi = { .address = 0xfee00000, .data = MSI_VECTOR };

    start_waiting(rig);
    g_assert_true(rig->ops->msi_send(rig->accel, &msi));
    expect_interrupt(rig);
    rig_pause(rig);
}

static void test_msi_route(void)
{
    g_autoptr(Rig) rig = apic_rig();
    AccelMsi first = { .address = 0xfee00000, .data = MSI_VECTOR };
    AccelMsi second = { .address = 0xfee00000, .data = MSI_VECTOR + 1 };
    int fd = new_eventfd();
    int gsi, other;

    gsi = rig->ops->msi_route_add(rig->accel, &first, NULL);
    other = rig->ops->msi_route_add(rig->accel, &first, NULL);
    g_assert_cmpint(gsi, >=, 24);
    g_assert_cmpint(other, >, gsi);
    g_assert_true(rig->ops->irqfd_add(rig->accel, gsi, fd, -1, NULL));
    start_waiting(rig);
    signal_fd(fd);
    expect_interrupt(rig);

    RIG_LOAD(rig, RIG_HANDLER + 0x100, 0xb0, 0x77, 0xe6, 0x81, APIC_HANDLER);
    set_vector(rig, MSI_VECTOR + 1, RIG_HANDLER + 0x100);
    g_assert_true(rig->ops->msi_route_update(rig->accel, gsi, &second, NULL));
    rig_clear(rig);
    signal_fd(fd);
    expect_interrupt(rig);
    g_assert_cmphex(rig_access(rig, 0)->address, ==, 0x81);
    rig_pause(rig);

    rig->ops->irqfd_del(rig->accel, gsi, fd);
    rig->ops->msi_route_del(rig->accel, gsi);
    g_assert_cmpint(rig->ops->msi_route_add(rig->accel, &first, NULL), ==, gsi);
    close(fd);
}

static void test_ioeventfd_port(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    AccelIoeventfd kick = { .pio = true, .address = 0x510, .size = 2, .fd = new_eventfd() };
    X86CpuState state;

    g_assert_true(rig->ops->ioeventfd_add(rig->accel, &kick, NULL));
    RIG_LOAD(rig, RIG_CODE, 0xba, 0x10, 0x05, 0xef, 0xe6, RIG_DONE, 0xf4, 0xeb, 0xfd);
    rig_run(rig);
    g_assert_true(was_signalled(kick.fd));
    g_assert_cmpuint(rig->n_accesses, ==, 1);

    rig->ops->ioeventfd_del(rig->accel, &kick);
    rig_clear(rig);
    rig_state_real(&state);
    rig_set_state(rig, &state);
    rig_run(rig);
    g_assert_false(was_signalled(kick.fd));
    g_assert_cmpuint(rig->n_accesses, ==, 2);
    close(kick.fd);
}

/* Only the value that it waits for; all others still exit. */
static void test_ioeventfd_mmio_match(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    AccelIoeventfd kick = { .address = RIG_MMIO + 0x50, .size = 2, .match = true, .value = 5,
                            .fd = new_eventfd() };
    guint64 count;

    g_assert_true(rig->ops->ioeventfd_add(rig->accel, &kick, NULL));
    RIG_LOAD(rig, RIG_CODE,
             0xb8, 0x00, 0xa0, 0x8e, 0xd8,              /* mov ax, 0xa000; mov ds, ax */
             0xc7, 0x06, 0x50, 0x00, 0x06, 0x00,        /* mov word [0x50], 6 */
             0xc7, 0x06, 0x50, 0x00, 0x05, 0x00,        /* mov word [0x50], 5 */
             0xe6, RIG_DONE, 0xf4, 0xeb, 0xfd);
    rig_run(rig);
    g_assert_cmpint(read(kick.fd, &count, sizeof(count)), ==, sizeof(count));
    g_assert_cmpuint(count, ==, 1);
    g_assert_cmpuint(rig->n_accesses, ==, 2);
    g_assert_cmphex(rig_access(rig, 0)->data[0], ==, 6);
    rig->ops->ioeventfd_del(rig->accel, &kick);
    close(kick.fd);
}

/* Local APICs alone: MSIs work, a PIT and chips there are none, and a pin's
 * message goes by its GSI. */
static void test_split(void)
{
    g_autoptr(Rig) rig = rig_new("split");
    g_autoptr(GError) error = NULL;
    AccelMsi msi = { .address = 0xfee00000, .data = MSI_VECTOR };
    X86CpuState state;

    rig_state_real(&state);
    state.apic_base |= 1 << 10;
    rig_set_state(rig, &state);
    RIG_LOAD(rig, RIG_CODE, INIT_APIC, WAIT_FOR_INTERRUPT);
    RIG_LOAD(rig, RIG_HANDLER, APIC_HANDLER);
    set_vector(rig, MSI_VECTOR, RIG_HANDLER);
    g_assert_cmpint(rig->ops->irqchip(rig->accel), ==, ACCEL_IRQCHIP_SPLIT);
    g_assert_false(rig->ops->pit_create(rig->accel, true, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_NOT_SUPPORTED));
    g_assert_true(rig->ops->msi_route_update(rig->accel, 5, &msi, NULL));
    start_waiting(rig);
    g_assert_true(rig->ops->msi_send(rig->accel, &msi));
    expect_interrupt(rig);
    rig->ops->set_gsi(rig->accel, 5, true);
    expect_interrupt(rig);
    rig_pause(rig);
}

static bool has_eoi(Rig *rig)
{
    return rig->n_eois > 0;
}

/* Of a pin's message that is a level, the end is told; of an edge it is not. */
static void test_split_eoi(void)
{
    g_autoptr(Rig) rig = rig_new("split");
    AccelMsi level = { .address = 0xfee00000, .data = 0xc000 | MSI_VECTOR };
    AccelMsi edge = { .address = 0xfee00000, .data = 0x4000 | MSI_VECTOR };
    X86CpuState state;

    rig_state_real(&state);
    state.apic_base |= 1 << 10;
    rig_set_state(rig, &state);
    RIG_LOAD(rig, RIG_CODE, INIT_APIC, WAIT_FOR_INTERRUPT);
    RIG_LOAD(rig, RIG_HANDLER, APIC_HANDLER);
    set_vector(rig, MSI_VECTOR, RIG_HANDLER);
    g_assert_true(rig->ops->msi_route_update(rig->accel, 5, &level, NULL));
    start_waiting(rig);
    for (guint i = 0; i < 2; i++) {
        rig->ops->set_gsi(rig->accel, 5, true);
        rig->ops->set_gsi(rig->accel, 5, false);
        expect_interrupt(rig);
        rig_wait(rig, has_eoi);
        g_assert_cmpuint(rig->n_eois, ==, 1);
        g_assert_cmphex(rig->eoi_vector, ==, MSI_VECTOR);
        rig->n_eois = 0;
    }
    g_assert_true(rig->ops->msi_route_update(rig->accel, 5, &edge, NULL));
    rig->ops->set_gsi(rig->accel, 5, true);
    expect_interrupt(rig);
    rig_pause(rig);
    g_assert_cmpuint(rig->n_eois, ==, 0);
    rig->ops->msi_route_del(rig->accel, 5);
}

static void raise_extint(Rig *rig, guint8 vector)
{
    rig->pic_vector = vector;
    rig->ops->set_extint(rig->accel, true);
}

/* out DONE, al; iret */
#define PLAIN_HANDLER 0xe6, RIG_DONE, 0xcf

static bool is_done_twice(Rig *rig)
{
    return rig->n_done > 1;
}

/* The machine's PICs wake a guest that is halted. */
static void test_split_extint(void)
{
    g_autoptr(Rig) rig = rig_new("split");
    guint n_taken;

    RIG_LOAD(rig, RIG_CODE, WAIT_FOR_INTERRUPT);
    RIG_LOAD(rig, RIG_HANDLER, PLAIN_HANDLER);
    set_vector(rig, 0x20, RIG_HANDLER);
    start_waiting(rig);
    for (guint i = 0; i < 3; i++) {
        raise_extint(rig, 0x20);
        expect_interrupt(rig);
        g_assert_cmpint(rig->pic_vector, ==, -1);
    }
    raise_extint(rig, 0x20);
    rig->ops->set_extint(rig->accel, false);        /* gone again: taken or not */
    rig_pause(rig);
    n_taken = rig->pic_vector == -1;
    g_assert_cmpuint(rig->n_done, <=, n_taken);
    /* The pause may have come between the injection and the handler, which then
     * runs at the resume. */
    raise_extint(rig, 0x20);                        /* while it is parked */
    rig_resume(rig);
    rig_wait(rig, n_taken ? is_done_twice : rig_is_done);
    rig_pause(rig);
    g_assert_cmpuint(rig->n_done, ==, n_taken + 1);
}

static bool has_polled(Rig *rig)
{
    return rig->n_accesses > 3;
}

/* Not before the guest lets interrupts in. */
static void test_split_extint_masked(void)
{
    g_autoptr(Rig) rig = rig_new("split");

    /* l: in al, 0x81; test al, al; jz l; sti; hlt; jmp back to hlt */
    RIG_LOAD(rig, RIG_CODE, 0xfa, 0xe4, 0x81, 0x84, 0xc0, 0x74, 0xfa, 0xfb, 0xf4, 0xeb, 0xfd);
    RIG_LOAD(rig, RIG_HANDLER, PLAIN_HANDLER);
    set_vector(rig, 0x28, RIG_HANDLER);
    rig_resume(rig);
    rig_wait(rig, has_polled);
    raise_extint(rig, 0x28);
    rig->n_accesses = 0;
    rig_wait(rig, has_polled);
    g_assert_cmpuint(rig->n_done, ==, 0);
    g_assert_cmpint(rig->pic_vector, ==, 0x28);
    rig->read_value = 1;
    expect_interrupt(rig);
    rig_pause(rig);
}

static void test_off(void)
{
    g_autoptr(Rig) rig = rig_new("off");
    g_autoptr(GError) error = NULL;
    AccelMsi msi = { .address = 0xfee00000, .data = MSI_VECTOR };

    g_assert_cmpint(rig->ops->irqchip(rig->accel), ==, ACCEL_IRQCHIP_OFF);
    g_assert_cmpint(rig->ops->msi_route_add(rig->accel, &msi, &error), ==, -1);
    g_assert_true(qmp_error_is(error, ERROR_REASON_NOT_SUPPORTED));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (!rig_available()) {
        return 0;
    }
    g_test_add_func("/kvm/interrupt/halt-and-irq", test_halt_and_irq);
    g_test_add_func("/kvm/interrupt/irq-while-paused", test_irq_while_paused);
    g_test_add_func("/kvm/interrupt/irqfd", test_irqfd);
    g_test_add_func("/kvm/interrupt/irqfd-resample", test_irqfd_resample);
    g_test_add_func("/kvm/interrupt/pit", test_pit);
    g_test_add_func("/kvm/interrupt/registers", test_registers);
    g_test_add_func("/kvm/interrupt/pins", test_pins);
    g_test_add_func("/kvm/interrupt/early-level", test_early_level);
    g_test_add_func("/kvm/interrupt/msi-send", test_msi_send);
    g_test_add_func("/kvm/interrupt/msi-route", test_msi_route);
    g_test_add_func("/kvm/interrupt/split", test_split);
    g_test_add_func("/kvm/interrupt/split-eoi", test_split_eoi);
    g_test_add_func("/kvm/interrupt/split-extint", test_split_extint);
    g_test_add_func("/kvm/interrupt/split-extint-masked", test_split_extint_masked);
    g_test_add_func("/kvm/interrupt/off", test_off);
    g_test_add_func("/kvm/ioeventfd/port", test_ioeventfd_port);
    g_test_add_func("/kvm/ioeventfd/mmio-match", test_ioeventfd_mmio_match);
    return g_test_run();
}
