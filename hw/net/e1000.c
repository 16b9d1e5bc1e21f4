/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class e1000: BARs, kicks, resets and life.  See e1000.h for the other parts, and
 * e1000-regs.h for the manual.
 *
 * Not modelled, besides what the parts list: power management (no capability,
 * as in QEMU), wake-up, the flash memory, PCI-X.
 */
#include "config.h"
#include "hw/net/e1000.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "hw/core/timer-state.h"
#include "hw/machine/machine-aio.h"
#include "qmp/error.h"
#include "qom/qapi-objects-net.h"

enum { MMIO_SIZE = 0x20000, IO_SIZE = 0x40, BAR_MMIO = 0, BAR_IO = 1 };
enum { IO_ADDR = 0, IO_DATA = 4 };      /* SDM 13.2.2 */

/* ---- Kicks ---- */

void e1000_kick(E1000 *s)
{
    const guint64 one = 1;

    if (write(s->kick, &one, sizeof(one)) < 0 && errno != EAGAIN) {
        g_warning("e1000 '%s': eventfd: %s", s->parent.device.object.name, g_strerror(errno));
    }
}

/* Work that vCPUs left for the main loop. */
static void run_frames(E1000 *s)
{
    nic_lock(s->nic);
    g_mutex_lock(&s->mutex);
    if (s->rx_room && s->running) {
        s->rx_room = false;
        nic_ready(s->nic, 0);
    }
    if (s->filter_changed) {
        s->filter_changed = false;
        nic_filter_changed(s->nic);
    }
    if (s->tx_wanted) {
        e1000_transmit(s);
    }
    g_mutex_unlock(&s->mutex);
    nic_unlock(s->nic);
}

/* Work that frames left for a thread with the machine lock. */
static void run_events(E1000 *s)
{
    bool wanted;

    g_mutex_lock(&s->mutex);
    wanted = s->events;
    g_mutex_unlock(&s->mutex);
    if (wanted) {
        fair_lock_acquire(s->machine->lock);
        g_mutex_lock(&s->mutex);
        e1000_update_irq(s);
        g_mutex_unlock(&s->mutex);
        fair_lock_release(s->machine->lock);
    }
}

static void on_kick(void *opaque)
{
    run_frames(opaque);
    run_events(opaque);
}

/* Frames wait on both sides while the machine is stopped. */
static void on_run(void *opaque, bool running)
{
    E1000 *s = opaque;

    g_mutex_lock(&s->mutex);
    s->running = running;
    if (running) {
        s->tx_wanted = true;
        e1000_receive_ring_changed(s);
        e1000_kick(s);
    }
    g_mutex_unlock(&s->mutex);
}

/* ---- BARs ---- */

static guint64 mmio_read(void *opaque, guint64 offset, guint size)
{
    E1000 *s = opaque;
    guint32 value;

    g_mutex_lock(&s->mutex);
    value = e1000_read(s, offset);
    g_mutex_unlock(&s->mutex);
    return value;
}

static void mmio_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    E1000 *s = opaque;

    g_mutex_lock(&s->mutex);
    e1000_write(s, offset, value);
    g_mutex_unlock(&s->mutex);
}

/* IOADDR selects the register of the memory BAR that IODATA accesses. */
static guint64 io_read(void *opaque, guint64 offset, guint size)
{
    E1000 *s = opaque;

    if (offset == IO_ADDR) {
        return s->ioaddr;
    }
    return offset == IO_DATA && s->ioaddr < MMIO_SIZE ? mmio_read(s, s->ioaddr & ~3u, 4) : 0;
}

static void io_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    E1000 *s = opaque;

    if (offset == IO_ADDR) {
        s->ioaddr = value;
    } else if (offset == IO_DATA && s->ioaddr < MMIO_SIZE) {
        mmio_write(s, s->ioaddr & ~3u, value, 4);
    }
}

static const RegionOps mmio_ops = {
    .read = mmio_read,
    .write = mmio_write,
    .min_size = 4,
    .max_size = 4,
};

