/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows: what the generator knows about every type, as const data.
 *
 * The generator (qmp/qapi-gen.py) turns each schema type into a C struct and
 * one QmpType row; qmp/visit.c is the one walker over them.  Nothing here is
 * registered or computed at run time, and nothing here knows about objects,
 * devices or JSON.
 *
 * Rows of types have numbers where one would expect pointers: a pointer would have to be
 * relocated when the program starts, and each daemon would have a copy of all rows of its
 * own.  Texts are offsets (qmp_name), types and classes are indices (qmp_type, qmp_class),
 * and what a row has several of stands in one table for all rows (qmp_members and so on).
 *
 * How a value is stored ("its storage"), as a struct member or list element:
 *
 *   bool, intN, uintN, size, number, enum   inline
 *   str            char *, NULL if absent
 *   link           QmpLink inline, .path NULL if absent
 *   list           struct { gsize n; T *items; } inline
 *   struct, union, alternate, class union   pointer, NULL if absent
 *   any            QmpValue *, NULL if absent
 *   null           guint8 inline, always 0
 *
 * An optional inline scalar or list without default has a companion
 * `bool has_NAME`; one with a default is always filled in and has none.
 */
#ifndef QMP_TYPE_H
#define QMP_TYPE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct QmpType QmpType;
typedef struct QmpMember QmpMember;
typedef struct QmpClass QmpClass;

typedef enum {
    QMP_KIND_NULL,
    QMP_KIND_BOOL,
    QMP_KIND_INT8,
    QMP_KIND_INT16,
    QMP_KIND_INT32,
    QMP_KIND_INT64,             /* also the schema's `int` */
    QMP_KIND_UINT8,
    QMP_KIND_UINT16,
    QMP_KIND_UINT32,
    QMP_KIND_UINT64,
    QMP_KIND_SIZE,              /* uint64_t; text takes suffixes */
    QMP_KIND_NUMBER,            /* double */
    QMP_KIND_STR,
    QMP_KIND_ENUM,              /* int, an index into QmpType.values */
    QMP_KIND_LINK,              /* a string on the wire: id or path */
    QMP_KIND_LIST,
    QMP_KIND_STRUCT,
    QMP_KIND_UNION,             /* base members, then one branch in `u` */
    QMP_KIND_ALTERNATE,         /* `int type`, then one branch in `u` */
    QMP_KIND_CLASS_UNION,       /* ObjectOptions, DeviceOptions */
    QMP_KIND_ANY,
} QmpKind;

/* A constant of any scalar type; the kind says which member is valid: i for
 * signed ints, u for unsigned ints, size, bool and enum, d for number, s for
 * str and link. */
typedef union {
    gint64 i;
    guint64 u;
    double d;
    const char *s;
} QmpScalar;

/* A link to another object.  The codec fills in path; qom resolves target
 * before the holder is completed or realized, and holds a reference to it. */
typedef struct {
    char *path;                 /* id or path as given, owned */
    void *target;               /* the Object, or NULL while unresolved */
} QmpLink;

/* The shape of every generated FooList. */
typedef struct {
    gsize n;
    void *items;
} QmpList;

/* A name or another text that clients see, as an offset into qmp_names[]; 0: none, or
 * empty. */
typedef guint32 QmpName;

extern const char qmp_names[];

static inline const char *qmp_name(QmpName name)
{
    return qmp_names + name;
}

/* NULL instead of "", for what may be absent. */
static inline const char *qmp_name_or_null(QmpName name)
{
    return name ? qmp_names + name : NULL;
}

/* A type, as an index into qmp_types[]; 0: none, which is NULL there. */
typedef guint16 QmpTypeId;

extern const QmpType *const qmp_types[];

static inline const QmpType *qmp_type(QmpTypeId id)
{
    return qmp_types[id];
}

/* A class, as 1 + its index in qmp_classes[]; 0: none. */
typedef guint16 QmpClassId;

/* As a QmpScalar, but a row's: text, for str, link and alternate, is a QmpName. */
typedef union {
    gint64 i;
    guint64 u;
    double d;
    QmpName text;
} QmpConstant;

static inline QmpScalar qmp_scalar(QmpKind kind, QmpConstant constant)
{
    bool is_text = kind == QMP_KIND_STR || kind == QMP_KIND_LINK || kind == QMP_KIND_ALTERNATE;

    return is_text ? (QmpScalar){ .s = qmp_name(constant.text) } : (QmpScalar){ .u = constant.u };
}

/* A text of the schema, as an offset into qmp_docs[]; 0: none. */
typedef guint32 QmpDoc;

extern const char qmp_docs[];

static inline const char *qmp_doc(QmpDoc doc)
{
    return qmp_docs + doc;
}

