/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class SCSI: the units of a host adapter, and their addresses.
 */
#include "config.h"
#include "hw/scsi/scsi-internal.h"

#include "qmp/error.h"
#include "qom/qapi-objects-scsi.h"

ScsiBus *scsi_bus_new(Device *owner, AioContext *aio, const ScsiHostOps *ops, void *opaque)
{
    ScsiBus *bus = to_scsi_bus(bus_new(owner, &qmp_class_SCSI, ops->bus_name));

    bus->aio = aio;
    bus->ops = ops;
    bus->opaque = opaque;
    return bus;
}

/* ---- Units ---- */

ScsiDisk *scsi_next(ScsiDisk *s)
{
    while (s && !s->reachable) {
        s = s->next_unit;
    }
    return s;
}

ScsiDisk *scsi_first(const ScsiBus *bus, guint target)
{
    return target <= SCSI_MAX_TARGET ? scsi_next(bus->units[target]) : NULL;
}

ScsiDisk *scsi_find(const ScsiBus *bus, guint target, guint lun)
{
    ScsiDisk *s = scsi_first(bus, target);

    while (s && s->lun < lun) {
        s = scsi_next(s->next_unit);
    }
    return s && s->lun == lun ? s : NULL;
}

ScsiLookup scsi_lookup(const ScsiBus *bus, guint target, guint lun)
{
    if (!scsi_first(bus, target)) {
        return SCSI_NO_SUCH_TARGET;
    }
    return scsi_find(bus, target, lun) ? SCSI_FOUND : SCSI_NO_LUN;
}

/* The link that points to s, or where its place is. */
static ScsiDisk **place_of(const ScsiDisk *s)
{
    ScsiDisk **link = &s->bus->units[s->target];

    while (*link && (*link)->lun < s->lun) {
        link = &(*link)->next_unit;
    }
    return link;
}

static void add(void *opaque)
{
    ScsiDisk *s = opaque;
    ScsiDisk **link = place_of(s);

    s->next_unit = *link;
    *link = s;
}

static void take_out(void *opaque)
{
    ScsiDisk *s = opaque;

    *place_of(s) = s->next_unit;
}

static void reach(void *opaque)
{
    ScsiDisk *s = opaque;

    s->reachable = true;
}

static void hide(void *opaque)
{
    ScsiDisk *s = opaque;

    s->reachable = false;
}

void scsi_bus_add(ScsiDisk *s)
{
    aio_run_wait(s->bus->aio, add, s);
}

void scsi_bus_remove(ScsiDisk *s)
{
    aio_run_wait(s->bus->aio, take_out, s);
}

void scsi_set_reachable(ScsiDisk *s, bool on)
{
    aio_run_wait(s->bus->aio, on ? reach : hide, s);
}

/* ---- Addresses ---- */

static bool is_free(const Bus *bus, guint target, guint lun)
{
    for (const GList *link = bus->devices.head; link; link = link->next) {
        Device *dev = link->data;
        const ScsiDiskBaseProps *props = scsi_disk_base_props(dev);

        if (props->scsi_id == target && props->lun == lun) {
            return false;
        }
    }
    return true;
}

/* Another target than the device has, if need be. */
static bool choose_target(const Bus *bus, ScsiDiskBaseProps *props, GError **error)
{
    if (!props->has_lun) {
        props->lun = 0;
    }
    for (guint i = 0; i <= SCSI_MAX_TARGET; i++) {
        if (is_free(bus, i, props->lun)) {
            props->scsi_id = i;
            return true;
        }
    }
    qmp_error_set_at(error, "bus", ERROR_REASON_BUS_FULL, "bus '%s' has no target whose LUN %u is "
                     "free", bus->object.name, props->lun);
    return false;
}

static bool choose_lun(const Bus *bus, ScsiDiskBaseProps *props, GError **error)
{
    for (guint i = 0; i <= SCSI_MAX_LUN; i++) {
        if (is_free(bus, props->scsi_id, i)) {
            props->lun = i;
            return true;
        }
    }
    qmp_error_set_at(error, "scsi-id", ERROR_REASON_BUS_FULL, "target %u of bus '%s' has no free "
                     "LUN", props->scsi_id, bus->object.name);
    return false;
}

static bool check_max(const char *name, guint32 value, guint max, GError **error)
{
    if (value > max) {
        qmp_error_set_at(error, name, ERROR_REASON_INVALID_VALUE,
                         "property '%s' is %u, and the largest one here is %u", name, value, max);
        return false;
    }
    return true;
}