static const RegionOps io_ops = {
    .read = io_read,
    .write = io_write,
    .min_size = 4,
    .max_size = 4,
};

/* ---- State: values after reset are those of SDM 13.4 ---- */

#define U32(field_, reset_) STATE_FIELD(U32, E1000, field_, reset_)

#define MAC_STATE                                                                           \
    U32(ctrl, CTRL_FD | CTRL_SLU | CTRL_SPEED_1000), U32(ctrl_ext, 0),                      \
    U32(eecd, EECD_FWE_DIS), U32(eerd, 0), U32(fla, 0), U32(mdic, MDIC_R),                  \
    U32(fcal, 0x00c28001), U32(fcah, 0x0100), U32(fct, 0x8808), U32(vet, 0x8100),           \
    U32(icr, 0), U32(itr, 0), U32(ims, 0), U32(rctl, 0), U32(fcttv, 0), U32(txcw, 0),       \
    U32(rxcw, 0), U32(tctl, 0), U32(tipg, 0x00602008), U32(aifs, 0),                        \
    U32(ledctl, 0x07061302), U32(pba, 0x00100030), U32(fcrtl, 0), U32(fcrth, 0),            \
    STATE_ARRAY(U32, E1000, rx_fifo, 0), STATE_ARRAY(U32, E1000, tx_fifo, 0),               \
    U32(rdbal, 0), U32(rdbah, 0), U32(rdlen, 0), U32(rdh, 0), U32(rdt, 0), U32(rdtr, 0),    \
    U32(rxdctl, 0x00010000), U32(radv, 0), U32(rsrpd, 0), U32(tdbal, 0), U32(tdbah, 0),     \
    U32(tdlen, 0), U32(tdh, 0), U32(tdt, 0), U32(tidv, 0), U32(txdctl, 0), U32(tadv, 0),    \
    U32(tspmt, 0x01000400), U32(rxcsum, 0), U32(wuc, 0), U32(wufc, 0), U32(wus, 0),         \
    U32(manc, 0), U32(ipav, 0), STATE_ARRAY(U32, E1000, statistics, 0),                     \
    STATE_ARRAY(U32, E1000, mta, 0), STATE_ARRAY(U32, E1000, ra, 0),                        \
    STATE_ARRAY(U32, E1000, vfta, 0), U32(serial_in, 0),                                    \
    STATE_FIELD(U8, E1000, serial_n_in, 0), STATE_FIELD(U16, E1000, serial_out, 0),         \
    STATE_FIELD(BOOL, E1000, serial_do, 1), STATE_FIELD(BOOL, E1000, eeprom_writable, 0),   \
    U32(events, 0), STATE_FIELD(BOOL, E1000, asserted, 0),                                  \
    STATE_FIELD(BOOL, E1000, rx_delayed, 0), STATE_FIELD(BOOL, E1000, tx_delayed, 0)

#define CONTEXT_STATE                                                                       \
    STATE_FIELD(U8, E1000, tx.context.ipcss, 0), STATE_FIELD(U8, E1000, tx.context.ipcso, 0), \
    STATE_FIELD(U8, E1000, tx.context.tucss, 0), STATE_FIELD(U8, E1000, tx.context.tucso, 0), \
    STATE_FIELD(U16, E1000, tx.context.ipcse, 0),                                           \
    STATE_FIELD(U16, E1000, tx.context.tucse, 0), U32(tx.context.paylen, 0),                \
    STATE_FIELD(U16, E1000, tx.context.mss, 0), STATE_FIELD(U8, E1000, tx.context.hdrlen, 0), \
    STATE_FIELD(BOOL, E1000, tx.context.ip, 0), STATE_FIELD(BOOL, E1000, tx.context.tcp, 0)

