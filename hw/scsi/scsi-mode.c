/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MODE SENSE and MODE SELECT, each of 6 and of 10 bytes.  SPC-4 sections 6.9 to 6.12 and 7.5,
 * SBC-3 section 6.4, MMC-5 section 7.
 *
 * The only parameter that can be changed is whether there is a write cache.
 */
#include "config.h"
#include "hw/scsi/scsi-internal.h"

#include "qom/qapi-objects-scsi.h"

enum {
    PAGE_ERROR_RECOVERY = 0x01,
    PAGE_CACHING = 0x08,
    PAGE_CONTROL = 0x0a,
    PAGE_CAPABILITIES = 0x2a,
    PAGE_ALL = 0x3f,
    SUBPAGE_ALL = 0xff,
};

/* What a page shows: the field PC of MODE SENSE. */
typedef enum { CURRENT, CHANGEABLE, DEFAULT, SAVED } Values;

enum { CACHING_WCE = 0x04, BODY_MAX = 22, DESCRIPTOR = 8, LIST_MAX = 256 };

typedef struct {
    guint8 code, length;        /* of the body */
    guint8 flags;               /* SCSI_HD_ONLY, SCSI_CD_ONLY */
    void (*fill)(const ScsiDisk *s, guint8 *body, Values values);
} ModePage;

/* ---- Pages ---- */

static void fill_error_recovery(const ScsiDisk *s, guint8 *body, Values values)
{
    if (values != CHANGEABLE) {
        body[0] = 0x80;         /* blocks that cannot be written are moved */
        body[1] = s->rom ? 0x20 : 0;    /* retries of reads */
    }
}

static void fill_caching(const ScsiDisk *s, guint8 *body, Values values)
{
    if (values != CURRENT || g_atomic_int_get(&s->disk.front.write_cache)) {
        body[0] = CACHING_WCE;
    }
}

static void fill_control(const ScsiDisk *s, guint8 *body, Values values)
{
    if (values != CHANGEABLE) {
        body[1] = 0x10;         /* commands may be executed in any order */
    }
}

static void fill_capabilities(const ScsiDisk *s, guint8 *body, Values values)
{
    if (values != CHANGEABLE) {
        mmc_capabilities(&s->mmc, body);
    }
}

static const ModePage pages[] = {
    { PAGE_ERROR_RECOVERY, 10, 0, fill_error_recovery },
    { PAGE_CACHING, 18, 0, fill_caching },
    { PAGE_CONTROL, 10, 0, fill_control },
    { PAGE_CAPABILITIES, MMC_CAPABILITIES, SCSI_CD_ONLY, fill_capabilities },
};

static bool has_page(const ScsiDisk *s, const ModePage *page)
{
    return !(page->flags & SCSI_CD_ONLY) || s->rom;
}

static const ModePage *find_page(const ScsiDisk *s, guint8 code)
{
    for (guint i = 0; i < G_N_ELEMENTS(pages); i++) {
        if (pages[i].code == code && has_page(s, &pages[i])) {
            return &pages[i];
        }
    }
    return NULL;
}

/* ---- MODE SENSE ---- */

static guint8 *add_page(const ScsiDisk *s, guint8 *p, const ModePage *page, Values values)
{
    p[0] = page->code;
    p[1] = page->length;
    page->fill(s, p + 2, values);
    return p + 2 + page->length;
}

/* SBC-3 section 6.4.2.2: short, and thus the largest number for disks beyond it. */
static guint8 *add_descriptor(const ScsiDisk *s, guint8 *p)
{
    put_be(p, MIN(scsi_blocks(s), G_MAXUINT32), 4);
    put_be(p + 5, s->block_size, 3);
    return p + DESCRIPTOR;
}

static guint8 device_specific(const ScsiDisk *s)
{
    const BlockNode *node = disk_medium(&s->disk);

    if (s->rom) {
        return 0;
    }
    return (node && node->read_only ? 0x80 : 0) | (scsi_hd_props(s)->dpofua ? 0x10 : 0);
}

/* The pages that the command asks for, after a header of 4 or 8 bytes; NULL: there is no
 * such page. */
static guint8 *add_pages(const ScsiDisk *s, const ScsiRequest *request, guint8 *p)
{
    guint8 code = request->cdb[2] & 0x3f;
    Values values = request->cdb[2] >> 6;
    const ModePage *page = find_page(s, code);

    if (code == PAGE_ALL) {
        for (guint i = 0; i < G_N_ELEMENTS(pages); i++) {
            p = has_page(s, &pages[i]) ? add_page(s, p, &pages[i], values) : p;
        }
        return p;
    }
    return page ? add_page(s, p, page, values) : NULL;
}

static bool is_long(const ScsiRequest *request)
{
    return request->cdb[0] == SCSI_MODE_SENSE_10 || request->cdb[0] == SCSI_MODE_SELECT_10;
}

