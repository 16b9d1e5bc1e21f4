/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class isa-fdc: a floppy disk controller.
 */
#ifndef HW_FLOPPY_FDC_H
#define HW_FLOPPY_FDC_H

#include "qmp/qapi-types-floppy.h"
#include "qom/device.h"

/* The kind of a drive, none if there is no such drive.  Machine lock held. */
FdcDriveType fdc_drive_type(Device *fdc, guint unit);

extern const TypeInfo isa_fdc_type;

#endif
