/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * e1000: registers by both BARs, EEPROM, PHY, interrupts with their delays, two
 * cards, and which state survives which reset.  Frames are in
 * test-e1000-frames.c.
 */
#include "config.h"

#include <string.h>

#include "qmp/error.h"
#include "qmp/visit.h"
#include "qom/qapi-objects-net.h"
#include "tests/lib/e1000-driver.h"

static guint32 io_read(E1000Driver *d, guint32 reg)
{
    rig_out(d->bench->rig, d->io, reg, 4);
    return rig_in(d->bench->rig, d->io + 4, 4);
}

static void io_write(E1000Driver *d, guint32 reg, guint32 value)
{
    rig_out(d->bench->rig, d->io, reg, 4);
    rig_out(d->bench->rig, d->io + 4, value, 4);
}

/* ---- Registers ---- */

static void test_reset_values(void)
{
    static const struct {
        guint32 reg, value;
    } values[] = {
        { REG_CTRL, 0x00000241 }, { REG_CTRL_DUP, 0x00000241 }, { REG_STATUS, 0x00000283 },
        { REG_EECD, 0x00000118 }, { REG_VET, 0x8100 }, { REG_FCAL, 0x00c28001 },
        { REG_FCAH, 0x0100 }, { REG_FCT, 0x8808 }, { REG_ICR, 0 }, { REG_IMS, 0 },
        { REG_RCTL, 0 }, { REG_TCTL, 0 }, { REG_TIPG, 0x00602008 }, { REG_LEDCTL, 0x07061302 },
        { REG_PBA, 0x00100030 }, { REG_RXDCTL, 0x00010000 }, { REG_TSPMT, 0x01000400 },
        { REG_RAL0, 0x12005452 }, { REG_RAL0 + 4, 0x80005634 }, { REG_RAL0 + 8, 0 },
        { 0x0003c, 0 }, { 0x1fffc, 0 },
    };
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, NULL);

    for (guint i = 0; i < G_N_ELEMENTS(values); i++) {
        g_test_message("register %05x", values[i].reg);
        g_assert_cmphex(e1000_driver_read(d, values[i].reg), ==, values[i].value);
        g_assert_cmphex(io_read(d, values[i].reg), ==, values[i].value);
    }
}

/* All ones are what remains of the bits that exist. */
static void test_masks(void)
{
    static const struct {
        guint32 reg, mask;
    } masks[] = {
        { REG_STATUS, 0x283 }, { REG_FLA, 0x7 }, { REG_ITR, 0xffff }, { REG_TIPG, 0x3fffffff },
        { REG_RDBAL, 0xfffffff0 }, { REG_RDBAH, 0xffffffff }, { REG_RDLEN, 0x000fff80 },
        { REG_RDH, 0xffff }, { REG_RDT, 0xffff }, { REG_RDTR, 0xffff }, { REG_RADV, 0xffff },
        { REG_TDBAL, 0xfffffff0 }, { REG_TDLEN, 0x000fff80 }, { REG_TDH, 0xffff },
        { REG_TDT, 0xffff }, { REG_TIDV, 0xffff }, { REG_TADV, 0xffff }, { REG_RXCSUM, 0x7ff },
        { REG_MTA, 0xffffffff }, { REG_MTA + 0x1fc, 0xffffffff }, { REG_VFTA, 0xffffffff },
        { REG_VFTA + 0x1fc, 0xffffffff }, { REG_RAL0 + 0x7c, 0xffffffff },
        { REG_STATISTICS + 0x74, 0 },
    };
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, NULL);

    for (guint i = 0; i < G_N_ELEMENTS(masks); i++) {
        g_test_message("register %05x", masks[i].reg);
        e1000_driver_write(d, masks[i].reg, 0xffffffff);
        g_assert_cmphex(e1000_driver_read(d, masks[i].reg), ==, masks[i].mask);
        io_write(d, masks[i].reg, 0);
        g_assert_cmphex(e1000_driver_read(d, masks[i].reg) & ~0x283u, ==, 0);
    }
}

/* IODATA beyond the registers, and IOADDR itself. */
static void test_io(void)
{
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, NULL);

    io_write(d, REG_FCAL, 0x12345678);
    g_assert_cmphex(e1000_driver_read(d, REG_FCAL), ==, 0x12345678);
    g_assert_cmphex(rig_in(b->rig, d->io, 4), ==, REG_FCAL);
    io_write(d, 0x20000 + REG_FCAL, 0);
    io_write(d, 0xffffffff, 0);
    g_assert_cmphex(io_read(d, 0x20000 + REG_FCAL), ==, 0);
    g_assert_cmphex(e1000_driver_read(d, REG_FCAL), ==, 0x12345678);
    g_assert_cmphex(rig_in(b->rig, d->io + 8, 4), ==, 0);
}

