/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * e1000: the register table of SDM chapter 13, and statistics.
 *
 * A register is a member of the device with the bits that the guest may change, and
 * functions if it does more.  Offsets that are not in the table read as zero and
 * ignore writes: wake-up filters and patterns (the card does not wake the machine),
 * flexible filters, the packet buffer's diagnostic window.  Some registers only store
 * what is written: those of flow control (no pause frame is ever sent), of inter-frame
 * gaps and LEDs (there is neither wire nor LED), and of the division of the packet
 * buffer (there is one buffer for all).
 */
#include "config.h"
#include "hw/net/e1000.h"

#include <string.h>

#include "qom/qapi-trace.h"

typedef struct {
    char name[16];              /* REG_NAME */
    guint32 offset;             /* of the first one */
    guint16 n;                  /* how many in a row */
    guint16 stride;             /* bytes from one to the next */
    guint32 field;              /* in E1000: guint32, n of them */
    guint32 writable;
    guint32 (*read)(E1000 *s, guint n);                 /* NULL: the field */
    void (*write)(E1000 *s, guint n, guint32 value);    /* NULL: the writable bits */
} Register;

static guint32 *field_of(E1000 *s, const Register *r, guint n)
{
    return (guint32 *)((guint8 *)s + r->field) + n;
}

/* ---- Statistics (13.7): read-only, cleared by reading, never wrap ---- */

void e1000_count(E1000 *s, guint statistic, guint32 n)
{
    guint32 *value = &s->statistics[statistic];

    *value = *value > G_MAXUINT32 - n ? G_MAXUINT32 : *value + n;
}

void e1000_count_octets(E1000 *s, guint statistic, guint32 n)
{
    guint32 *low = &s->statistics[statistic], *high = low + 1;
    guint64 value = (guint64)*high << 32 | *low;

    value = value > G_MAXUINT64 - n ? G_MAXUINT64 : value + n;
    *low = value;
    *high = value >> 32;
}

void e1000_count_size(E1000 *s, guint first, guint32 size)
{
    guint n = size <= 64 ? 0 : size <= 127 ? 1 : size <= 255 ? 2 : size <= 511 ? 3
            : size <= 1023 ? 4 : 5;

    e1000_count(s, first + n, 1);
}

static bool is_low_half(guint n)
{
    return n == STAT_GORCL || n == STAT_GOTCL || n == STAT_TORL || n == STAT_TOTL;
}

/* Counters of 64 bits are read lower half first, and cleared by reading the upper half. */
static guint32 read_statistic(E1000 *s, guint n)
{
    guint32 value = s->statistics[n];

    if (is_low_half(n)) {
        return value;
    }
    s->statistics[n] = 0;
    if (n > 0 && is_low_half(n - 1)) {
        s->statistics[n - 1] = 0;
    }
    return value;
}

/* ---- General registers ---- */

static void write_ctrl(E1000 *s, guint n, guint32 value)
{
    bool phy_reset = value & ~s->ctrl & CTRL_PHY_RST;

    if (value & CTRL_RST) {
        e1000_reset_mac(s);
        return;
    }
    s->ctrl = value & CTRL_WRITABLE;
    if (phy_reset) {
        e1000_restart_phy(s);
    }
}

/* 13.4.5: EE_RST reloads the EEPROM, and clears itself. */
static void write_ctrl_ext(E1000 *s, guint n, guint32 value)
{
    if (value & CTRL_EXT_EE_RST) {
        e1000_load_eeprom(s);
    }
    s->ctrl_ext = value & 0x00c2dfff & ~CTRL_EXT_EE_RST;
}

static guint32 read_eecd(E1000 *s, guint n)
{
    return e1000_read_eecd(s);
}

static void write_eecd(E1000 *s, guint n, guint32 value)
{
    e1000_write_eecd(s, value);
}

static void write_eerd(E1000 *s, guint n, guint32 value)
{
    e1000_write_eerd(s, value);
}

static void write_mdic(E1000 *s, guint n, guint32 value)
{
    e1000_write_mdic(s, value);
}

/* ---- Interrupts ---- */

static guint32 read_icr(E1000 *s, guint n)
{
    return e1000_read_icr(s);
}

static void write_icr(E1000 *s, guint n, guint32 value)
{
    s->icr &= ~value;
    e1000_update_irq(s);
}

static void write_ics(E1000 *s, guint n, guint32 value)
{
    s->icr |= value & ICR_CAUSES;
    e1000_update_irq(s);
}

