/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/acpi/piix4-pm.c, pm1.c and piix4-smbus.c: power management registers, the
 * system control interrupt, sleeping, and the SMBus host.
 */
#include "config.h"

#include "hw/acpi/piix4-pm.h"
#include "hw/acpi/pm1.h"
#include "hw/machine/power.h"
#include "qmp/error.h"
#include "tests/lib/pc-chips.h"

enum { PM = 0x600, GPE = 0xafe0, APMC = 0xb2, SMB = 0xb100, SCI = 9 };
enum { PMSTS = PM, PMEN = PM + 2, PMCNTRL = PM + 4, PMTMR = PM + 8 };

static PcChips *mapped(void)
{
    PcChips *chips = pc_chips_new();

    pc_chips_write(chips, PC_CHIPS_PM, 0x40, PM | 1, 4);
    pc_chips_write(chips, PC_CHIPS_PM, 0x80, 1, 1);
    return chips;
}

/* ACPI is on. */
static PcChips *enabled(void)
{
    PcChips *chips = mapped();

    rig_out(chips->rig, APMC, 0xf1, 1);
    return chips;
}

/* ---- Configuration registers ---- */

static void test_header(void)
{
    g_autoptr(PcChips) chips = pc_chips_new();

    g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_PM, 0x00, 4), ==, 0x71138086);
    g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_PM, 0x04, 4), ==, 0x02800000);
    g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_PM, 0x08, 4), ==, 0x06800003);
    g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_PM, 0x3d, 1), ==, 1);
    g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_PM, 0x40, 4), ==, 1);
    /* Firmware need not set SMM up. */
    g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_PM, 0x58, 4), ==, 0x02000000);
    g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_PM, 0x90, 4), ==, SMB | 1);
    g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_PM, 0xd2, 1), ==, 0x09);
}

static void test_base(void)
{
    g_autoptr(PcChips) chips = pc_chips_new();
    Rig *rig = chips->rig;

    pc_chips_write(chips, PC_CHIPS_PM, 0x40, 0xffffffff, 4);
    g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_PM, 0x40, 4), ==, 0xffc1);
    pc_chips_write(chips, PC_CHIPS_PM, 0x40, PM, 4);
    g_assert_cmphex(rig_in(rig, PMSTS, 2), ==, 0xffff); /* not switched on */
    pc_chips_write(chips, PC_CHIPS_PM, 0x80, 0xff, 1);
    g_assert_cmphex(pc_chips_read(chips, PC_CHIPS_PM, 0x80, 1), ==, 1);
    g_assert_cmphex(rig_in(rig, PMSTS, 2), ==, 0);
    pc_chips_write(chips, PC_CHIPS_PM, 0x40, 0xb000, 4);
    g_assert_cmphex(rig_in(rig, PMSTS, 2), ==, 0xffff);
    g_assert_cmphex(rig_in(rig, 0xb000, 2), ==, 0);
    rig_reset(rig);
    g_assert_cmphex(rig_in(rig, 0xb000, 2), ==, 0xffff);
    piix4_pm_map(chips->pm, PM);
    g_assert_cmphex(rig_in(rig, PMSTS, 2), ==, 0);
}

/* ---- PM1 ---- */

static void test_event_block(void)
{
    g_autoptr(PcChips) chips = mapped();
    Rig *rig = chips->rig;

    rig_out(rig, PMEN, 0xffff, 2);
    g_assert_cmphex(rig_in(rig, PMEN, 2), ==, 0x0521);
    g_assert_cmphex(rig_in(rig, PMSTS, 4), ==, 0x05210000);
    rig_out(rig, PMEN + 1, 0x01, 1);
    g_assert_cmphex(rig_in(rig, PMEN, 2), ==, 0x0121);
    rig_out(rig, PMSTS, 0x00200000, 4);
    g_assert_cmphex(rig_in(rig, PMEN, 1), ==, 0x20);
    rig_reset(rig);
    piix4_pm_map(chips->pm, PM);
    g_assert_cmphex(rig_in(rig, PMEN, 2), ==, 0);
}

static void test_button(void)
{
    g_autoptr(PcChips) chips = mapped();
    Rig *rig = chips->rig;

    g_assert_true(machine_has_power_button(rig->machine));
    machine_press_power_button(rig->machine);
    g_assert_cmphex(rig_in(rig, PMSTS, 2), ==, PM1_PWRBTN);
    g_assert_false(chips->irq_levels[SCI]);
    rig_out(rig, PMEN, PM1_PWRBTN, 2);
    g_assert_false(chips->irq_levels[SCI]);             /* ACPI is off */
    rig_out(rig, APMC, 0xf1, 1);
    g_assert_true(chips->irq_levels[SCI]);
    rig_out(rig, PMSTS, PM1_TMR, 2);                    /* another bit */
    g_assert_true(chips->irq_levels[SCI]);
    rig_out(rig, PMSTS, PM1_PWRBTN, 2);
    g_assert_false(chips->irq_levels[SCI]);
    g_assert_cmphex(rig_in(rig, PMSTS, 2), ==, 0);
}

