/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * e1000: the PHY behind MDIC, and the link.  SDM section 13.4.7 and chapter 8, and
 * IEEE 802.3 clause 22 for registers 0 to 15.
 *
 * The link partner is a network that handles gigabit frames, and the link state
 * is that of set_link.  Negotiation has one outcome, 1000BASE-T full duplex, and
 * takes half a second; with autonegotiation=off it takes no time.  Speeds that
 * the driver forces are stored, but have no effect.  Cable diagnosis and the
 * PHY's own interrupt are not modelled.
 */
#include "config.h"
#include "hw/net/e1000.h"

#include "qom/qapi-objects-net.h"

enum { PHY_ADDRESS = 1 };

/* A register's value after a reset of the PHY, and its writable bits. */
static const struct {
    guint16 reset, writable;
} phy_registers[N_PHY_REGS] = {
    [PHY_CTRL] = { 0x1140, 0x7dc0 },    /* autonegotiation, full duplex, 1000 Mb/s */
    [PHY_STATUS] = { 0x7949, 0 },       /* can do all, extended status in 15 */
    [PHY_ID1] = { 0x0141, 0 },
    [PHY_ID2] = { 0x0c20, 0 },
    [PHY_AN_ADVERTISE] = { 0x0de1, 0xffff },
    [PHY_AN_EXPANSION] = { 0x0004, 0 },
    [PHY_1000T_CTRL] = { 0x0e00, 0xff00 },
    [PHY_EXT_STATUS] = { 0x3000, 0 },   /* 1000BASE-T, both duplexes */
    [PHY_SPEC_CTRL] = { 0x0360, 0xffff },
    [PHY_SPEC_STATUS] = { 0xa000, 0 },  /* 1000 Mb/s, full duplex */
    [PHY_EXT_SPEC_CTRL] = { 0x0d60, 0xffff },
};

/* What the link partner reports while the link is up: all modes, and no fault. */
enum {
    LP_ABILITY = 0x45e1,
    LP_1000T_STATUS = 0x3c00,
    AN_EXPANSION_PARTNER = 0x0001,
};

/* ---- The link ---- */

bool e1000_loops_back(const E1000 *s)
{
    return s->rctl & RCTL_LBM || s->phy[PHY_CTRL] & PHY_CTRL_LOOPBACK;
}

static void show_link(E1000 *s, bool up)
{
    guint16 link = PHY_STATUS_LINK | PHY_STATUS_AN_COMPLETE;
    guint16 spec = PHY_SPEC_STATUS_LINK | PHY_SPEC_STATUS_RESOLVED;

    s->phy[PHY_STATUS] = up ? s->phy[PHY_STATUS] | link : s->phy[PHY_STATUS] & ~link;
    s->phy[PHY_SPEC_STATUS] = up ? s->phy[PHY_SPEC_STATUS] | spec
                                 : s->phy[PHY_SPEC_STATUS] & ~spec;
    s->phy[PHY_LP_ABILITY] = up ? LP_ABILITY : 0;
    s->phy[PHY_1000T_STATUS] = up ? LP_1000T_STATUS : 0;
    s->phy[PHY_AN_EXPANSION] = phy_registers[PHY_AN_EXPANSION].reset |
                               (up ? AN_EXPANSION_PARTNER : 0);
    s->status = STATUS_FD | STATUS_SPEED_1000 | STATUS_ASDV_1000 | (up ? STATUS_LU : 0);
}

void e1000_update_link(E1000 *s)
{
    bool up = s->nic->link_up && !s->negotiating;

    if (up == !!(s->phy[PHY_STATUS] & PHY_STATUS_LINK)) {
        return;
    }
    s->phy_link_lost |= !up;
    show_link(s, up);
    s->icr |= ICR_LSC;
    e1000_update_irq(s);
}

static void negotiate(E1000 *s)
{
    if (e1000_props(s)->autonegotiation) {
        s->negotiating = true;
        timer_set_after(s->an_timer, E1000_NEGOTIATION_NS);
    }
    e1000_update_link(s);
}

void e1000_phy_loaded(E1000 *s)
{
    if (s->negotiating && !timer_pending(s->an_timer)) {
        negotiate(s);
    }
    e1000_update_link(s);
}

void e1000_negotiated(void *opaque, gint64 now)
{
    E1000 *s = opaque;

    g_mutex_lock(&s->mutex);
    s->negotiating = false;
    e1000_update_link(s);
    g_mutex_unlock(&s->mutex);
}

void e1000_reset_phy(E1000 *s)
{
    for (guint i = 0; i < N_PHY_REGS; i++) {
        s->phy[i] = phy_registers[i].reset;
    }
    s->phy_link_lost = false;
    s->negotiating = false;
    timer_cancel(s->an_timer);
    show_link(s, s->nic->link_up);
}

void e1000_restart_phy(E1000 *s)
{
    e1000_reset_phy(s);
    negotiate(s);
}

/* ---- Registers ---- */

static void write_ctrl(E1000 *s, guint16 value)
{
    if (value & PHY_CTRL_RESET) {
        e1000_restart_phy(s);
        return;
    }
    s->phy[PHY_CTRL] = value & phy_registers[PHY_CTRL].writable;
    if (value & PHY_CTRL_AN_ENABLE && value & PHY_CTRL_RESTART_AN) {
        negotiate(s);
    }
}

/* Clause 22.2.4.2.13: a link loss since the last read is reported once. */
static guint16 read_status(E1000 *s)
{
    guint16 value = s->phy[PHY_STATUS] & ~(s->phy_link_lost ? PHY_STATUS_LINK : 0);

    s->phy_link_lost = false;
    return value;
}

static void write_phy(E1000 *s, guint reg, guint16 value)
{
    guint16 writable = phy_registers[reg].writable;

    if (reg == PHY_CTRL) {
        write_ctrl(s, value);
    } else {
        s->phy[reg] = (s->phy[reg] & ~writable) | (value & writable);
    }
}

static guint16 read_phy(E1000 *s, guint reg)
{
    return reg == PHY_STATUS ? read_status(s) : s->phy[reg];
}

/* An access completes immediately.  Another PHY's address, or an invalid
 * operation, is an error. */
void e1000_write_mdic(E1000 *s, guint32 value)
{
    guint reg = value >> MDIC_REG_SHIFT & (N_PHY_REGS - 1);
    guint op = value & MDIC_OP;

    s->mdic = (value & ~MDIC_E) | MDIC_R;
    if ((value >> MDIC_PHY_SHIFT & 0x1f) != PHY_ADDRESS) {
        s->mdic |= MDIC_E;
    } else if (op == MDIC_OP_READ) {
        s->mdic = (s->mdic & 0xffff0000) | read_phy(s, reg);
    } else if (op == MDIC_OP_WRITE) {
        write_phy(s, reg, value);
    } else {
        s->mdic |= MDIC_E;
    }
    if (value & MDIC_I) {
        s->icr |= ICR_MDAC;
        e1000_update_irq(s);
    }
}
