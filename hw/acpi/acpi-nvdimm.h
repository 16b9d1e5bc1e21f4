/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * acpi-nvdimm: how a PC's ACPI methods find NVDIMMs that come, and reach their labels.
 *
 * At ACPI_NVDIMM_BASE are two windows.  The first is a page of RAM in the layout of QEMU's
 * "QEMU<->ACPI BIOS NVDIMM interface" (docs/specs/acpi_nvdimm.rst): the guest writes a
 * request there, then anything to the port ACPI_NVDIMM_PORT, and reads the answer.  (QEMU's
 * page is the guest's own memory, whose address the guest writes to the port.)
 *
 *     request                             answer
 *     0   handle: 0 or slot + 1           0   bytes of the answer, with these
 *     4   revision                        4   data
 *     8   function
 *     12  arguments
 *
 * The second is read-only: 4 bytes with the number of those that follow, which are what an
 * NFIT would have now.  A module that comes raises output "event[0]" for a moment.
 *
 * All functions need the machine lock.
 */
#ifndef HW_ACPI_ACPI_NVDIMM_H
#define HW_ACPI_ACPI_NVDIMM_H

#include "hw/mem/device-memory.h"

enum {
    ACPI_NVDIMM_PORT = 0xa18,
    ACPI_NVDIMM_PORT_SIZE = 4,
    ACPI_NVDIMM_PAGE = 4096,
};
#define ACPI_NVDIMM_BASE 0xfed10000u

/* Bytes of the second window of a machine with this many slots. */
guint32 acpi_nvdimm_fit_size(guint n_slots);

/* What the NFIT of the machine has, besides its header (ACPI 6.4, section 5.2.25): newly
 * allocated; empty without NVDIMMs. */
GByteArray *acpi_nvdimm_fit(const DeviceMemory *memory);

extern const TypeInfo acpi_nvdimm_type;

#endif