static void test_apm(void)
{
    g_autoptr(PcChips) chips = mapped();
    Rig *rig = chips->rig;

    rig_out(rig, 0xb3, 0x5a, 1);
    g_assert_cmphex(rig_in(rig, 0xb3, 1), ==, 0x5a);
    g_assert_cmphex(rig_in(rig, PMCNTRL, 2), ==, 0);
    rig_out(rig, APMC, 0xf1, 1);
    g_assert_cmphex(rig_in(rig, APMC, 1), ==, 0xf1);
    g_assert_cmphex(rig_in(rig, PMCNTRL, 2), ==, PM1_SCI_EN);
    rig_out(rig, APMC, 0x11, 1);
    g_assert_cmphex(rig_in(rig, PMCNTRL, 2), ==, PM1_SCI_EN);
    rig_out(rig, APMC, 0xf0, 1);
    g_assert_cmphex(rig_in(rig, PMCNTRL, 2), ==, 0);
}

/* ---- Timer ---- */

#define HALF_NS G_GINT64_CONSTANT(2343484438)  /* 2^23 ticks, rounded up */

static void test_timer(void)
{
    g_autoptr(PcChips) chips = mapped();
    Rig *rig = chips->rig;

    g_assert_cmphex(rig_in(rig, PMTMR, 4), ==, 0);
    clock_advance(rig->clock, 1000000000);
    g_assert_cmpuint(rig_in(rig, PMTMR, 4), ==, 3579545);
    rig_out(rig, PMTMR, 0, 4);                          /* read only */
    g_assert_cmpuint(rig_in(rig, PMTMR, 4), ==, 3579545);
    g_assert_cmphex(rig_in(rig, PMSTS, 2), ==, 0);
    clock_advance(rig->clock, HALF_NS);
    g_assert_cmphex(rig_in(rig, PMTMR, 4), ==, 0x800000);
    g_assert_cmphex(rig_in(rig, PMSTS, 2), ==, PM1_TMR);
    rig_out(rig, PMSTS, PM1_TMR, 2);
    g_assert_cmphex(rig_in(rig, PMSTS, 2), ==, 0);
    clock_advance(rig->clock, 2 * HALF_NS);
    g_assert_cmphex(rig_in(rig, PMTMR, 4) >> 8, ==, 0); /* 24 bits */
    g_assert_cmphex(rig_in(rig, PMSTS, 2), ==, PM1_TMR);
}

static void test_timer_interrupt(void)
{
    g_autoptr(PcChips) chips = enabled();
    Rig *rig = chips->rig;

    rig_out(rig, PMEN, PM1_TMR, 2);
    g_assert_cmpint(clock_deadline(rig->clock), ==, HALF_NS);
    clock_advance(rig->clock, HALF_NS - 1);
    g_assert_false(chips->irq_levels[SCI]);
    clock_advance(rig->clock, HALF_NS);
    g_assert_true(chips->irq_levels[SCI]);
    rig_out(rig, PMSTS, PM1_TMR, 2);
    g_assert_false(chips->irq_levels[SCI]);
    clock_advance(rig->clock, 3 * HALF_NS);
    g_assert_cmpuint(chips->irq_edges[SCI], ==, 2);
    rig_out(rig, PMEN, 0, 2);
    g_assert_false(chips->irq_levels[SCI]);
    g_assert_cmpint(clock_deadline(rig->clock), ==, -1);
}

/* ---- Sleeping ---- */

static void test_power_off(void)
{
    g_autoptr(PcChips) chips = mapped();
    Rig *rig = chips->rig;

    rig_out(rig, PMCNTRL, 0x0001, 2);
    rig_deliver(rig);
    g_assert_cmpuint(rig->shutdowns, ==, 0);
    rig_out(rig, PMCNTRL + 1, 0x20, 1);
    rig_deliver(rig);
    g_assert_cmpuint(rig->shutdowns, ==, 1);
    g_assert_cmpint(rig->cause, ==, SHUTDOWN_CAUSE_GUEST_SHUTDOWN);
    g_assert_cmpint(rig->status, ==, 0);
    g_assert_cmphex(rig_in(rig, PMCNTRL, 2), ==, 0x0001);       /* SUS_EN reads as 0 */
}