/* CTRL.RST: the MAC's registers go back, PHY and EEPROM stay as they are. */
static void test_reset(void)
{
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, NULL);

    e1000_driver_start(d, RCTL_UPE);
    e1000_driver_write(d, REG_IMS, ICR_LSC);
    e1000_driver_write(d, REG_ICS, ICR_LSC);
    g_assert_true(e1000_driver_line(d));
    e1000_driver_write(d, REG_RAL0, 0);
    e1000_driver_write_phy(d, PHY_AN_ADVERTISE, 0x0001);
    e1000_driver_write(d, REG_CTRL, CTRL_RST);
    g_assert_false(e1000_driver_line(d));
    g_assert_cmphex(e1000_driver_read(d, REG_CTRL), ==, 0x241);
    g_assert_cmphex(e1000_driver_read(d, REG_IMS), ==, 0);
    g_assert_cmphex(e1000_driver_read(d, REG_RCTL), ==, 0);
    g_assert_cmphex(e1000_driver_read(d, REG_RDLEN), ==, 0);
    g_assert_cmphex(e1000_driver_read(d, REG_RAL0), ==, 0x12005452);
    g_assert_cmphex(e1000_driver_read(d, REG_STATUS), ==, 0x283);
    g_assert_cmphex(e1000_driver_read_phy(d, PHY_AN_ADVERTISE), ==, 0x0001);
}

/* ---- EEPROM ---- */

static guint16 read_eerd(E1000Driver *d, guint word)
{
    guint32 value;

    e1000_driver_write(d, REG_EERD, EERD_START | word << EERD_ADDR_SHIFT);
    value = e1000_driver_read(d, REG_EERD);
    g_assert_cmphex(value & EERD_DONE, ==, EERD_DONE);
    return value >> EERD_DATA_SHIFT;
}

static void test_eeprom(void)
{
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, "mac", "00:11:22:33:44:55", NULL);
    guint16 sum = 0;

    g_assert_cmphex(read_eerd(d, 0), ==, 0x1100);
    g_assert_cmphex(read_eerd(d, 1), ==, 0x3322);
    g_assert_cmphex(read_eerd(d, 2), ==, 0x5544);
    g_assert_cmphex(read_eerd(d, 0x0d), ==, 0x100e);
    g_assert_cmphex(read_eerd(d, 0x0e), ==, 0x8086);
    for (guint i = 0; i < 64; i++) {
        sum += read_eerd(d, i);
    }
    g_assert_cmphex(sum, ==, 0xbaba);
    e1000_driver_write(d, REG_EERD, 5 << EERD_ADDR_SHIFT);
    g_assert_cmphex(e1000_driver_read(d, REG_EERD) & EERD_DONE, ==, 0);
}

/* The same word by hand: select, clock bits in and out. */
static void clock_bit(E1000Driver *d, bool bit)
{
    guint32 lines = EECD_REQ | EECD_CS | (bit ? EECD_DI : 0);

    e1000_driver_write(d, REG_EECD, lines);
    e1000_driver_write(d, REG_EECD, lines | EECD_SK);
    e1000_driver_write(d, REG_EECD, lines);
}

static void clock_bits(E1000Driver *d, guint32 bits, guint n)
{
    while (n-- > 0) {
        clock_bit(d, bits >> n & 1);
    }
}

static void select_eeprom(E1000Driver *d)
{
    e1000_driver_write(d, REG_EECD, EECD_REQ);
    g_assert_cmphex(e1000_driver_read(d, REG_EECD) & (EECD_GNT | EECD_PRES), ==,
                    EECD_GNT | EECD_PRES);
    e1000_driver_write(d, REG_EECD, EECD_REQ | EECD_CS);
}

static guint16 read_serially(E1000Driver *d, guint word)
{
    guint16 value = 0;

    select_eeprom(d);
    clock_bits(d, 6 << 6 | word, 9);
    g_assert_cmphex(e1000_driver_read(d, REG_EECD) & EECD_DO, ==, 0);
    for (guint i = 0; i < 16; i++) {
        clock_bit(d, false);
        value = value << 1 | !!(e1000_driver_read(d, REG_EECD) & EECD_DO);
    }
    e1000_driver_write(d, REG_EECD, 0);
    g_assert_cmphex(e1000_driver_read(d, REG_EECD) & EECD_GNT, ==, 0);
    return value;
}

