/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The walker: all operations on a typed value by its rows.
 *
 * `storage` is where the value is kept as qmp/type.h says: for a struct type
 * the address of a pointer, for a scalar its own address.  All functions are
 * pure and may be called from any thread.
 */
#ifndef QMP_VISIT_H
#define QMP_VISIT_H

#include "qmp/policy.h"
#include "qmp/type.h"
#include "qmp/value.h"

struct evbuffer;

typedef enum {
    QMP_INPUT_STRICT,           /* JSON's own types only */
    QMP_INPUT_LENIENT,          /* device_add: strings for scalars, too */
} QmpInputMode;

/*
 * A source that the walker reads typed values from: a JSON tree, a QmpValue
 * tree, key=value text.  A node is opaque to the walker.
 */
typedef struct QmpInput QmpInput;
typedef struct {
    QmpValueKind (*kind)(const void *node);
    bool (*get_bool)(const void *node);
    gint64 (*get_int)(const void *node);      /* kind INT */
    guint64 (*get_uint)(const void *node);    /* kind UINT */
    double (*get_number)(const void *node);
    const char *(*get_str)(const void *node, gsize *ret_length);
    /* Text: from now on list_length and list_item treat a STR node as a list;
     * ranges: "0-3" stands for four elements.  NULL: strings are never lists. */
    bool (*text_as_list)(const void *node, bool ranges);
    gsize (*list_length)(const void *node);
    const void *(*list_item)(const void *node, gsize i);
    gsize (*dict_size)(const void *node);
    const void *(*dict_get)(const void *node, const char *key);   /* or NULL */
    /* Calls back for each member in order, until it returns false. */
    bool (*dict_foreach)(const void *node,
                         bool (*f)(const char *key, const void *item, void *data),
                         void *data);
} QmpInputOps;

struct QmpInput {
    const QmpInputOps *ops;
    QmpInputMode mode;
    bool allow_internal;        /* recipes: internal members may be set */
    const QmpPolicy *policy;    /* NULL: everything passes */
};

extern const QmpInputOps qmp_value_input;     /* nodes are QmpValue */

/*
 * Decodes node into *storage, which must be zeroed.  Unknown and duplicate
 * members, missing ones, wrong types and values out of bounds are errors whose
 * path (qmp_error_path) names the offending argument.  Defaults are filled in:
 * row, then class.  On failure storage is zero again.
 */
bool qmp_decode(const QmpInput *input, const QmpType *type, const void *node,
                void *storage, GError **error);

/* Decodes element i of a list that is the value of member, as if the whole value were decoded. */
bool qmp_decode_element(const QmpInput *input, const QmpMember *member, const void *list,
                        gsize i, void *storage, GError **error);

/* Prints JSON text for the value at storage, absent optional members left out;
 * secret members print as null. */
void qmp_encode_json(const QmpType *type, const void *storage, struct evbuffer *out);
void qmp_encode_value(const QmpValue *value, struct evbuffer *out);

/* The value as a neutral tree, by the same rules as qmp_encode_json. */
QmpValue *qmp_to_value(const QmpType *type, const void *storage);

/*
 * Appends the value to a stream of bytes (state of a device), and reads it back into
 * zeroed storage: returns the number of bytes read, or 0 with an error; storage is
 * then zero again.  Secrets are not saved.
 */
void qmp_stream_save(const QmpType *type, const void *storage, GByteArray *out);
gsize qmp_stream_load(const QmpType *type, void *storage, const guint8 *data, gsize length,
                      GError **error);

/* Frees what storage owns and zeroes it (type->size bytes for inline kinds,
 * the pointer for the others). */
void qmp_clear(const QmpType *type, void *storage);

/* Deep copy; dst must be zeroed.  Link targets are not copied. */
void qmp_clone(const QmpType *type, void *dst, const void *src);

bool qmp_equal(const QmpType *type, const void *a, const void *b);

/* Calls f for each non-empty link anywhere in the value that a request can
 * set. */
typedef void (*QmpLinkFunc)(const QmpType *type, const char *path, void *data);
void qmp_foreach_link(const QmpType *type, const void *storage, QmpLinkFunc f, void *data);

/* Calls f for each present value of one of the wanted types (NULL-terminated) within a typed
 * value, but not for those nested in such a value.  name is the member that holds it (or its
 * list), or NULL. */
typedef void (*QmpValueFunc)(const QmpType *type, const void *storage, const char *name,
                             void *data);
void qmp_foreach_value(const QmpType *type, const void *storage, const QmpType *const *wanted,
                       QmpValueFunc f, void *data);

/* Finds the storage and type of the member with this name in a struct, union or class
 * union; NULL: none of the members that every such value has is called so. */
const void *qmp_member_find(const QmpType *type, const void *object, const char *name,
                            const QmpType **ret_type);
/* The class that a class union names. */
const QmpClass *qmp_union_class(const QmpType *type, const void *object);

/* Sets the member of a struct value to a constant, and frees the old value. */
void qmp_member_set_scalar(const QmpMember *member, void *object, QmpScalar value);
/* The same with one of a row. */
void qmp_member_set_constant(const QmpMember *member, void *object, QmpConstant constant);

/* Presence, by has_offset or by the value itself. */
bool qmp_member_present(const QmpMember *member, const void *object);

/* A zeroed struct of this type with the defaults of its rows filled in;
 * with a class, the class's defaults on top.  Free with qmp_clear. */
void *qmp_new(const QmpType *type);
void *qmp_new_props(const QmpClass *klass);

/* Sets a member of *object from a node as qom-set does, if the value is within the
 * row's bounds and what it names passes the policy; the caller judges the row's own marks.
 * The old value is kept on failure. */
bool qmp_decode_member(const QmpInput *input, const QmpMember *member,
                       const void *node, void *object, GError **error);

#endif