static void put_header(const ScsiDisk *s, const ScsiRequest *request, guint8 *data, gsize length,
                       gsize descriptor)
{
    if (is_long(request)) {
        put_be(data, length - 2, 2);
        data[3] = device_specific(s);
        put_be(data + 6, descriptor, 2);
    } else {
        data[0] = length - 1;
        data[2] = device_specific(s);
        data[3] = descriptor;
    }
}

void scsi_mode_sense(ScsiDisk *s, ScsiRequest *request)
{
    guint8 data[LIST_MAX] = { 0 };
    guint header = is_long(request) ? 8 : 4;
    bool described = !(request->cdb[1] & 8) && !s->rom && disk_medium(&s->disk);
    guint8 *p = data + header, *end;

    if (request->cdb[2] >> 6 == SAVED) {
        scsi_fail(request, SENSE_SAVING_NOT_SUPPORTED);
        return;
    }
    if (request->cdb[3] && request->cdb[3] != SUBPAGE_ALL) {
        scsi_fail(request, SENSE_INVALID_FIELD);
        return;
    }
    end = add_pages(s, request, described ? add_descriptor(s, p) : p);
    if (!end) {
        scsi_fail(request, SENSE_INVALID_FIELD);
        return;
    }
    put_header(s, request, data, end - data, described ? DESCRIPTOR : 0);
    scsi_reply(request, data, end - data);
}

/* ---- MODE SELECT ---- */

/* Whether a page is what it was, but for what can be changed; returns its length in all, or
 * 0. */
static gsize check_page(const ScsiDisk *s, const guint8 *p, gsize left)
{
    guint8 current[BODY_MAX] = { 0 }, changeable[BODY_MAX] = { 0 };
    const ModePage *page = left >= 2 ? find_page(s, p[0] & 0x3f) : NULL;

    if (!page || p[0] & 0x40 || p[1] != page->length || left < 2u + page->length) {
        return 0;
    }
    page->fill(s, current, CURRENT);
    page->fill(s, changeable, CHANGEABLE);
    for (guint i = 0; i < page->length; i++) {
        if ((p[2 + i] ^ current[i]) & ~changeable[i]) {
            return 0;
        }
    }
    return 2 + page->length;
}

/* Checks the pages in a list; *ret_cache is changed to what they want of the write cache. */
static bool check_pages(const ScsiDisk *s, const guint8 *p, gsize left, bool *ret_cache)
{
    while (left) {
        gsize n = check_page(s, p, left);

        if (!n) {
            return false;
        }
        if ((p[0] & 0x3f) == PAGE_CACHING) {
            *ret_cache = p[2] & CACHING_WCE;
        }
        p += n;
        left -= n;
    }
    return true;
}

/* The size of blocks cannot be changed. */
static bool check_descriptor(const ScsiDisk *s, const guint8 *p, gsize length)
{
    return length == DESCRIPTOR && (get_be32(p + 4) & 0xffffff) == s->block_size;
}

/* Without a cache from now on, what was in it goes to the medium. */
static void set_cache(ScsiDisk *s, ScsiRequest *request, bool cache)
{
    bool before = g_atomic_int_get(&s->disk.front.write_cache);

    g_atomic_int_set(&s->disk.front.write_cache, cache);
    request->transferred = request->need;
    if (before && !cache && disk_medium(&s->disk)) {
        scsi_flush(s, request);
    } else {
        scsi_good(request);
    }
}

void scsi_mode_select(ScsiDisk *s, ScsiRequest *request)
{
    guint8 data[LIST_MAX];
    gsize size = scsi_read_out(request, 0, data, MIN(request->need, sizeof(data)));
    gsize header = is_long(request) ? 8 : 4, descriptors;
    bool cache = g_atomic_int_get(&s->disk.front.write_cache);

    /* PF, and not SP: pages as the standard has them, which are not saved. */
    if ((request->cdb[1] & 0x11) != 0x10) {
        scsi_fail(request, SENSE_INVALID_FIELD);
        return;
    }
    if (!request->need) {
        scsi_good(request);
        return;
    }
    if (size < header || size < request->need) {
        scsi_fail(request, SENSE_PARAMETER_LIST_LENGTH);
        return;
    }
    descriptors = is_long(request) ? get_be16(data + 6) : data[3];
    if (descriptors > size - header) {
        scsi_fail(request, SENSE_PARAMETER_LIST_LENGTH);
        return;
    }
    if ((descriptors && !check_descriptor(s, data + header, descriptors)) ||
        !check_pages(s, data + header + descriptors, size - header - descriptors, &cache)) {
        scsi_fail(request, SENSE_INVALID_PARAMETER);
        return;
    }
    set_cache(s, request, cache);
}