static void write_serially(E1000Driver *d, guint word, guint16 value)
{
    select_eeprom(d);
    clock_bits(d, 5 << 6 | word, 9);
    clock_bits(d, value, 16);
    e1000_driver_write(d, REG_EECD, EECD_REQ);
    e1000_driver_write(d, REG_EECD, EECD_REQ | EECD_CS);
    g_assert_cmphex(e1000_driver_read(d, REG_EECD) & EECD_DO, ==, EECD_DO);
    e1000_driver_write(d, REG_EECD, 0);
}

/* EWEN, EWDS, WRAL, ERAL: the start bit, 00, and two bits of the address. */
static void command(E1000Driver *d, guint which, guint16 data)
{
    select_eeprom(d);
    clock_bits(d, 4 << 6 | which << 4, 9);
    clock_bits(d, data, 16);
    e1000_driver_write(d, REG_EECD, 0);
}

static void test_microwire(void)
{
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, NULL);

    for (guint i = 0; i < 64; i++) {
        g_assert_cmphex(read_serially(d, i), ==, read_eerd(d, i));
    }
    select_eeprom(d);
    clock_bits(d, 0, 5);                    /* zeros before the start bit mean nothing */
    clock_bits(d, 6 << 6 | 0x0d, 9);
    clock_bit(d, false);
    clock_bit(d, false);
    e1000_driver_write(d, REG_EECD, 0);

    write_serially(d, 5, 0x1234);           /* not before EWEN */
    g_assert_cmphex(read_serially(d, 5), ==, 0xffff);
    command(d, 3, 0);
    write_serially(d, 5, 0x1234);
    g_assert_cmphex(read_serially(d, 5), ==, 0x1234);
    select_eeprom(d);                       /* erase */
    clock_bits(d, 7 << 6 | 5, 9);
    e1000_driver_write(d, REG_EECD, 0);
    g_assert_cmphex(read_serially(d, 5), ==, 0xffff);
    command(d, 1, 0x5a5a);
    g_assert_cmphex(read_serially(d, 63), ==, 0x5a5a);
    command(d, 2, 0);
    g_assert_cmphex(read_serially(d, 0), ==, 0xffff);
    write_serially(d, 0, 0x5452);
    command(d, 0, 0);
    write_serially(d, 1, 0x1200);           /* not after EWDS */
    g_assert_cmphex(read_serially(d, 1), ==, 0xffff);
    /* The address comes from there when the card is told to read it again. */
    e1000_driver_write(d, REG_CTRL_EXT, CTRL_EXT_EE_RST);
    g_assert_cmphex(e1000_driver_read(d, REG_RAL0), ==, 0xffff5452);
    g_assert_cmphex(e1000_driver_read(d, REG_CTRL_EXT), ==, 0);
}

/* ---- PHY ---- */

static void test_phy(void)
{
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, NULL);

    g_assert_cmphex(e1000_driver_read_phy(d, PHY_ID1), ==, 0x0141);
    g_assert_cmphex(e1000_driver_read_phy(d, PHY_ID2), ==, 0x0c20);
    g_assert_cmphex(e1000_driver_read_phy(d, PHY_STATUS), ==, 0x796d);
    g_assert_cmphex(e1000_driver_read_phy(d, PHY_SPEC_STATUS), ==, 0xac00);
    g_assert_cmphex(e1000_driver_read_phy(d, PHY_1000T_STATUS), ==, 0x3c00);
    e1000_driver_write_phy(d, PHY_ID1, 0xffff);
    g_assert_cmphex(e1000_driver_read_phy(d, PHY_ID1), ==, 0x0141);
    e1000_driver_write_phy(d, PHY_EXT_SPEC_CTRL, 0x0d72);
    g_assert_cmphex(e1000_driver_read_phy(d, PHY_EXT_SPEC_CTRL), ==, 0x0d72);
    /* Another PHY, and no operation. */
    e1000_driver_write(d, REG_MDIC, 2 << MDIC_PHY_SHIFT | MDIC_OP_READ);
    g_assert_cmphex(e1000_driver_read(d, REG_MDIC) & (MDIC_E | MDIC_R), ==, MDIC_E | MDIC_R);
    e1000_driver_write(d, REG_MDIC, 1 << MDIC_PHY_SHIFT);
    g_assert_cmphex(e1000_driver_read(d, REG_MDIC) & MDIC_E, ==, MDIC_E);
    /* An interrupt, if it is asked for. */
    g_assert_cmphex(e1000_driver_read(d, REG_ICR), ==, 0);
    e1000_driver_write(d, REG_MDIC, 1 << MDIC_PHY_SHIFT | MDIC_OP_READ | MDIC_I);
    g_assert_cmphex(e1000_driver_read(d, REG_ICR), ==, ICR_MDAC);
}