static void test_sleep_types(void)
{
    g_autoptr(PcChips) chips = mapped();
    Rig *rig = chips->rig;

    rig_out(rig, PMCNTRL, 1 << 10 | 0x2000, 2);
    rig_deliver(rig);
    g_assert_cmpuint(rig->suspends, ==, 1);
    rig_out(rig, PMCNTRL, 2 << 10 | 0x2000, 2);
    rig_deliver(rig);
    g_assert_cmpuint(rig->disk_suspends, ==, 1);
    rig_out(rig, PMCNTRL, 5 << 10 | 0x2000, 2);
    rig_deliver(rig);
    g_assert_cmpuint(rig->suspends + rig->disk_suspends, ==, 2);
    g_assert_cmpuint(rig->shutdowns, ==, 0);
}

static void test_waking(void)
{
    g_autoptr(PcChips) chips = mapped();

    machine_wake(chips->rig->machine, WAKE_REASON_OTHER);
    piix4_pm_map(chips->pm, PM);
    g_assert_cmphex(rig_in(chips->rig, PMSTS, 2), ==, PM1_WAK_STS);
}

/* 7.3.2: RTC_EN; nobody is woken who runs. */
static void test_wake_requests(void)
{
    g_autoptr(PcChips) chips = mapped();
    Rig *rig = chips->rig;

    rig->machine->running = true;
    machine_request_wake(rig->machine, WAKE_REASON_OTHER);
    rig->machine->running = false;
    machine_request_wake(rig->machine, WAKE_REASON_RTC);
    rig_deliver(rig);
    g_assert_cmpuint(rig->wakes[WAKE_REASON_OTHER] + rig->wakes[WAKE_REASON_RTC], ==, 0);
    rig_out(rig, PMEN, PM1_RTC, 2);
    machine_request_wake(rig->machine, WAKE_REASON_RTC);
    machine_request_wake(rig->machine, WAKE_REASON_RTC);
    rig_deliver(rig);
    g_assert_cmpuint(rig->wakes[WAKE_REASON_RTC], ==, 1);
    machine_wake(rig->machine, WAKE_REASON_RTC);
    piix4_pm_map(chips->pm, PM);
    g_assert_cmphex(rig_in(rig, PMSTS, 2), ==, PM1_WAK_STS | PM1_RTC);
}

static void test_no_sleep(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    Device *pm;

    rig_device(rig, "i440FX-pcihost", "host", &error, NULL);
    pm = rig_device(rig, "PIIX4_PM", "pm", &error, "disable_s3", "1", "disable_s4", "1", NULL);
    g_assert_no_error(error);
    rig_reset(rig);
    piix4_pm_map(pm, PM);
    rig_out(rig, PMCNTRL, 1 << 10 | 0x2000, 2);
    rig_out(rig, PMCNTRL, 2 << 10 | 0x2000, 2);
    rig_deliver(rig);
    g_assert_cmpuint(rig->suspends + rig->disk_suspends + rig->shutdowns, ==, 0);
    /* The SMBus host is where the firmware will put it. */
    g_assert_cmphex(rig_in(rig, SMB, 1), ==, 0xff);
}

static void test_smm(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;

    rig_device(rig, "i440FX-pcihost", "host", &error, NULL);
    g_assert_no_error(error);
    g_assert_null(rig_device(rig, "PIIX4_PM", "pm", &error, "smm-enabled", "on", NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_NOT_SUPPORTED));
}

/* ---- Other registers ---- */

static void test_other_ports(void)
{
    g_autoptr(PcChips) chips = mapped();
    Rig *rig = chips->rig;

    g_assert_cmphex(rig_in(rig, PM + 0x34, 4), ==, 0x7fffbfff);
    rig_out(rig, PM + 0x34, 0x12345678, 4);
    g_assert_cmphex(rig_in(rig, PM + 0x34, 4), ==, 0x12345678);
    rig_out(rig, PM + 0x28, 0xffffffff, 4);
    g_assert_cmphex(rig_in(rig, PM + 0x28, 4), ==, 0x07ffffff);
    rig_out(rig, PM + 0x0c, 0xffff, 2);                 /* status without events */
    g_assert_cmphex(rig_in(rig, PM + 0x0c, 2), ==, 0);
    rig_out(rig, PM + 0x3f, 0xff, 1);
    g_assert_cmphex(rig_in(rig, PM + 0x3f, 1), ==, 0);
    rig_reset(rig);
    piix4_pm_map(chips->pm, PM);
    g_assert_cmphex(rig_in(rig, PM + 0x34, 4), ==, 0x7fffbfff);
    g_assert_cmphex(rig_in(rig, PM + 0x28, 4), ==, 0);
}

