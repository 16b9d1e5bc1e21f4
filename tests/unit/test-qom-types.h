/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The C side of the classes in qom-schema.json: every hook writes "CLASS.HOOK"
 * into a log, and can be told to fail.
 */
#ifndef TESTS_UNIT_TEST_QOM_TYPES_H
#define TESTS_UNIT_TEST_QOM_TYPES_H

#include "qmp/error.h"
#include "qmp/qapi-types.h"
#include "qmp/visit.h"
#include "qom/defaults.h"
#include "qom/device.h"
#include "qom/env.h"
#include "qom/object.h"
#include "qom/property.h"

/* A device with state rows in two of its classes. */
typedef struct TestDevice {
    Device device;
    guint8 base_u8;
    guint16 base_keep;
} TestDevice;

typedef struct TestChip {
    TestDevice parent;
    bool flag;
    guint32 u32[3];
    guint64 u64;
    guint8 bytes[5];
} TestChip;

typedef struct {
    Device device;
    Bus *bus;
} TestBridge;

/* Starts GTest, registers the types, and runs. */
int test_qom_main(int argc, char **argv, void (*add_tests)(void));

/* What the hooks have written since the last call, words with a blank between;
 * and a word of the test's own. */
char *log_take(void);
void log_word(const char *word);
#define assert_log(text) \
    do { \
        g_autofree char *log_text = log_take(); \
        g_assert_cmpstr(log_text, ==, text); \
    } while (0)

/* The hook of that name ("test-leaf.complete") fails from now on; NULL: none. */
void fail_at(const char *hook);

/* Checks reason and a part of the message, and clears *error. */
void assert_error(GError **error, ErrorReason reason, const char *part);

/* A root with the folders /objects and /chardevs, of test-backend and test-other. */
Object *tree_new(void);
/* Destroys everything and drops the root. */
void tree_free(Object *root);

/* A child of a place in the tree, not made yet; borrowed. */
Object *add(Object *root, const char *place, const QmpClass *klass, const char *name);
/* The same, made. */
Object *add_made(Object *root, const char *place, const QmpClass *klass, const char *name);

/* A link's path in props, before object_link. */
void set_path(QmpLink *link, const char *path);

#endif