static void test_negotiation(void)
{
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, NULL);

    e1000_driver_write(d, REG_IMS, ICR_LSC);
    e1000_driver_write_phy(d, PHY_CTRL, PHY_CTRL_AN_ENABLE | PHY_CTRL_RESTART_AN);
    g_assert_cmphex(e1000_driver_read_phy(d, PHY_CTRL), ==, PHY_CTRL_AN_ENABLE);
    g_assert_cmphex(e1000_driver_read(d, REG_STATUS) & STATUS_LU, ==, 0);
    g_assert_cmphex(e1000_driver_read_phy(d, PHY_STATUS) & 0x24, ==, 0);
    g_assert_true(e1000_driver_line(d));
    g_assert_cmphex(e1000_driver_read(d, REG_ICR), ==, ICR_LSC);
    e1000_bench_wait(b, 499000000);
    g_assert_false(e1000_driver_line(d));
    e1000_bench_wait(b, 2000000);
    g_assert_true(e1000_driver_line(d));
    g_assert_cmphex(e1000_driver_read(d, REG_STATUS) & STATUS_LU, ==, STATUS_LU);
    g_assert_cmphex(e1000_driver_read_phy(d, PHY_STATUS) & 0x24, ==, 0x24);
    /* The same by the MAC's reset line of the PHY. */
    e1000_driver_write_phy(d, PHY_AN_ADVERTISE, 0x0001);
    e1000_driver_write(d, REG_CTRL, CTRL_PHY_RST);
    g_assert_cmphex(e1000_driver_read_phy(d, PHY_AN_ADVERTISE), ==, 0x0de1);
    g_assert_cmphex(e1000_driver_read(d, REG_STATUS) & STATUS_LU, ==, 0);
    e1000_bench_wait(b, 501000000);
    g_assert_cmphex(e1000_driver_read(d, REG_STATUS) & STATUS_LU, ==, STATUS_LU);
}

static void test_no_negotiation(void)
{
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, "autonegotiation", "off", NULL);

    e1000_driver_write_phy(d, PHY_CTRL, PHY_CTRL_RESET);
    g_assert_cmphex(e1000_driver_read(d, REG_STATUS) & STATUS_LU, ==, STATUS_LU);
    g_assert_cmphex(e1000_driver_read_phy(d, PHY_CTRL), ==, 0x1140);
}

/* set_link, on the card and on its backend. */
static void test_link(void)
{
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, NULL);
    Nic *nic = nic_of(&d->dev->object);

    e1000_driver_write(d, REG_IMS, ICR_LSC);
    nic_set_link(nic, false);
    g_assert_true(e1000_driver_line(d));
    g_assert_cmphex(e1000_driver_read(d, REG_ICR), ==, ICR_LSC);
    g_assert_cmphex(e1000_driver_read(d, REG_STATUS) & STATUS_LU, ==, 0);
    g_assert_cmphex(e1000_driver_read_phy(d, PHY_SPEC_STATUS), ==, 0xa000);
    net_set_link(d->net, true);
    g_assert_true(e1000_driver_line(d));
    g_assert_cmphex(e1000_driver_read(d, REG_STATUS) & STATUS_LU, ==, STATUS_LU);
    /* That it was lost shows once. */
    g_assert_cmphex(e1000_driver_read_phy(d, PHY_STATUS) & PHY_STATUS_LINK, ==, 0);
    g_assert_cmphex(e1000_driver_read_phy(d, PHY_STATUS) & PHY_STATUS_LINK, ==, PHY_STATUS_LINK);
    /* Without a cable, negotiation finds nobody. */
    nic_set_link(nic, false);
    e1000_driver_write_phy(d, PHY_CTRL, PHY_CTRL_RESET);
    e1000_bench_wait(b, 600000000);
    g_assert_cmphex(e1000_driver_read(d, REG_STATUS) & STATUS_LU, ==, 0);
}

