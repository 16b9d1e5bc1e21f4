/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an image says of itself: its format, and the files that it is based on.  The daemon
 * opens only what a request names; here is where names are found.
 */
#ifndef CLIENT_TRANSLATE_IMAGE_H
#define CLIENT_TRANSLATE_IMAGE_H

#include <glib.h>
#include <stdbool.h>

typedef struct {
    bool qcow2;                 /* else it has no format that can be used */
    const char *other;          /* a format that is only recognised, or NULL */
    char *backing;              /* as in the header, or NULL */
    char *backing_format;       /* the same */
    char *data_file;            /* the same */
} ImageHeader;

/* Reads a regular file's or block device's; false: it cannot be read.  Clear in any case. */
bool image_header_read(const char *path, ImageHeader *header);
void image_header_clear(ImageHeader *header);

/* A name in a header of the image at path: relative to that image's folder. */
char *image_resolve(const char *path, const char *name);

/* The driver for a file of that name.  /dev/fdset/N stands for any file. */
const char *image_protocol(const char *filename);

#endif
