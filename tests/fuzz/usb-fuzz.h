/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the fuzz targets of USB controllers share. */
#ifndef TESTS_FUZZ_USB_FUZZ_H
#define TESTS_FUZZ_USB_FUZZ_H

#include "tests/lib/rig.h"

/* Saves the state of each device, and loads it into the same one: nothing changes. */
void usb_fuzz_carry(Rig *rig);
/* Plugs a mouse into a port of the bus, or pulls it out again; *dev is it, or NULL. */
void usb_fuzz_plug(Rig *rig, Device **dev, const char *port);

#endif
