/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For the unit tests of qmp: values from and to JSON text, by the rows of
 * qmp-schema.json (not the daemon's schema).
 */
#ifndef TESTS_UNIT_TEST_QMP_ROWS_H
#define TESTS_UNIT_TEST_QMP_ROWS_H

#include "qmp/error.h"
#include "qmp/json.h"
#include "qmp/qapi-types.h"
#include "qmp/visit.h"

/* Decodes JSON text into storage. */
bool test_decode(const QmpType *type, QmpInputMode mode, const char *text, void *storage,
                 GError **error);

/* The JSON text of a value; free with g_free(). */
char *test_encode(const QmpType *type, const void *storage);

/* Decoding must succeed, and encoding give `expected` (NULL: the same text). */
void test_round_trip(const QmpType *type, QmpInputMode mode, const char *text,
                     const char *expected);

/* Decoding must fail with this reason, path (NULL: none), and a message that
 * contains `words`; storage must be zero afterwards. */
void test_refused(const QmpType *type, QmpInputMode mode, const char *text, ErrorReason reason,
                  const char *path, const char *words);

#endif
