/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI Machine Language, written term by term in the order in which it is read
 * (ACPI 6.4, chapter 20): an operator comes before its operands, and a term
 * with a body is open until aml_end().
 *
 *     aml_device(aml, "RTC");                     Device (RTC) {
 *     aml_name_eisaid(aml, "_HID", "PNP0B00");        Name (_HID, EisaId ("PNP0B00"))
 *     aml_method(aml, "_STA", 0, false);              Method (_STA) {
 *     aml_op(aml, AML_RETURN);                            Return (
 *     aml_int(aml, 0x0f);                                     0x0f)
 *     aml_end(aml);                                   }
 *     aml_end(aml);                               }
 *
 * The input consists of constants in the code, so no function can fail.  Paths
 * are written as in ASL: "\\_SB.PCI0", "^BSEL", "_ADR".
 */
#ifndef HW_ACPI_AML_H
#define HW_ACPI_AML_H

#include <glib.h>
#include <stdbool.h>

typedef struct Aml Aml;

/* Terms are appended to out, which stays the caller's. */
Aml *aml_new(GByteArray *out);
/* Everything must have been ended. */
void aml_free(Aml *aml);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Aml, aml_free)

/* ---- What has a body ---- */

void aml_end(Aml *aml);
void aml_scope(Aml *aml, const char *path);
void aml_device(Aml *aml, const char *name);
void aml_method(Aml *aml, const char *name, guint n_args, bool serialized);
void aml_if(Aml *aml);                          /* first the predicate */
void aml_while(Aml *aml);                       /* the same */
void aml_package(Aml *aml, guint n_elements);
/* Its units follow, by aml_field_unit and aml_field_gap. */
typedef enum { AML_ACCESS_ANY, AML_ACCESS_BYTE, AML_ACCESS_WORD, AML_ACCESS_DWORD } AmlAccess;
typedef enum { AML_PRESERVE, AML_WRITE_AS_ONES, AML_WRITE_AS_ZEROS } AmlUpdate;
void aml_field(Aml *aml, const char *region, AmlAccess access, AmlUpdate update);

/* ---- Terms that are complete ---- */

typedef enum { AML_SYSTEM_MEMORY = 0, AML_SYSTEM_IO = 1, AML_PCI_CONFIG = 2 } AmlSpace;
void aml_region(Aml *aml, const char *name, AmlSpace space, guint32 offset, guint32 length);
void aml_field_unit(Aml *aml, const char *name, guint bits);
void aml_field_gap(Aml *aml, guint bits);       /* without a name */
void aml_mutex(Aml *aml, const char *name);
void aml_acquire(Aml *aml, const char *mutex);  /* waits forever */
void aml_release(Aml *aml, const char *mutex);

void aml_path(Aml *aml, const char *path);      /* a reference to a name; a call */
void aml_int(Aml *aml, guint64 value);
void aml_string(Aml *aml, const char *text);
void aml_buffer(Aml *aml, const guint8 *data, guint length);
void aml_uuid(Aml *aml, const char *uuid);      /* ToUUID: a buffer of 16 bytes */
void aml_local(Aml *aml, guint n);              /* Local0 to Local7 */
void aml_arg(Aml *aml, guint n);                /* Arg0 to Arg6 */

/* Name (name, ...), whose value follows; and variants with common values. */
void aml_name(Aml *aml, const char *name);
void aml_name_int(Aml *aml, const char *name, guint64 value);
void aml_name_string(Aml *aml, const char *name, const char *text);
void aml_name_eisaid(Aml *aml, const char *name, const char *id);

/* ---- Operators: operands follow, then targets ---- */

typedef enum {
    AML_STORE       = 0x70,     /* source, target */
    AML_ADD         = 0x72,     /* a, b, target */
    AML_SUBTRACT    = 0x74,     /* a, b, target */
    AML_AND         = 0x7b,     /* a, b, target */
    AML_OR          = 0x7d,     /* a, b, target */
    AML_SHIFT_LEFT  = 0x79,     /* value, count, target */
    AML_INDEX       = 0x88,     /* package, index, target */
    AML_NOTIFY      = 0x86,     /* object, value */
    AML_LAND        = 0x90,     /* a, b */
    AML_LNOT        = 0x92,     /* a */
    AML_LEQUAL      = 0x93,     /* a, b */
    AML_LLESS       = 0x95,     /* a, b */
    AML_MID         = 0x9e,     /* buffer, index, length, target */
    AML_DEREF_OF    = 0x83,     /* reference */
    AML_SIZE_OF     = 0x87,     /* object */
    AML_OBJECT_TYPE = 0x8e,     /* object */
    AML_DWORD_FIELD = 0x8a,     /* CreateDWordField: buffer, offset, name */
    AML_RETURN      = 0xa4,     /* value */
} AmlOp;
void aml_op(Aml *aml, AmlOp op);
/* In place of a target: the result is only returned. */
void aml_no_target(Aml *aml);

/* ---- Resource templates (aml-resource.c; ACPI 6.4, section 6.4) ---- */

/* The value of a _CRS or _PRS; open until aml_end(). */
void aml_resources(Aml *aml);

void aml_io(Aml *aml, guint16 base, guint8 length);
void aml_irq_noflags(Aml *aml, guint irq);      /* edge, active high, not shared */
void aml_dma(Aml *aml, guint8 channels);        /* bytes, no bus master, compatible timing */
void aml_memory32(Aml *aml, guint32 base, guint32 length, bool writable);
/* Extended interrupts: level, active high, shared, consumer; the number of the
 * first is AML_INTERRUPT_NUMBER bytes after its beginning. */
enum { AML_INTERRUPT_NUMBER = 5 };
void aml_interrupts(Aml *aml, const guint32 *irqs, guint n);
/* Windows of a bridge: fixed at both ends, positive decode, producer. */
void aml_word_bus(Aml *aml, guint16 first, guint16 last);
void aml_word_io(Aml *aml, guint16 first, guint16 last);
void aml_dword_memory(Aml *aml, guint32 first, guint32 last, bool cacheable);
void aml_qword_memory(Aml *aml, guint64 first, guint64 last, bool cacheable);

/* For aml-resource.c: appends bytes. */
void aml_raw(Aml *aml, guint64 value, guint size);

#endif
