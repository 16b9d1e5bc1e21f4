/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Formats of floppy disks: see floppy-format.h.  The table has the formats that QEMU knows, in
 * its order, since an image must have the same geometry in both.
 */
#include "config.h"
#include "hw/floppy/floppy-format.h"

enum { SECTOR = 512 };

#define T144 FDC_DRIVE_TYPE_144
#define T288 FDC_DRIVE_TYPE_288
#define T120 FDC_DRIVE_TYPE_120

/* The first one of a type is its default; of two with the same size, the first one counts. */
static const FloppyFormat formats[] = {
    { T144, 18, 80, 2, FLOPPY_500K },   /* 1.44 MB */
    { T144, 20, 80, 2, FLOPPY_500K },
    { T144, 21, 80, 2, FLOPPY_500K },
    { T144, 21, 82, 2, FLOPPY_500K },
    { T144, 21, 83, 2, FLOPPY_500K },
    { T144, 22, 80, 2, FLOPPY_500K },
    { T144, 23, 80, 2, FLOPPY_500K },
    { T144, 24, 80, 2, FLOPPY_500K },

    { T288, 36, 80, 2, FLOPPY_1M },     /* 2.88 MB */
    { T288, 39, 80, 2, FLOPPY_1M },
    { T288, 40, 80, 2, FLOPPY_1M },
    { T288, 44, 80, 2, FLOPPY_1M },
    { T288, 48, 80, 2, FLOPPY_1M },

    { T144,  9, 80, 2, FLOPPY_250K },   /* 720 KB, 3.5 inches */
    { T144, 10, 80, 2, FLOPPY_250K },
    { T144, 10, 82, 2, FLOPPY_250K },
    { T144, 10, 83, 2, FLOPPY_250K },
    { T144, 13, 80, 2, FLOPPY_250K },
    { T144, 14, 80, 2, FLOPPY_250K },

    { T120, 15, 80, 2, FLOPPY_500K },   /* 1.2 MB */
    { T120, 18, 80, 2, FLOPPY_500K },
    { T120, 18, 82, 2, FLOPPY_500K },
    { T120, 18, 83, 2, FLOPPY_500K },
    { T120, 20, 80, 2, FLOPPY_500K },

    { T120,  9, 80, 2, FLOPPY_250K },   /* 720 KB, 5.25 inches */
    { T120, 11, 80, 2, FLOPPY_250K },

    { T120,  9, 40, 2, FLOPPY_300K },   /* 360 KB in a drive of 1.2 MB, and relatives */
    { T120,  9, 40, 1, FLOPPY_300K },
    { T120, 10, 41, 2, FLOPPY_300K },
    { T120, 10, 42, 2, FLOPPY_300K },

    { T120,  8, 40, 2, FLOPPY_250K },   /* 320 KB */
    { T120,  8, 40, 1, FLOPPY_250K },

    { T144,  9, 80, 1, FLOPPY_250K },   /* 360 KB, 3.5 inches */
};

static guint64 format_bytes(const FloppyFormat *format)
{
    return (guint64)SECTOR * format->sectors * format->tracks * format->heads;
}

/* Inches of media: 5.25, or 3.5. */
static bool is_large(FdcDriveType drive)
{
    return drive == FDC_DRIVE_TYPE_120;
}

const FloppyFormat *floppy_format_find(FdcDriveType drive, guint64 bytes)
{
    const FloppyFormat *fits = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (format_bytes(&formats[i]) != bytes) {
            continue;
        }
        if (drive == FDC_DRIVE_TYPE_AUTO || formats[i].drive == drive) {
            return &formats[i];
        }
        if (!fits && is_large(formats[i].drive) == is_large(drive)) {
            fits = &formats[i];
        }
    }
    return fits;
}

const FloppyFormat *floppy_format_default(FdcDriveType drive)
{
    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (formats[i].drive == drive) {
            return &formats[i];
        }
    }
    g_return_val_if_reached(NULL);
}

guint8 floppy_type_number(FdcDriveType drive)
{
    switch (drive) {
    case FDC_DRIVE_TYPE_144:
        return 4;
    case FDC_DRIVE_TYPE_288:
        return 5;
    case FDC_DRIVE_TYPE_120:
        return 2;
    default:
        return 0;
    }
}

bool floppy_format_limits(FdcDriveType drive, FloppyFormat *ret_limits)
{
    bool found = false;

    *ret_limits = (FloppyFormat){ .drive = drive };
    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (formats[i].drive == drive) {
            ret_limits->sectors = MAX(ret_limits->sectors, formats[i].sectors);
            ret_limits->tracks = MAX(ret_limits->tracks, formats[i].tracks);
            ret_limits->heads = MAX(ret_limits->heads, formats[i].heads);
            found = true;
        }
    }
    return found;
}