/* The frame's bytes are not valid while its size is 0, so a reset need not clear them. */
#define TX_STATE                                                                            \
    U32(tx.done, 0), U32(tx.size, 0), U32(tx.segment, 0),                                   \
    STATE_FIELD(BOOL, E1000, tx.started, 0), STATE_FIELD(BOOL, E1000, tx.segmenting, 0),    \
    STATE_FIELD(BOOL, E1000, tx.bad, 0), STATE_FIELD(BOOL, E1000, tx.ready, 0),             \
    STATE_FIELD(BOOL, E1000, tx.ended, 0), STATE_FIELD(U8, E1000, tx.popts, 0),             \
    STATE_FIELD(BOOL, E1000, tx.vlan, 0), STATE_FIELD(U16, E1000, tx.vlan_tci, 0),          \
    STATE_ARRAY_KEEP(U8, E1000, tx.header), STATE_ARRAY_KEEP(U8, E1000, tx.data)

/* The state that CTRL.RST resets. */
static const StateRow mac_state[] = {
    MAC_STATE,
    CONTEXT_STATE,
    TX_STATE,
    STATE_ROWS_END
};

static const StateRow e1000_state[] = {
    MAC_STATE,
    CONTEXT_STATE,
    TX_STATE,
    U32(status, 0),
    U32(ioaddr, 0),
    STATE_ARRAY_KEEP(U16, E1000, eeprom),
    STATE_ARRAY(U16, E1000, phy, 0),
    STATE_FIELD(BOOL, E1000, phy_link_lost, 0),
    STATE_FIELD(BOOL, E1000, negotiating, 0),
    STATE_FIELD(I64, E1000, rx_absolute, 0),
    STATE_FIELD(I64, E1000, tx_absolute, 0),
    STATE_CLOCK_TIMER(E1000, an_timer),
    STATE_CLOCK_TIMER(E1000, itr_timer),
    STATE_CLOCK_TIMER(E1000, rx_timer),
    STATE_CLOCK_TIMER(E1000, tx_timer),
    STATE_ROWS_END
};

/* ---- Resets ---- */

/* Resets what the rows alone cannot. */
static void after_reset(E1000 *s)
{
    if (!e1000_props(s)->init_vet) {
        s->vet = 0;
    }
    e1000_load_eeprom(s);
    e1000_receive_ring_changed(s);
}

void e1000_reset_mac(E1000 *s)
{
    state_reset(mac_state, s);
    after_reset(s);
    e1000_reset_irq(s);
}

static void e1000_reset_enter(Device *dev)
{
    E1000 *s = to_e1000(dev);

    g_mutex_lock(&s->mutex);
    after_reset(s);
    e1000_reset_phy(s);
    g_mutex_unlock(&s->mutex);
}

static void e1000_reset_hold(Device *dev)
{
    E1000 *s = to_e1000(dev);

    g_mutex_lock(&s->mutex);
    e1000_reset_irq(s);
    g_mutex_unlock(&s->mutex);
}

/* Validates the loaded size, which the transmitter uses to copy, and the number of
 * bits, by which the EEPROM's port shifts. */
static bool e1000_state_loaded(Device *dev, GError **error)
{
    E1000 *s = to_e1000(dev);

    if (s->tx.size > NET_FRAME_MAX - E1000_TAG || s->serial_n_in > E1000_SERIAL_BITS) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "state of '%s' is not that of an 82540EM",
                      dev->object.name);
        return false;
    }
    g_mutex_lock(&s->mutex);
    e1000_phy_loaded(s);
    e1000_irq_loaded(s);
    s->tx_wanted = true;
    e1000_kick(s);
    g_mutex_unlock(&s->mutex);
    return true;
}

/* ---- Life ---- */

static bool find_mac(E1000 *s, GError **error)
{
    E1000Props *p = e1000_props(s);

    if (p->mac) {
        return nic_parse_mac(p->mac, s->mac, error);
    }
    nic_choose_mac(object_root(&s->parent.device.object), s->mac);
    p->mac = nic_format_mac(s->mac);
    return true;
}