enum {
    QMP_MEMBER_OPTIONAL    = 1 << 0,
    QMP_MEMBER_HAS_DEFAULT = 1 << 1,   /* implies OPTIONAL */
    QMP_MEMBER_HAS_MIN     = 1 << 2,
    QMP_MEMBER_HAS_MAX     = 1 << 3,
    QMP_MEMBER_UNSTABLE    = 1 << 4,
    QMP_MEMBER_DEPRECATED  = 1 << 5,
    QMP_MEMBER_INTERNAL    = 1 << 6,   /* only a recipe may set it */
    QMP_MEMBER_READONLY    = 1 << 7,   /* can be read, never set */
    QMP_MEMBER_RUN         = 1 << 8,   /* `settable: run`: qom-set after build */
    QMP_MEMBER_SECRET      = 1 << 9,   /* never printed or logged */
    QMP_MEMBER_EXCLUSIVE   = 1 << 10,  /* link: one holder per target */
    QMP_MEMBER_LENIENT     = 1 << 11,  /* its content is decoded leniently */
    QMP_MEMBER_ALIAS       = 1 << 12,  /* property with other names, see qmp_member_aliases[] */
};

struct QmpMember {
    QmpName name;               /* on the wire */
    QmpTypeId type;
    guint16 n_only;             /* bool, str, enum, union: how many values (of the tag) are */
    guint16 only;               /*   supported, 0: all; the first: see qmp_only() */
    guint32 offset;             /* of the value in the struct */
    gint32 has_offset;          /* of its has_NAME, or -1 */
    guint32 flags;              /* QMP_MEMBER_* */
    QmpName part;               /* forwarded to this part of the object, or 0 */
    QmpDoc doc;
    QmpConstant def;            /* valid with HAS_DEFAULT; lists: always empty */
    QmpConstant min;            /* valid with HAS_MIN; str and list: length */
    QmpConstant max;
};

/* One branch of a union or alternate. */
typedef struct {
    QmpName name;               /* value of the tag; alternate: member name */
    QmpTypeId type;             /* 0: this branch adds no member */
    QmpDoc doc;                 /* of an alternate's */
} QmpBranch;

typedef struct {
    QmpName name;
    QmpDoc doc;
    guint32 flags;              /* QMP_MEMBER_UNSTABLE, _DEPRECATED */
} QmpEnumValue;

/* A member that a struct lacks; the error for its name says why. */
typedef struct {
    QmpName name;
    QmpName why;
} QmpUnsupported;

struct QmpType {
    QmpName name;               /* schema name; "uint8List" for lists */
    QmpKind kind;
    guint32 size;               /* sizeof the C type (struct itself, not pointer) */

    guint16 members;            /* struct; union and class union: the base; qmp_members() */
    guint16 n_members;
    guint16 unsupported;        /* struct; qmp_unsupported() */
    guint16 n_unsupported;

    guint16 values;             /* enum, in declaration order; qmp_values(), and in strcmp */
    guint16 n_values;           /*   order qmp_sorted() */

    QmpTypeId element;          /* list */

    /* Union: qmp_branches()[tag value]; `u` holds the branch's members inline, so
     * the branch type's offsets count from u_offset.  Wrapped (the old
     * `data` style) unions: branch types have the single member `data`.
     * Alternate: qmp_branches()[type], `u` holds the branch's storage. */
    guint16 branches;
    guint16 n_branches;
    guint16 tag;                /* union: index of the tag in members */
    guint32 tag_offset;         /* alternate: of `type`; class union: of the class */
    guint32 u_offset;           /* class union: of `props` */

    /* Class union: which classes may be named. */
    QmpName tag_name;           /* "qom-type" or "driver" */
    QmpClassId root;            /* any concrete descendant of it, */
    guint32 root_flags;         /*   with at least these QMP_CLASS_* flags */
    guint32 given_offset;       /* of `given`, see QmpGiven */

    QmpClassId target;          /* link: class that the target must have */

    QmpDoc doc;
};

/* What all rows have of each kind; a row's own stand behind each other from its index on. */
extern const QmpMember qmp_all_members[];
extern const QmpUnsupported qmp_all_unsupported[];
extern const QmpEnumValue qmp_all_values[];
extern const guint16 qmp_all_sorted[];
extern const QmpBranch qmp_all_branches[];
extern const QmpConstant qmp_all_only[];

static inline const QmpMember *qmp_members(const QmpType *type)
{
    return &qmp_all_members[type->members];
}

static inline const QmpUnsupported *qmp_unsupported(const QmpType *type)
{
    return &qmp_all_unsupported[type->unsupported];
}

static inline const QmpEnumValue *qmp_values(const QmpType *type)
{
    return &qmp_all_values[type->values];
}