static bool check_address(const ScsiDiskBaseProps *props, GError **error)
{
    return check_max("channel", props->channel, 0, error) &&
           (!props->has_scsi_id || check_max("scsi-id", props->scsi_id, SCSI_MAX_TARGET, error)) &&
           (!props->has_lun || check_max("lun", props->lun, SCSI_MAX_LUN, error));
}

static bool scsi_bus_full(Bus *bus, const QmpClass *klass)
{
    return to_scsi_bus(bus)->ops->one_unit && bus->devices.length;
}

static bool scsi_bus_attach(Bus *bus, Device *dev, GError **error)
{
    ScsiDiskBaseProps *props = scsi_disk_base_props(dev);

    if (scsi_bus_full(bus, NULL)) {
        qmp_error_set_at(error, "bus", ERROR_REASON_BUS_FULL, "bus '%s' has room for one unit",
                         bus->object.name);
        return false;
    }
    if (!check_address(props, error)) {
        return false;
    }
    if (!props->has_scsi_id) {
        if (!choose_target(bus, props, error)) {
            return false;
        }
    } else if (!props->has_lun) {
        if (!choose_lun(bus, props, error)) {
            return false;
        }
    } else if (!is_free(bus, props->scsi_id, props->lun)) {
        qmp_error_set_at(error, "lun", ERROR_REASON_ADDRESS_IN_USE,
                         "bus '%s' has a device with scsi-id %u and lun %u already",
                         bus->object.name, props->scsi_id, props->lun);
        return false;
    }
    props->has_scsi_id = props->has_lun = true;
    return true;
}

/* ---- Devices that come and go ---- */

void scsi_tell(ScsiDisk *s, guint32 news, bool told)
{
    scsi_add_news(s, news);
    if (told) {
        s->bus->ops->changed(s->bus->opaque, s->target, s->lun, scsi_news_sense(news));
    }
}

static void tell_siblings(const Bus *bus, const ScsiDisk *s)
{
    for (const GList *link = bus->devices.head; link; link = link->next) {
        Device *dev = link->data;
        ScsiDisk *other = to_scsi_disk(dev);

        if (other != s && other->target == s->target) {
            scsi_tell(other, SCSI_NEWS_LUNS, false);
        }
    }
}

static void scsi_bus_plugged(Bus *bus, Device *dev)
{
    const ScsiBus *b = to_scsi_bus(bus);
    const ScsiDisk *s = to_scsi_disk(dev);

    tell_siblings(bus, s);
    b->ops->plugged(b->opaque, s->target, s->lun);
}

/* The guest's consent is not needed. */
static bool scsi_bus_unplug(Bus *bus, Device *dev, GError **error)
{
    const ScsiBus *b = to_scsi_bus(bus);
    ScsiDisk *s = to_scsi_disk(dev);

    scsi_set_reachable(s, false);
    tell_siblings(bus, s);
    b->ops->unplugged(b->opaque, s->target, s->lun);
    machine_request_removal(machine_of(dev), dev);
    return true;
}

/* ---- Reset ---- */

static void forget(void *opaque)
{
    ScsiDisk *s = opaque;

    for (ScsiRequest *i = s->requests; i; i = i->next) {
        g_clear_pointer(&i->repeated, g_free);
    }
    s->requests = NULL;
    s->bus->tasks = NULL;
}

static void forget_unit(ScsiDisk *s)
{
    block_front_drain(&s->disk.front);
    block_front_forget(&s->disk.front);
    aio_run_wait(s->bus->aio, forget, s);
}

void scsi_bus_forget(ScsiBus *bus)
{
    for (const GList *link = bus->bus.devices.head; link; link = link->next) {
        Device *dev = link->data;

        if (dev->realized) {
            forget_unit(to_scsi_disk(dev));
        }
    }
}

void scsi_bus_reset(ScsiBus *bus)
{
    scsi_bus_forget(bus);
    for (const GList *link = bus->bus.devices.head; link; link = link->next) {
        Device *dev = link->data;

        if (dev->realized) {
            scsi_unit_reset(to_scsi_disk(dev), SCSI_NEWS_POWER_ON);
        }
    }
}

const TypeInfo scsi_bus_type = {
    .schema = &qmp_class_SCSI,
    .size = sizeof(ScsiBus),
    .kind = &(const BusOps){
        .attach = scsi_bus_attach,
        .full = scsi_bus_full,
        .plugged = scsi_bus_plugged,
        .unplug_request = scsi_bus_unplug,
        .carries_along = true,
    },
};
