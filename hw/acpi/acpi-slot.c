/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Slots of hotplug controllers; see acpi-slot.h.
 */
#include "config.h"
#include "hw/acpi/acpi-slot.h"

#include "qmp/qapi-events.h"
#include "qmp/visit.h"

enum {                          /* _OST: ACPI 6.4, tables 6.58 to 6.60 */
    OST_EJECT_REQUEST = 0x03,
    OST_OSPM_EJECT = 0x103,     /* how Linux answers it */
    OST_SUCCESS = 0x00,
    OST_EJECT_IN_PROGRESS = 0x84,
};

enum { REPORTS_PER_REQUEST = 8 };

const StateRow acpi_slot_state[] = {
    STATE_FIELD_KEEP(U8, AcpiSlot, flags),
    STATE_FIELD_KEEP(U8, AcpiSlot, reports),
    STATE_FIELD_KEEP(U32, AcpiSlot, ost_event),
    STATE_FIELD_KEEP(U32, AcpiSlot, ost_status),
    STATE_ROWS_END
};

/* ---- Requests of the client ---- */

void acpi_slot_plugged(AcpiSlot *slot, bool hot)
{
    *slot = (AcpiSlot){
        .reports = REPORTS_PER_REQUEST, .flags = hot ? ACPI_SLOT_INSERTING : 0,
    };
}

void acpi_slot_ask(AcpiSlot *slot)
{
    slot->flags |= ACPI_SLOT_REMOVING | ACPI_SLOT_ASKED;
    slot->reports = REPORTS_PER_REQUEST;
}

bool acpi_slot_reset(AcpiSlot *slot)
{
    slot->flags |= slot->flags & ACPI_SLOT_ASKED ? ACPI_SLOT_REMOVING : 0;
    return slot->flags & ACPI_SLOT_NEWS;
}

void acpi_slot_loaded(AcpiSlot *slot, guint8 stored)
{
    slot->flags &= stored;
    slot->reports = MIN(slot->reports, REPORTS_PER_REQUEST);
}

/* ---- What the guest reports ---- */

ACPIOSTInfo *acpi_slot_describe(const AcpiSlot *slot, ACPISlotType type, guint32 number,
                                const Device *dev)
{
    ACPIOSTInfo *info = g_new0(ACPIOSTInfo, 1);

    info->device = dev ? g_strdup(device_id(dev)) : NULL;
    info->slot = g_strdup_printf("%u", number);
    info->slot_type = type;
    info->source = slot->ost_event;
    info->status = slot->ost_status;
    return info;
}

static const char *reason_name(guint32 status)
{
    static const struct {
        guint32 status;
        const char *name;
    } reasons[] = {
        { 0x01, "failure" },
        { 0x02, "unknown notification" },
        { 0x80, "it does not support removal" },
        { 0x81, "device in use" },
        { 0x82, "device busy" },
        { 0x83, "something that depends on the device is busy" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(reasons); i++) {
        if (reasons[i].status == status) {
            return reasons[i].name;
        }
    }
    return "failure";
}

static void report_refusal(struct QmpEventQueue *events, ACPISlotType type, const Device *dev,
                           guint32 status)
{
    g_autofree char *id = g_strdup(device_id(dev));
    g_autofree char *path = object_path(&dev->object);
    g_autofree char *msg = g_strdup_printf("the guest refuses: %s (status 0x%x)",
                                           reason_name(status), status);

    if (id && type == ACPI_SLOT_TYPE_DIMM) {
        qmp_event_mem_unplug_error(events, &(EventMemUnplugError){ .device = id, .msg = msg });
    }
    qmp_event_device_unplug_guest_error(events, &(EventDeviceUnplugGuestError){
        .device = id, .path = path });
}

static bool is_refusal(const AcpiSlot *slot)
{
    return slot->flags & ACPI_SLOT_ASKED &&
           (slot->ost_event == OST_EJECT_REQUEST || slot->ost_event == OST_OSPM_EJECT) &&
           slot->ost_status != OST_SUCCESS && slot->ost_status != OST_EJECT_IN_PROGRESS;
}

void acpi_slot_report(AcpiSlot *slot, const Env *env, ACPISlotType type, guint32 number,
                      const Device *dev)
{
    bool refusal = is_refusal(slot);

    if (refusal) {
        slot->flags &= ~(ACPI_SLOT_ASKED | ACPI_SLOT_REMOVING);
    }
    if (!env || !env->events) {
        return;
    }
    if (slot->reports) {
        ACPIOSTInfo *info = acpi_slot_describe(slot, type, number, dev);

        slot->reports--;
        qmp_event_acpi_device_ost(env->events, &(EventAcpiDeviceOst){ .info = info });
        qmp_clear(&qmp_type_ACPIOSTInfo, &info);
    }
    if (refusal && dev) {
        report_refusal(env->events, type, dev, slot->ost_status);
    }
}
