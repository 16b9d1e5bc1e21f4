/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks: the format of an image, and the files that it is based on.
 */
#ifndef CLIENT_TRANSLATE_DRIVE_CHAIN_H
#define CLIENT_TRANSLATE_DRIVE_CHAIN_H

#include "client/translate/plan.h"

/* "qcow2" if the file begins so, or NULL.  Owned.  For /dev/fdset/N the descriptor of -add-fd is
 * read. */
char *drive_guess_format(const Plan *plan, const char *filename);
/* The same for formats that the daemon has no driver for, too; to warn of them. */
const char *drive_see_format(const char *filename);

/* Names in the options of a qcow2 node what its image is based on, with a note for each.  A
 * file that cannot be read ends the chain: the daemon tells why. */
bool drive_add_chain(Plan *plan, QmpOptions *node, const char *filename, GError **error);

#endif