static guint32 read_nothing(E1000 *s, guint n)
{
    return 0;
}

static void write_ims(E1000 *s, guint n, guint32 value)
{
    s->ims |= value & ICR_CAUSES;
    e1000_update_irq(s);
}

static void write_imc(E1000 *s, guint n, guint32 value)
{
    s->ims &= ~value;
    e1000_update_irq(s);
}

static void write_rdtr(E1000 *s, guint n, guint32 value)
{
    e1000_write_rdtr(s, value);
}

/* ---- Rings ---- */

static void write_rctl(E1000 *s, guint n, guint32 value)
{
    if ((s->rctl ^ value) & RCTL_FILTER) {
        e1000_filter_changed(s);
    }
    s->rctl = value & RCTL_WRITABLE;
    e1000_receive_ring_changed(s);
}

/* Tables of filters. */
static void write_mta(E1000 *s, guint n, guint32 value)
{
    s->mta[n] = value;
    e1000_filter_changed(s);
}

static void write_ra(E1000 *s, guint n, guint32 value)
{
    s->ra[n] = value;
    e1000_filter_changed(s);
}

static void write_vfta(E1000 *s, guint n, guint32 value)
{
    s->vfta[n] = value;
    e1000_filter_changed(s);
}

static void write_rdt(E1000 *s, guint n, guint32 value)
{
    s->rdt = value & 0xffff;
    e1000_receive_ring_changed(s);
}

static void transmit_later(E1000 *s)
{
    s->tx_wanted = true;
    e1000_kick(s);
}

static void write_tctl(E1000 *s, guint n, guint32 value)
{
    s->tctl = value & TCTL_WRITABLE;
    transmit_later(s);
}

static void write_tdt(E1000 *s, guint n, guint32 value)
{
    s->tdt = value & 0xffff;
    transmit_later(s);
}

/* ---- The table, by offset ---- */

#define ALL G_MAXUINT32
#define REG(offset_, field_, writable_, read_, write_) \
    { .name = #offset_, .offset = (offset_), .n = 1, .stride = 4, \
      .field = offsetof(E1000, field_), .writable = (writable_), .read = (read_), \
      .write = (write_) }
#define REGS(offset_, stride_, field_, writable_, read_, write_) \
    { .name = #offset_, .offset = (offset_), .n = G_N_ELEMENTS(((E1000 *)0)->field_), \
      .stride = (stride_), .field = offsetof(E1000, field_), .writable = (writable_), \
      .read = (read_), .write = (write_) }

