/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What device.c, bus.c and parts.c share.  Private to this folder.
 */
#ifndef QOM_DEVICE_INTERNAL_H
#define QOM_DEVICE_INTERNAL_H

#include "qom/device.h"

/* device_make() for an entry of a recipe or of `parts`: the device is made and
 * unmade with its owner, so neither its class's `plug` nor hotplug of its bus
 * is involved. */
Device *device_make_part(Object *parent, const char *name, const QmpClass *klass, Bus *bus,
                         void *props, QmpGiven *given, GError **error);

/* Whether a device of klass may sit on bus at all (either may be NULL: none). */
bool bus_check(const Bus *bus, const QmpClass *klass, GError **error);

/* Puts dev on dev->bus, and takes it off. */
bool bus_attach(Device *dev, GError **error);
void bus_detach(Device *dev);

/* Whether a hot device can be put on bus. */
bool bus_can_plug(const Bus *bus);

/* The first bus in a list (which may be NULL) that has the name (NULL: any) and
 * room for another device of klass; NULL if there is none. */
Bus *bus_among(const GPtrArray *buses, const char *name, const QmpClass *klass);

/* Sets every row without STATE_KEEP to its reset value. */
void device_reset_rows(Device *dev);

#endif
