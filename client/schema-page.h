/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages: the description of one thing of the schema, as text.
 */
#ifndef CLIENT_SCHEMA_PAGE_H
#define CLIENT_SCHEMA_PAGE_H

#include "client/schema-index.h"
#include "qmp/value.h"

typedef struct {
    GString *out;
    guint width;                /* of the page in columns */
} SchemaPage;

/* Appends the page of an item. */
void schema_page_item(const SchemaPage *page, const SchemaItem *item);

/* ---- Between the files that print pages ---- */

void schema_page_class(const SchemaPage *page, const SchemaItem *item);
void schema_page_feature(const SchemaPage *page, const QmpMember *feature);
void schema_page_type(const SchemaPage *page, const QmpManualType *manual);

/* The content of arguments, data or a type: members below a title, values, branches. */
void schema_page_content(const SchemaPage *page, const char *title, const QmpType *type);

/* "NAME (NOUN)" and what it is. */
void schema_page_head(const SchemaPage *page, const char *name, const char *noun,
                      const char *doc);

/* A titled paragraph, or a list on one line; nothing if text is NULL or empty. */
void schema_page_text(const SchemaPage *page, const char *title, const char *text);

/* Unchanged lines below a title; nothing if there are none. */
void schema_page_example(const SchemaPage *page, const char *text);

/* A member with its type, bounds, default and comment, below a title that was printed.
 * klass is the class that it is a property of, or NULL. */
void schema_page_member(const SchemaPage *page, const QmpMember *member, const QmpClass *klass);

/* Appends ", read-only" and the like for QMP_MEMBER_* flags. */
void schema_page_marks(GString *facts, guint32 flags);

/* "uint8", "list of str", "link to chardev".  Newly allocated. */
char *schema_type_text(const QmpType *type);

/* A value as JSON; frees it. */
char *schema_value_text(QmpValue *value);

#endif
