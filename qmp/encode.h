/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Printing values through a printer that the caller has started, for replies
 * and events that wrap them.  Private to qmp/; the public functions are in
 * qmp/visit.h.
 */
#ifndef QMP_ENCODE_H
#define QMP_ENCODE_H

#include "qmp/printer.h"
#include "qmp/visit.h"

/* As qmp_encode_json(). */
void qmp_print_typed(QmpPrinter *printer, const QmpType *type, const void *storage);

/* Any node of any input, as it is. */
void qmp_print_node(QmpPrinter *printer, const QmpInputOps *ops, const void *node);

/*
 * A node that may or may not fit type, with the values of secret members
 * replaced by null: for requests in the journal.
 */
void qmp_print_masked(QmpPrinter *printer, const QmpInputOps *ops, const QmpType *type,
                      const void *node);

#endif
