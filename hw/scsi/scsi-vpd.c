/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pages of INQUIRY: vital product data.  SPC-4 section 7.8, SBC-3 section 6.5.
 */
#include "config.h"
#include "hw/scsi/scsi-internal.h"

#include "qom/qapi-objects-disk.h"
#include "qom/qapi-objects-scsi.h"

enum {
    PAGE_SUPPORTED = 0x00,
    PAGE_SERIAL = 0x80,
    PAGE_IDENTIFICATION = 0x83,
    PAGE_BLOCK_LIMITS = 0xb0,
    PAGE_CHARACTERISTICS = 0xb1,
    PAGE_PROVISIONING = 0xb2,
};

enum { HEADER = 4, MAX_PAGE = HEADER + 512 };

/* A page's body: returns its length, or 0 if the unit does not have the page. */
typedef gsize PageFunc(ScsiDisk *s, guint8 *body);

typedef struct {
    guint8 code;
    PageFunc *fill;
} Page;

static gsize fill_supported(ScsiDisk *s, guint8 *body);

static gsize fill_serial(ScsiDisk *s, guint8 *body)
{
    const char *serial = scsi_disk_base_props(s)->serial;
    gsize n = serial ? strlen(serial) : 0;

    if (n) {
        memcpy(body, serial, n);
    }
    return n;
}

/* A designator (SPC-4 section 7.8.6.1). */
static guint8 *add_designator(guint8 *p, guint8 code_set, guint8 type, const void *data, gsize n)
{
    p[0] = code_set;
    p[1] = type;
    p[3] = n;
    memcpy(p + 4, data, n);
    return p + 4 + n;
}

static guint8 *add_name(guint8 *p, guint8 type, guint64 name)
{
    guint8 data[8];

    if (!name) {
        return p;
    }
    put_be(data, name, 8);
    return add_designator(p, 1, type, data, sizeof(data));
}

static gsize fill_identification(ScsiDisk *s, guint8 *body)
{
    enum { BINARY = 1, ASCII = 2, VENDOR = 0, NAA = 3, PORT = 0x90, RELATIVE_PORT = 4 };
    const ScsiDiskBaseProps *props = scsi_disk_base_props(s);
    const char *id = props->device_id ? props->device_id : props->serial;
    guint8 *p = body;

    if (id && *id) {
        p = add_designator(p, ASCII, VENDOR, id, strlen(id));
    }
    p = add_name(p, NAA, props->wwn);
    p = add_name(p, PORT | NAA, props->port_wwn);
    if (props->port_index) {
        guint8 index[4];

        put_be(index, props->port_index, 4);
        p = add_designator(p, BINARY, PORT | RELATIVE_PORT, index, sizeof(index));
    }
    return p - body;
}

/* SBC-3 section 6.5.3. */
static gsize fill_block_limits(ScsiDisk *s, guint8 *body)
{
    enum { LENGTH = 0x3c };
    const DiskProps *disk = disk_props(&s->disk);
    guint64 unmap = scsi_max_unmap(s);

    if (s->rom) {
        return 0;
    }
    body[0] = 1;                /* WRITE SAME of 0 blocks is refused */
    put_be(body + 2, MIN(disk->min_io_size / s->block_size, G_MAXUINT16), 2);
    put_be(body + 4, scsi_max_transfer(s), 4);
    put_be(body + 8, MIN(disk->opt_io_size / s->block_size, G_MAXUINT32), 4);
    put_be(body + 16, unmap, 4);
    put_be(body + 20, SCSI_MAX_UNMAP_DESCRIPTORS, 4);
    put_be(body + 24, disk->discard_granularity / s->block_size, 4);
    put_be(body + 32, unmap, 8);
    return LENGTH;
}

/* SBC-3 section 6.5.2. */
static gsize fill_characteristics(ScsiDisk *s, guint8 *body)
{
    enum { LENGTH = 0x3c };

    if (s->rom) {
        return 0;
    }
    put_be(body, scsi_hd_props(s)->rotation_rate, 2);
    return LENGTH;
}

/* SBC-3 section 6.5.4: UNMAP and both WRITE SAME unmap, thin provisioning. */
static gsize fill_provisioning(ScsiDisk *s, guint8 *body)
{
    if (s->rom) {
        return 0;
    }
    body[1] = 0xe0;
    body[2] = 2;
    return 4;
}

static const Page pages[] = {
    { PAGE_SUPPORTED, fill_supported },
    { PAGE_SERIAL, fill_serial },
    { PAGE_IDENTIFICATION, fill_identification },
    { PAGE_BLOCK_LIMITS, fill_block_limits },
    { PAGE_CHARACTERISTICS, fill_characteristics },
    { PAGE_PROVISIONING, fill_provisioning },
};

/* The identification is there even if it is empty. */
static bool has_page(ScsiDisk *s, const Page *page)
{
    guint8 body[MAX_PAGE] = { 0 };

    return page->code == PAGE_SUPPORTED || page->code == PAGE_IDENTIFICATION ||
           page->fill(s, body) > 0;
}

static gsize fill_supported(ScsiDisk *s, guint8 *body)
{
    gsize n = 0;

    for (guint i = 0; i < G_N_ELEMENTS(pages); i++) {
        if (has_page(s, &pages[i])) {
            body[n++] = pages[i].code;
        }
    }
    return n;
}

void scsi_vpd(ScsiDisk *s, ScsiRequest *request)
{
    for (guint i = 0; i < G_N_ELEMENTS(pages); i++) {
        guint8 data[MAX_PAGE] = { s->rom ? SCSI_TYPE_ROM : SCSI_TYPE_DISK, pages[i].code };

        if (pages[i].code == request->cdb[2] && has_page(s, &pages[i])) {
            gsize n = pages[i].fill(s, data + HEADER);

            put_be(data + 2, n, 2);
            scsi_reply(request, data, HEADER + n);
            return;
        }
    }
    scsi_fail(request, SENSE_INVALID_FIELD);
}