/* Indices of an enum's values. */
static inline const guint16 *qmp_sorted(const QmpType *type)
{
    return &qmp_all_sorted[type->values];
}

static inline const QmpBranch *qmp_branches(const QmpType *type)
{
    return &qmp_all_branches[type->branches];
}

static inline const QmpConstant *qmp_only(const QmpMember *member)
{
    return &qmp_all_only[member->only];
}

/* Class unions record which properties the request named, with one bit per row
 * of the class's props type, so that a machine's defaults can still be filled
 * in for the others.  Byte i / 8, bit i % 8.  Owned by the union's value. */
typedef guint8 QmpGiven;

static inline bool qmp_given(const QmpGiven *given, guint i)
{
    return given && (given[i / 8] >> (i % 8) & 1);
}

/* A class's default for one of its properties, which overrides the row's. */
typedef struct {
    QmpName property;
    QmpConstant value;          /* by the property's kind */
} QmpDefault;

/* A default that a machine type gives to a property of another class. */
typedef struct {
    QmpClassId driver;          /* and all its descendants */
    QmpName property;
    QmpConstant value;
} QmpCompat;

typedef enum {
    QMP_PLUG_NONE,              /* not a device */
    QMP_PLUG_BOARD,             /* made by recipes only */
    QMP_PLUG_COLD,              /* before `cont` too */
    QMP_PLUG_HOT,               /* always */
} QmpPlug;

enum {
    QMP_CLASS_ABSTRACT       = 1 << 0,
    QMP_CLASS_USER_CREATABLE = 1 << 1,  /* object-add takes it */
    QMP_CLASS_DEVICE         = 1 << 2,
    QMP_CLASS_MACHINE        = 1 << 3,
    QMP_CLASS_UNSTABLE       = 1 << 4,
    QMP_CLASS_DEPRECATED     = 1 << 5,
    QMP_CLASS_DEFAULT        = 1 << 6,  /* machine: the default one */
    QMP_CLASS_SHARED         = 1 << 7,  /* exclusive links do not exclude each other */
};

/* One comparison of an entry's `if`. */
typedef struct {
    QmpName property;           /* of the machine or device, */
    bool accel;                 /*   or of the accelerator */
    QmpConstant value;          /* compared by the property's kind */
} QmpCondition;

/* One entry of a recipe or of `parts`: a child to make, or a wire. */
typedef struct {
    QmpClassId driver;          /* 0: a wire */
    QmpName name;               /* child's name below the machine or device */
    QmpName bus;                /* bus name, 0: the default one */
    const QmpDefault *props;    /* values for its properties */
    guint32 n_props;
    QmpName connect;            /* wire: "NAME.GPIO[N]" of the output; 0: none */
    QmpName to;                 /* wire: the input; 0: none */
    const QmpCondition *conditions;     /* all of them must hold */
    guint32 n_conditions;
} QmpPart;

/*
 * Where in the tree the objects of a class are that requests make, and by which
 * requests: `place` in the schema.
 */
typedef struct {
    const QmpClass *klass;      /* the class that says it; its descendants have the same */
    bool single;                /* there is at most one such object */
    const char *path;           /* of the object, or of the folder that contains them by id */
    const char *anonymous;      /* folder of those without id; NULL: each has one */
    const char *add, *remove;   /* the commands; NULL: no request makes one */
    const char *id;             /* argument of `add` that has the id */
    const char *arguments;      /* property with the arguments of `add`: all of them, or the
                                   one of that name.  NULL: properties are arguments */
} QmpClassPlace;

/* All places. */
extern const QmpClassPlace qmp_class_places[];
extern const guint qmp_n_class_places;

struct QmpClass {
    const char *name;
    const QmpClass *parent;     /* NULL for `object` */
    const QmpType *props;       /* all properties, inherited ones first */
    guint32 first_default;      /* in qmp_all_defaults[]: this class's own and inherited ones, */
    guint32 n_defaults;         /*   resolved */
    guint32 flags;              /* QMP_CLASS_* */
    QmpPlug plug;
    const QmpClass *bus;        /* class of the bus it sits on, or NULL */
    const QmpName *aliases;     /* ended by 0, or NULL */
    const QmpPart *parts;       /* of a machine: its recipe */
    guint32 n_parts;
    guint32 first_compat;       /* in qmp_all_compat[], of a machine */
    guint32 n_compat;
    guint32 cpu_max;            /* of a machine: most CPUs that it takes */
    QmpClassId default_cpu;     /* of a machine: what clients take by default, or 0 */
    QmpName default_ram_id;     /* of a machine: what clients call its memory, or 0 */
    const char *const *events;  /* that its objects emit, NULL-terminated; NULL: as its parent's */
    const QmpClass *const *buses; /* that it provides for others, likewise */
    guint32 index;              /* in qmp_classes[] */
    guint32 place;              /* 1 + index in qmp_class_places[]; 0: none */
    QmpDoc doc;
    QmpDoc since;               /* the first version that has it */
};