/* What clients are told of filters. */
static void test_query_filter(void)
{
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, NULL);
    Nic *nic = nic_of(&d->dev->object);
    RxFilterInfo *info = nic_query_filter(nic);

    g_assert_cmpint(info->unicast, ==, RX_STATE_NONE);
    g_assert_cmpstr(info->main_mac, ==, "52:54:00:12:34:56");
    g_assert_cmpstr(info->name, ==, "nic0");
    qmp_clear(&qmp_type_RxFilterInfo, &info);
    e1000_driver_start(d, RCTL_MPE | RCTL_VFE);
    e1000_driver_write(d, REG_RAL0 + 8, 0x44332200);
    e1000_driver_write(d, REG_RAL0 + 12, RAH_AV | 0x6655);
    e1000_driver_write(d, REG_RAL0 + 16, 0x005e0001);
    e1000_driver_write(d, REG_RAL0 + 20, RAH_AV | 0x0100);
    e1000_driver_write(d, REG_VFTA + 4, 0x10);
    info = nic_query_filter(nic);
    g_assert_false(info->promiscuous);
    g_assert_cmpint(info->unicast, ==, RX_STATE_NORMAL);
    g_assert_cmpint(info->multicast, ==, RX_STATE_ALL);
    g_assert_cmpint(info->vlan, ==, RX_STATE_NORMAL);
    g_assert_false(info->broadcast_allowed || info->multicast_overflow);
    g_assert_cmpuint(info->unicast_table.n, ==, 1);
    g_assert_cmpstr(info->unicast_table.items[0], ==, "00:22:33:44:55:66");
    g_assert_cmpuint(info->multicast_table.n, ==, 1);
    g_assert_cmpstr(info->multicast_table.items[0], ==, "01:00:5e:00:00:01");
    g_assert_cmpuint(info->vlan_table.n, ==, 1);
    g_assert_cmpint(info->vlan_table.items[0], ==, 36);
    qmp_clear(&qmp_type_RxFilterInfo, &info);
    e1000_driver_write(d, REG_MTA + 8, 1);
    e1000_driver_write(d, REG_RCTL, RCTL_EN | RCTL_UPE | RCTL_MPE | RCTL_BAM);
    info = nic_query_filter(nic);
    g_assert_true(info->promiscuous && info->multicast_overflow && info->broadcast_allowed);
    qmp_clear(&qmp_type_RxFilterInfo, &info);
}

/* ---- Interrupts ---- */

static void test_causes(void)
{
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, NULL);

    e1000_driver_write(d, REG_ICS, ICR_LSC | ICR_RXT0);
    g_assert_false(e1000_driver_line(d));
    e1000_driver_write(d, REG_IMS, ICR_RXT0);
    g_assert_true(e1000_driver_line(d));
    e1000_driver_write(d, REG_IMS, ICR_TXDW);
    g_assert_cmphex(e1000_driver_read(d, REG_IMS), ==, ICR_RXT0 | ICR_TXDW);
    e1000_driver_write(d, REG_ICR, ICR_RXT0);
    g_assert_false(e1000_driver_line(d));
    g_assert_cmphex(e1000_driver_read(d, REG_ICR), ==, ICR_LSC);
    g_assert_cmphex(e1000_driver_read(d, REG_ICR), ==, 0);
    e1000_driver_write(d, REG_ICS, ICR_TXDW);
    g_assert_true(e1000_driver_line(d));
    e1000_driver_write(d, REG_IMC, ICR_TXDW);
    g_assert_false(e1000_driver_line(d));
    g_assert_cmphex(e1000_driver_read(d, REG_IMC), ==, 0);
    g_assert_cmphex(e1000_driver_read(d, REG_ICS), ==, 0);
    e1000_driver_write(d, REG_ICS, 0xffffffff);
    g_assert_cmphex(e1000_driver_read(d, REG_ICR), ==, ICR_CAUSES);
}

/* ITR: 1000 units of 256 ns. */
static void test_throttle(void)
{
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, NULL);

    e1000_driver_write(d, REG_ITR, 1000);
    e1000_driver_write(d, REG_IMS, ICR_TXDW);
    e1000_driver_write(d, REG_ICS, ICR_TXDW);
    g_assert_true(e1000_driver_line(d));
    g_assert_cmphex(e1000_driver_read(d, REG_ICR), ==, ICR_TXDW);
    e1000_driver_write(d, REG_ICS, ICR_TXDW);
    g_assert_false(e1000_driver_line(d));
    e1000_bench_wait(b, 255000);
    g_assert_false(e1000_driver_line(d));
    e1000_bench_wait(b, 2000);
    g_assert_true(e1000_driver_line(d));
}