static void test_gpe(void)
{
    g_autoptr(PcChips) chips = enabled();
    Rig *rig = chips->rig;

    g_assert_cmphex(rig_in(rig, GPE, 4), ==, 0);
    rig_out(rig, GPE + 2, 0xa5, 1);
    rig_out(rig, GPE + 3, 0x5a, 1);
    g_assert_cmphex(rig_in(rig, GPE, 4), ==, 0x5aa50000);
    rig_out(rig, GPE, 0xff, 1);
    g_assert_cmphex(rig_in(rig, GPE, 2), ==, 0);
    g_assert_false(chips->irq_levels[SCI]);
}

/* ---- SMBus host ---- */

static void test_smbus(void)
{
    g_autoptr(PcChips) chips = pc_chips_new();
    Rig *rig = chips->rig;

    rig_out(rig, SMB + 4, 0xa1, 1);
    rig_out(rig, SMB + 3, 0x10, 1);
    g_assert_cmphex(rig_in(rig, SMB + 4, 1), ==, 0xa1);
    g_assert_cmphex(rig_in(rig, SMB + 3, 1), ==, 0x10);
    rig_out(rig, SMB + 2, 0x48, 1);                     /* start: a byte */
    g_assert_cmphex(rig_in(rig, SMB, 1), ==, 0x04);     /* nobody answered */
    g_assert_cmphex(rig_in(rig, SMB + 2, 1), ==, 0x08);
    g_assert_false(chips->irq_levels[SCI]);
    rig_out(rig, SMB, 0x04, 1);
    g_assert_cmphex(rig_in(rig, SMB, 1), ==, 0);
    rig_out(rig, SMB + 2, 0x49, 1);
    g_assert_true(chips->irq_levels[SCI]);
    rig_out(rig, SMB, 0xff, 1);
    g_assert_false(chips->irq_levels[SCI]);
    rig_out(rig, SMB + 2, 0x02, 1);                     /* kill */
    g_assert_cmphex(rig_in(rig, SMB, 1), ==, 0x10);
}

static void test_smbus_block(void)
{
    g_autoptr(PcChips) chips = pc_chips_new();
    Rig *rig = chips->rig;

    rig_in(rig, SMB + 2, 1);
    for (guint i = 0; i < 40; i++) {
        rig_out(rig, SMB + 7, i, 1);
    }
    rig_in(rig, SMB + 2, 1);
    for (guint i = 0; i < 32; i++) {
        g_assert_cmphex(rig_in(rig, SMB + 7, 1), ==, i < 8 ? i + 32 : i);
    }
    for (guint i = 5; i < 12; i++) {
        if (i != 7 && i != 9) {
            rig_out(rig, SMB + i, 0x0f, 1);
            g_assert_cmphex(rig_in(rig, SMB + i, 1), ==, 0x0f);
        }
    }
    pc_chips_write(chips, PC_CHIPS_PM, 0xd2, 0, 1);
    g_assert_cmphex(rig_in(rig, SMB, 1), ==, 0xff);
}

/* ---- Two of them ---- */

static void test_state(void)
{
    g_autoptr(PcChips) a = enabled();
    g_autoptr(PcChips) b = pc_chips_new();
    g_autoptr(GByteArray) state = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    rig_out(a->rig, PMEN, PM1_PWRBTN, 2);
    machine_press_power_button(a->rig->machine);
    g_assert_true(a->irq_levels[SCI]);
    g_assert_false(b->irq_levels[SCI]);
    device_save(a->pm, state, NULL);
    g_assert_true(device_load(b->pm, state->data, state->len, &error));
    g_assert_no_error(error);
    g_assert_true(b->irq_levels[SCI]);
    g_assert_cmphex(rig_in(b->rig, PMSTS, 4), ==, 0x01000100);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/piix4-pm/header", test_header);
    g_test_add_func("/piix4-pm/base", test_base);
    g_test_add_func("/piix4-pm/event-block", test_event_block);
    g_test_add_func("/piix4-pm/button", test_button);
    g_test_add_func("/piix4-pm/apm", test_apm);
    g_test_add_func("/piix4-pm/timer", test_timer);
    g_test_add_func("/piix4-pm/timer-interrupt", test_timer_interrupt);
    g_test_add_func("/piix4-pm/power-off", test_power_off);
    g_test_add_func("/piix4-pm/sleep-types", test_sleep_types);
    g_test_add_func("/piix4-pm/waking", test_waking);
    g_test_add_func("/piix4-pm/wake-requests", test_wake_requests);
    g_test_add_func("/piix4-pm/no-sleep", test_no_sleep);
    g_test_add_func("/piix4-pm/smm", test_smm);
    g_test_add_func("/piix4-pm/other-ports", test_other_ports);
    g_test_add_func("/piix4-pm/gpe", test_gpe);
    g_test_add_func("/piix4-pm/smbus", test_smbus);
    g_test_add_func("/piix4-pm/smbus-block", test_smbus_block);
    g_test_add_func("/piix4-pm/state", test_state);
    return g_test_run();
}