/* All classes, parents before children; and their number. */
extern const QmpClass *const qmp_classes[];
extern const guint qmp_n_classes;

static inline const QmpClass *qmp_class(QmpClassId id)
{
    return id ? qmp_classes[id - 1] : NULL;
}

extern const QmpDefault qmp_all_defaults[];
extern const QmpCompat qmp_all_compat[];

static inline const QmpDefault *qmp_class_defaults(const QmpClass *klass)
{
    return &qmp_all_defaults[klass->first_default];
}

static inline const QmpCompat *qmp_class_compat(const QmpClass *klass)
{
    return &qmp_all_compat[klass->first_compat];
}

/* Every class's name and aliases in strcmp order: what qmp_class_find searches. */
typedef struct {
    QmpName name;
    QmpClassId klass;
    guint32 flags;              /* of an alias: QMP_CLASS_UNSTABLE, _DEPRECATED */
} QmpClassName;

extern const QmpClassName qmp_class_names[];
extern const guint qmp_n_class_names;

/* Finds a class by its name or an alias; NULL if there is none. */
const QmpClass *qmp_class_find(const char *name);
const QmpClassName *qmp_class_name_find(const char *name);

/* Names of the events that a class's objects emit, and classes of the buses that they provide:
 * its own list or that of an ancestor, NULL-terminated; or NULL. */
static inline const char *const *qmp_class_events(const QmpClass *klass)
{
    while (klass && !klass->events) {
        klass = klass->parent;
    }
    return klass ? klass->events : NULL;
}

static inline const QmpClass *const *qmp_class_buses(const QmpClass *klass)
{
    while (klass && !klass->buses) {
        klass = klass->parent;
    }
    return klass ? klass->buses : NULL;
}

/* True if klass is ancestor or descends from it. */
bool qmp_class_is_a(const QmpClass *klass, const QmpClass *ancestor);

/* Where its objects are in the tree, or NULL if the class does not say. */
const QmpClassPlace *qmp_class_place(const QmpClass *klass);

/* Another name that requests may use for a property, which has QMP_MEMBER_ALIAS. */
typedef struct {
    QmpName alias;
    QmpName name;
} QmpMemberAlias;

extern const QmpMemberAlias qmp_member_aliases[];
extern const guint qmp_n_member_aliases;

/* The row of a property by its name or an alias, inherited ones included; NULL if there is
 * none. */
const QmpMember *qmp_class_member(const QmpClass *klass, const char *name);

/* Name of an enum value; "?" if it is out of range. */
const char *qmp_enum_name(const QmpType *type, int value);

/* Index of an enum value by name, or -1. */
int qmp_enum_parse(const QmpType *type, const char *name);

enum {
    QMP_CPUID_MSR = 4,          /* QmpCpuidBit.reg: the bit of an MSR */
};

enum {
    QMP_CPUID_TCG_HOST     = 1 << 0,    /* the software CPU has it if the host has */
    QMP_CPUID_TCG_ALWAYS   = 1 << 1,    /* the software CPU has it on any host */
    QMP_CPUID_CHOSEN       = 1 << 2,    /* on in each model where it is available */
    QMP_CPUID_NOT_CHOSEN   = 1 << 3,    /* `host` and `max` do not have it by themselves */
    QMP_CPUID_OFF_KVM      = 1 << 4,    /* a model has it under KVM only if a request says so */
    QMP_CPUID_OFF_TCG      = 1 << 5,    /* the same for the software CPU */
    QMP_CPUID_UNMIGRATABLE = 1 << 6,    /* ties the machine to its host */
};

/* A feature of an x86 CPU: which bit of CPUID or of an MSR a bool property stands for.  A
 * feature with several bits has a row for each, behind each other. */
typedef struct {
    guint32 offset;             /* of the bool in X8664CpuProps */
    guint32 leaf;               /* or the MSR's number */
    guint32 subleaf;
    guint8 reg;                 /* 0 eax, 1 ebx, 2 ecx, 3 edx, QMP_CPUID_MSR */
    guint8 bit;
    guint16 flags;              /* QMP_CPUID_* */
    QmpName name;
} QmpCpuidBit;

extern const QmpCpuidBit qmp_cpuid_bits[];
extern const guint qmp_n_cpuid_bits;

/* A feature that a CPU can have only with another one, which stands before it in
 * qmp_cpuid_bits[]. */
typedef struct {
    guint32 offset;             /* of the bools in X8664CpuProps */
    guint32 needs;
} QmpCpuidNeed;

extern const QmpCpuidNeed qmp_cpuid_needs[];
extern const guint qmp_n_cpuid_needs;

#endif