static void test_no_mitigation(void)
{
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, "mitigation", "off", NULL);

    e1000_driver_write(d, REG_ITR, 1000);
    e1000_driver_write(d, REG_IMS, ICR_TXDW);
    for (guint i = 0; i < 3; i++) {
        e1000_driver_write(d, REG_ICS, ICR_TXDW);
        g_assert_true(e1000_driver_line(d));
        g_assert_cmphex(e1000_driver_read(d, REG_ICR), ==, ICR_TXDW);
    }
}

/* ---- Life ---- */

static void test_two(void)
{
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, NULL), *e = e1000_driver_new(b, NULL);

    g_assert_cmphex(read_eerd(d, 2), ==, 0x5634);
    g_assert_cmphex(read_eerd(e, 2), ==, 0x5734);
    e1000_driver_write(d, REG_FCTTV, 0x1111);
    e1000_driver_write(e, REG_FCTTV, 0x2222);
    g_assert_cmphex(e1000_driver_read(d, REG_FCTTV), ==, 0x1111);
    e1000_driver_write(e, REG_IMS, ICR_TXDW);
    e1000_driver_write(e, REG_ICS, ICR_TXDW);
    g_assert_true(e1000_driver_line(e));
    g_assert_false(e1000_driver_line(d));
    device_unmake(g_steal_pointer(&d->dev));
    g_assert_cmphex(e1000_driver_read(e, REG_FCTTV), ==, 0x2222);
}

static void test_properties(void)
{
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, "init-vet", "off", NULL);
    const E1000Props *props = e1000_props(d->dev);
    g_autoptr(GError) error = NULL;

    g_assert_cmphex(e1000_driver_read(d, REG_VET), ==, 0);
    g_assert_cmpstr(props->mac, ==, "52:54:00:12:34:56");
    g_assert_null(rig_device(b->rig, "e1000", "bad", &error, "mac", "01:00:00:00:00:0x", "romfile",
                             "", NULL));
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_INVALID_VALUE);
}

/* Out, in: the same registers; and what no card can have is refused. */
static void test_state(void)
{
    g_autoptr(E1000Bench) b = e1000_bench_new();
    E1000Driver *d = e1000_driver_new(b, NULL), *e = e1000_driver_new(b, NULL);
    g_autoptr(GByteArray) state = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    e1000_driver_start(d, RCTL_UPE);
    e1000_driver_write(d, REG_MTA + 4, 0x12345678);
    device_save(d->dev, state, NULL);
    device_unmake(g_steal_pointer(&d->dev));    /* the other one takes its place */
    e->mmio = d->mmio;
    g_assert_true(device_load(e->dev, state->data, state->len, &error));
    g_assert_no_error(error);
    g_assert_cmphex(e1000_driver_read(e, REG_MTA + 4), ==, 0x12345678);
    g_assert_cmphex(e1000_driver_read(e, REG_RCTL), ==, RCTL_EN | RCTL_UPE);
    g_assert_cmphex(e1000_driver_read(e, REG_RAL0), ==, 0x12005452);
    g_assert_cmphex(e1000_driver_read(e, REG_RAL0 + 4), ==, 0x80005634);
    g_assert_false(device_load(e->dev, state->data, state->len - 1, &error));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/e1000/reset-values", test_reset_values);
    g_test_add_func("/e1000/masks", test_masks);
    g_test_add_func("/e1000/io", test_io);
    g_test_add_func("/e1000/reset", test_reset);
    g_test_add_func("/e1000/eeprom", test_eeprom);
    g_test_add_func("/e1000/microwire", test_microwire);
    g_test_add_func("/e1000/phy", test_phy);
    g_test_add_func("/e1000/negotiation", test_negotiation);
    g_test_add_func("/e1000/no-negotiation", test_no_negotiation);
    g_test_add_func("/e1000/link", test_link);
    g_test_add_func("/e1000/query-filter", test_query_filter);
    g_test_add_func("/e1000/causes", test_causes);
    g_test_add_func("/e1000/throttle", test_throttle);
    g_test_add_func("/e1000/no-mitigation", test_no_mitigation);
    g_test_add_func("/e1000/two", test_two);
    g_test_add_func("/e1000/properties", test_properties);
    g_test_add_func("/e1000/state", test_state);
    return g_test_run();
}
