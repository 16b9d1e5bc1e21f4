/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What images in known formats begin with: see image-magic.h.
 */
#include "config.h"
#include "qmp/image-magic.h"

#include <string.h>

static const struct {
    const char *format;
    gsize at, length;
    const char *bytes;
} magics[] = {
    { "qcow", 0, 8, "QFI\xfb\0\0\0\1" },
    { "qcow2", 0, 4, "QFI\xfb" },       /* each later version */
    { "qed", 0, 4, "QED\0" },
    { "vmdk", 0, 4, "KDMV" },
    { "vmdk", 0, 4, "COWD" },
    { "vmdk", 0, 21, "# Disk DescriptorFile" },
    { "vdi", 0x40, 4, "\x7f\x10\xda\xbe" },
    { "vhdx", 0, 8, "vhdxfile" },
    { "vpc", 0, 8, "conectix" },
    { "luks", 0, 6, "LUKS\xba\xbe" },
    { "parallels", 0, 16, "WithoutFreeSpace" },
    { "parallels", 0, 16, "WithouFreSpacExt" },
};

const char *image_magic(const guint8 *data, gsize size)
{
    for (gsize i = 0; i < G_N_ELEMENTS(magics); i++) {
        gsize end = magics[i].at + magics[i].length;

        if (size >= end && memcmp(data + magics[i].at, magics[i].bytes, magics[i].length) == 0) {
            return magics[i].format;
        }
    }
    return NULL;
}
