/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * piix3-ide: the IDE controller of the PIIX3: function 1 of Intel's 82371SB. Lines "irq[0]" and
 * "irq[1]" are those of its channels, for ISA's 14 and 15.
 */
#ifndef HW_IDE_PIIX3_IDE_H
#define HW_IDE_PIIX3_IDE_H

#include "qmp/qapi-types-ide.h"
#include "qom/device.h"

/* What a PC's firmware is told about a hard disk. */
typedef struct {
    guint16 cylinders;
    guint8 heads, sectors;
    BiosAtaTranslation translation;     /* not AUTO */
} IdeBiosDisk;

/* Has both channels decode their ports, as firmware does. Machine lock held. */
void piix3_ide_enable(Device *dev);
/* The hard disk at a place, which is channel * 2 + unit; false: there is none. */
bool piix3_ide_disk(Device *dev, guint place, IdeBiosDisk *ret);

extern const TypeInfo piix3_ide_type;

#endif