static const Register registers[] = {
    REG(REG_CTRL, ctrl, CTRL_WRITABLE, NULL, write_ctrl),
    REG(REG_CTRL_DUP, ctrl, CTRL_WRITABLE, NULL, write_ctrl),
    REG(REG_STATUS, status, 0, NULL, NULL),
    REG(REG_EECD, eecd, 0, read_eecd, write_eecd),
    REG(REG_EERD, eerd, 0, NULL, write_eerd),
    REG(REG_CTRL_EXT, ctrl_ext, 0, NULL, write_ctrl_ext),
    REG(REG_FLA, fla, 0x7, NULL, NULL),
    REG(REG_MDIC, mdic, 0, NULL, write_mdic),
    REG(REG_FCAL, fcal, ALL, NULL, NULL),
    REG(REG_FCAH, fcah, 0xffff, NULL, NULL),
    REG(REG_FCT, fct, 0xffff, NULL, NULL),
    REG(REG_VET, vet, 0xffff, NULL, NULL),
    REG(REG_ICR, icr, 0, read_icr, write_icr),
    REG(REG_ITR, itr, 0xffff, NULL, NULL),
    REG(REG_ICS, icr, 0, read_nothing, write_ics),
    REG(REG_IMS, ims, 0, NULL, write_ims),
    REG(REG_IMC, ims, 0, read_nothing, write_imc),
    REG(REG_RCTL, rctl, RCTL_WRITABLE, NULL, write_rctl),
    REG(REG_FCTTV, fcttv, 0xffff, NULL, NULL),
    REG(REG_TXCW, txcw, 0xc000ffff, NULL, NULL),
    REG(REG_RXCW, rxcw, 0, NULL, NULL),
    REG(REG_TCTL, tctl, TCTL_WRITABLE, NULL, write_tctl),
    REG(REG_TIPG, tipg, 0x3fffffff, NULL, NULL),
    REG(REG_AIFS, aifs, 0xffff, NULL, NULL),
    REG(REG_LEDCTL, ledctl, 0xcfcfcfcf, NULL, NULL),
    REG(REG_PBA, pba, 0x7f, NULL, NULL),
    REG(REG_FCRTL, fcrtl, 0x8000fff8, NULL, NULL),
    REG(REG_FCRTH, fcrth, 0xfff8, NULL, NULL),
    REGS(REG_RDFH, 8, rx_fifo, 0x1fff, NULL, NULL),
    REG(REG_RDBAL, rdbal, 0xfffffff0, NULL, NULL),
    REG(REG_RDBAH, rdbah, ALL, NULL, NULL),
    REG(REG_RDLEN, rdlen, 0xfff80, NULL, NULL),
    REG(REG_RDH, rdh, 0xffff, NULL, NULL),
    REG(REG_RDT, rdt, 0xffff, NULL, write_rdt),
    REG(REG_RDTR, rdtr, 0xffff, NULL, write_rdtr),
    REG(REG_RXDCTL, rxdctl, 0x013f3f3f, NULL, NULL),
    REG(REG_RADV, radv, 0xffff, NULL, NULL),
    REG(REG_RSRPD, rsrpd, 0xfff, NULL, NULL),
    REGS(REG_TDFH, 8, tx_fifo, 0x7ff, NULL, NULL),
    REG(REG_TDBAL, tdbal, 0xfffffff0, NULL, NULL),
    REG(REG_TDBAH, tdbah, ALL, NULL, NULL),
    REG(REG_TDLEN, tdlen, 0xfff80, NULL, NULL),
    REG(REG_TDH, tdh, 0xffff, NULL, NULL),
    REG(REG_TDT, tdt, 0xffff, NULL, write_tdt),
    REG(REG_TIDV, tidv, 0xffff, NULL, NULL),
    REG(REG_TXDCTL, txdctl, 0xff3f3f3f, NULL, NULL),
    REG(REG_TADV, tadv, 0xffff, NULL, NULL),
    REG(REG_TSPMT, tspmt, ALL, NULL, NULL),
    REGS(REG_STATISTICS, 4, statistics, 0, read_statistic, NULL),
    REG(REG_RXCSUM, rxcsum, RXCSUM_WRITABLE, NULL, NULL),
    REGS(REG_MTA, 4, mta, ALL, NULL, write_mta),
    REGS(REG_RAL0, 4, ra, ALL, NULL, write_ra),
    REGS(REG_VFTA, 4, vfta, ALL, NULL, write_vfta),
    REG(REG_WUC, wuc, 0xf, NULL, NULL),
    REG(REG_WUFC, wufc, 0xf80ff, NULL, NULL),
    REG(REG_WUS, wus, 0, NULL, NULL),
    REG(REG_MANC, manc, ALL, NULL, NULL),
    REG(REG_IPAV, ipav, 0x1000f, NULL, NULL),
};

/* The entry that covers offset, and in *ret_n the index among its registers. */
static const Register *find_register(guint32 offset, guint *ret_n)
{
    guint low = 0, high = G_N_ELEMENTS(registers);
    const Register *r;

    while (high - low > 1) {
        guint middle = (low + high) / 2;

        if (registers[middle].offset <= offset) {
            low = middle;
        } else {
            high = middle;
        }
    }
    r = &registers[low];
    *ret_n = (offset - r->offset) / r->stride;
    return (offset - r->offset) % r->stride == 0 && *ret_n < r->n ? r : NULL;
}

/* The name without the common prefix; of several registers, that of the first. */
static const char *register_name(const Register *r)
{
    return r ? r->name + strlen("REG_") : "?";
}

guint32 e1000_read(E1000 *s, guint32 offset)
{
    guint n;
    const Register *r = find_register(offset, &n);
    guint32 value = 0;

    if (r) {
        value = r->read ? r->read(s, n) : *field_of(s, r, n);
    }
    if (trace_wanted(TRACE_E1000_READ)) {
        trace_e1000_read(s, register_name(r), offset, value);
    }
    return value;
}

void e1000_write(E1000 *s, guint32 offset, guint32 value)
{
    guint n;
    const Register *r = find_register(offset, &n);

    if (trace_wanted(TRACE_E1000_WRITE)) {
        trace_e1000_write(s, register_name(r), offset, value);
    }
    if (r && r->write) {
        r->write(s, n, value);
    } else if (r) {
        guint32 *field = field_of(s, r, n);

        *field = (*field & ~r->writable) | (value & r->writable);
    }
}
