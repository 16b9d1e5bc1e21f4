/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the controllers of memory and CPU hotplug keep of a slot, and what a guest reports of it
 * by the ACPI method _OST.
 *
 * Different from QEMU: a guest that answers a request with a failure causes
 * DEVICE_UNPLUG_GUEST_ERROR (and for memory MEM_UNPLUG_ERROR) besides ACPI_DEVICE_OST, from which
 * clients would have to conclude it.
 *
 * All functions need the machine lock.
 */
#ifndef HW_ACPI_ACPI_SLOT_H
#define HW_ACPI_ACPI_SLOT_H

#include "qmp/qapi-types-memory.h"
#include "qom/device.h"
#include "qom/env.h"

enum {                          /* AcpiSlot.flags, and the guest's register of them */
    ACPI_SLOT_ENABLED = 1 << 0, /* read only, computed */
    ACPI_SLOT_INSERTING = 1 << 1,
    ACPI_SLOT_REMOVING = 1 << 2,
    ACPI_SLOT_EJECT = 1 << 3,   /* written only */
    ACPI_SLOT_ASKED = 1 << 7,   /* never read by the guest: a request is unanswered */
    ACPI_SLOT_NEWS = ACPI_SLOT_INSERTING | ACPI_SLOT_REMOVING,
    ACPI_SLOT_STORED = ACPI_SLOT_NEWS | ACPI_SLOT_ASKED,
};

/* Guest-visible, as all of these. */
typedef struct {
    guint8 flags;
    guint8 reports;             /* events that it may still cause */
    guint32 ost_event, ost_status;
} AcpiSlot;

extern const StateRow acpi_slot_state[];

/* A device has come; hot: while the guest runs, which is then to be told.  One that was there when
 * it started needs no announcement. */
void acpi_slot_plugged(AcpiSlot *slot, bool hot);
/* The guest is to release what is there. */
void acpi_slot_ask(AcpiSlot *slot);
/* A request stays in a reset: a guest that wakes from sleep still owes the answer.  Whether the
 * guest is to be told of anything. */
bool acpi_slot_reset(AcpiSlot *slot);
/* Limits state that was loaded to the flags of `stored`, and to what is possible. */
void acpi_slot_loaded(AcpiSlot *slot, guint8 stored);

/* Slot `number` and what is there (dev, or NULL), for query-acpi-ospm-status; the caller's. */
ACPIOSTInfo *acpi_slot_describe(const AcpiSlot *slot, ACPISlotType type, guint32 number,
                                const Device *dev);
/* The guest has written ost_event, then ost_status: sends the events that follow.  env of the
 * controller, or NULL. */
void acpi_slot_report(AcpiSlot *slot, const Env *env, ACPISlotType type, guint32 number,
                      const Device *dev);

#endif