/* Opens the eventfd that kicks the main loop. */
static bool open_kick(E1000 *s, GError **error)
{
    AioContext *aio = machine_aio(machine_of(s), NULL, error);

    if (!aio) {
        return false;
    }
    s->kick = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    s->watch = s->kick >= 0 ? aio_watch(aio, s->kick, on_kick, s) : NULL;
    if (!s->watch) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "no event descriptor is left");
        if (s->kick >= 0) {
            close(s->kick);
        }
        return false;
    }
    return true;
}

static void make_timers(E1000 *s)
{
    Clock *clock = s->machine->clock;

    s->an_timer = timer_new(clock, CLOCK_KIND_VIRTUAL, E1000_NEGOTIATION_NS, e1000_negotiated, s);
    s->itr_timer = timer_new(clock, CLOCK_KIND_VIRTUAL, E1000_ITR_NS, e1000_throttled, s);
    s->rx_timer = timer_new(clock, CLOCK_KIND_VIRTUAL, E1000_DELAY_NS, e1000_rx_delayed, s);
    s->tx_timer = timer_new(clock, CLOCK_KIND_VIRTUAL, E1000_DELAY_NS, e1000_tx_delayed, s);
}

static void make_bars(E1000 *s)
{
    Object *obj = &s->parent.device.object;

    s->mmio = region_new_io(obj, "mmio", &mmio_ops, s, MMIO_SIZE);
    s->io = region_new_io(obj, "io", &io_ops, s, IO_SIZE);
    pci_add_bar(&s->parent, BAR_MMIO, PCI_BAR_MEM32, s->mmio);
    pci_add_bar(&s->parent, BAR_IO, PCI_BAR_IO, s->io);
}

static void e1000_init(Object *obj)
{
    g_mutex_init(&to_e1000(obj)->mutex);
}

static void e1000_finalize(Object *obj)
{
    g_mutex_clear(&to_e1000(obj)->mutex);
}

static bool e1000_realize(Device *dev, GError **error)
{
    E1000 *s = to_e1000(dev);
    const E1000Props *p = e1000_props(s);

    s->machine = machine_of(dev);
    if (!find_mac(s, error) || !open_kick(s, error)) {
        return false;
    }
    make_timers(s);
    e1000_fill_eeprom(s);
    s->nic = nic_new(&dev->object, p->netdev.target, s->mac, &e1000_nic_ops, s);
    after_reset(s);             /* clients may query before the machine's first reset */
    e1000_reset_phy(s);
    make_bars(s);
    s->listener = machine_add_listener(s->machine, on_run, s);
    on_run(s, s->machine->running);
    return true;
}

static void e1000_unrealize(Device *dev)
{
    E1000 *s = to_e1000(dev);

    machine_remove_listener(s->machine, s->listener);
    aio_unwatch(g_steal_pointer(&s->watch));
    nic_destroy(g_steal_pointer(&s->nic));
    close(s->kick);
    timer_free(g_steal_pointer(&s->an_timer));
    timer_free(g_steal_pointer(&s->itr_timer));
    timer_free(g_steal_pointer(&s->rx_timer));
    timer_free(g_steal_pointer(&s->tx_timer));
}

static const PciFunction e1000_function = {
    .vendor_id = 0x8086,
    .device_id = 0x100e,
    .class_id = 0x0200,
    .revision = 3,
    .pin = 1,
};

static char *e1000_boot_path(Device *device)
{
    return g_strdup("ethernet-phy@0");
}

const TypeInfo e1000_type = {
    .schema = &qmp_class_e1000,
    .size = sizeof(E1000),
    .object = &(const ObjectOps){
        .init = e1000_init,
        .finalize = e1000_finalize,
    },
    .device = &(const DeviceOps){
        .boot_path = e1000_boot_path,
        .realize = e1000_realize,
        .unrealize = e1000_unrealize,
        .reset_enter = e1000_reset_enter,
        .reset_hold = e1000_reset_hold,
        .state = e1000_state,
        .state_loaded = e1000_state_loaded,
    },
    .kind = &e1000_function,
};
