/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plan: a translation while it is made.  Private to client/translate/.
 *
 * The command line becomes items, one for each option.  Then the phases run one after the other:
 * each calls the handlers of its options, in the order of the command line, and then its
 * finisher.  So requests are in the order that the daemon needs, whatever the order of options.
 */
#ifndef CLIENT_TRANSLATE_PLAN_H
#define CLIENT_TRANSLATE_PLAN_H

#include <string.h>

#include "client/translate/translate.h"
#include "qmp/options.h"
#include "qmp/error.h"

typedef struct Plan Plan;
typedef struct Item Item;
typedef struct OptionRow OptionRow;

/* The phases, in order. */
typedef enum {
    PHASE_COLLECT,              /* collects properties of the machine; then the accelerator */
    PHASE_OBJECT,               /* objects without links to others; then memory, machine,
                                   CPUs */
    PHASE_CHARDEV,
    PHASE_BACKEND,              /* networks and disks */
    PHASE_BOARD,                /* serial ports and the like; then default ones, and objects that
                                   link to others */
    PHASE_DEVICE,
    PHASE_LATE,                 /* the rest; then `cont` */
    PHASE__MAX
} Phase;

enum {
    OPTION_KEYED = 1 << 0,      /* the argument is key=value text */
    OPTION_FLAT  = 1 << 1,      /* dots are part of keys */
    OPTION_JSON  = 1 << 2,      /* or a JSON object */
    OPTION_MERGE = 1 << 3,      /* several of them form one group */
};

/* With as few pointers as there can be: each costs a daemon's start a relocation. */
struct OptionRow {
    char name[20];              /* without `-` */
    char group[16];             /* in -readconfig and -set, or empty */
    char implied[16];           /* key of a first word without `=`, or empty */
    Phase phase;
    guint flags;                /* OPTION_* */
    bool (*handle)(Plan *plan, Item *item, GError **error);
    const char *text;           /* its argument's description, a null character, and for people its
                                   translation */
};

/* NULL: it takes no argument. */
static inline const char *option_argument(const OptionRow *row)
{
    return *row->text ? row->text : NULL;
}

static inline const char *option_fate(const OptionRow *row)
{
    return row->text + strlen(row->text) + 1;
}

static inline const char *option_group(const OptionRow *row)
{
    return *row->group ? row->group : NULL;
}

static inline const char *option_implied(const OptionRow *row)
{
    return *row->implied ? row->implied : NULL;
}

/* All rows in strcmp order (option-table.c). */
extern const OptionRow option_rows[];
extern const guint n_option_rows;

/* NULL if there is none. */
const OptionRow *option_find_group(const char *group);

struct Item {
    const OptionRow *row;
    char *origin;               /* as written, for messages */
    char *text;                 /* the argument, or "" */
    QmpOptions *options;        /* with OPTION_KEYED, unless there is json */
    json_t *json;               /* an argument in JSON, or NULL */
    bool taken;                 /* a -chardev that is the daemon's socket */
};

/* What is collected for each topic until its requests can be made.  An Item is kept only for
 * messages, unless its comment says more; NULL if the option was not given. */

typedef struct {
    const char *name;           /* as given, or NULL */
    const QmpClass *klass;      /* NULL before the phase of objects */
    QmpOptions *options;
    json_t *defaults;           /* of -global and others */
} MachinePlan;

typedef struct {
    GPtrArray *choices;         /* of Choice (accel.c): what -accel named, in order */
    GPtrArray *machine_choices; /* the same of -machine, or -enable-kvm */
    QmpOptions *options;        /* keys of -machine about it */
} AccelPlan;

typedef struct {
    const Item *item;           /* -m */
    const char *backend;        /* as -machine names it, or NULL */
    QmpOptions *options;        /* the machine's backend, if no -object names it */
    json_t *steps;              /* of -numa: NumaOptions */
    GPtrArray *step_items;      /* of Item: the options that gave them */
    guint64 slots, max;         /* of -m; max 0: not given */
} MemoryPlan;

typedef struct {
    const Item *model;          /* -cpu: the class and its properties */
    const Item *smp;
    guint64 n;                  /* made by -smp, and places for them */
    guint64 max;
} CpuPlan;

typedef struct {
    Item *compat;               /* the last -compat */
    GPtrArray *linked;          /* of Item, borrowed: -object that needs other backends */
    guint n_smbios, n_fw_cfg;
} ObjectsPlan;

typedef struct {
    GPtrArray *units;           /* of DriveUnit (drive-unit.h): the places that are occupied */
} DisksPlan;

typedef struct {
    Item *nic_pending, *net_pending;    /* unpaired halves of -net */
    guint n;
    bool has_nic;               /* -nic, -net or -netdev was given */
} NetPlan;

typedef struct {
    guint n_serial, n_parallel;
    bool has_serial, has_parallel;
    bool no_serial;         /* -machine isa-serial=off */
} PortsPlan;

typedef struct {
    QmpOptions *options;        /* set-action's arguments */
    const Item *item;
} ActionPlan;

struct Plan {
    Translation *out;
    GPtrArray *items;           /* of Item */
    const Item *current;        /* whose handler is running; NULL: a default */

    struct {
        bool nodefaults, nographic, stopped, snapshot;
    } asked;                    /* options without an argument */
    const Item *vga;            /* -vga */
    const Item *keyboard;       /* -k; its text counts */
    guint n_vnc;                /* VNC servers so far */
    MachinePlan machine;
    AccelPlan accel;
    MemoryPlan memory;
    CpuPlan cpu;
    ObjectsPlan objects;
    DisksPlan disks;
    NetPlan net;
    PortsPlan ports;
    ActionPlan action;
    GPtrArray *monitors;        /* of Item, borrowed: -qmp and -mon that are not the daemon's own
                                   sockets */
};

/* Adds a problem and says which option it is about.  Takes error. */
void plan_problem(Plan *plan, const Item *item, GError *error);

/* Adds a note why the current option needs no request. */
void plan_note(Plan *plan, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Adds a note which part of the daemon's start the current option concerns; value may be NULL. */
void plan_start(Plan *plan, TranslationStart start, const char *value, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

/* Adds a request.  Takes ownership of arguments; arguments and why may be NULL. */
void plan_add(Plan *plan, const char *command, json_t *arguments, const char *why);

/* The same with arguments from options, decoded as the command's. */
bool plan_add_options(Plan *plan, const char *command, const QmpOptions *options, const char *why,
                      GError **error);

/* The same with an argument that was given in JSON. */
bool plan_add_json(Plan *plan, const char *command, json_t *arguments, GError **error);

/* Only decodes: as arguments of a command, or to check validity.  Errors have the
 * position. */
json_t *plan_typed(const char *command, const QmpOptions *options, GError **error);
bool plan_check(const QmpType *type, const QmpOptions *options, GError **error);

/* Prepends the position in the argument to an error of the decoder. */
void plan_place_error(const QmpOptions *options, GError **error);

/* An empty group. */
QmpOptions *plan_options(void);
/* Converts an item's JSON to the group that equivalent text would give. */
bool item_json_to_options(Item *item, GError **error);

/* The keys of a group's outermost level, of char. */
GPtrArray *plan_keys(const QmpOptions *options);

/* Moves a key with its members to a path of another group; a no-op if it is absent.  The second
 * function moves all keys, and puts prefix before each. */
bool plan_move(QmpOptions *from, const char *key, QmpOptions *to, const char *path,
               GError **error);
bool plan_move_all(QmpOptions *from, QmpOptions *to, const char *prefix, GError **error);

/* Fails if a key is not in known, a NULL-terminated list. */
bool plan_check_keys(const QmpOptions *options, const char *const *known, GError **error);

/* Removes one value from a group; *ret is unchanged if there is none. */
bool plan_take_bool(QmpOptions *options, const char *key, bool *ret, GError **error);
bool plan_take_uint(QmpOptions *options, const char *key, guint64 *ret, GError **error);
bool plan_take_size(QmpOptions *options, const char *key, guint64 *ret, GError **error);

/* An id that no option has: base, or base with a number.  Free with g_free(). */
char *plan_unique_id(const Plan *plan, const char *base);

/* Whether a -device is of this class. */
bool plan_has_device(const Plan *plan, const char *driver);

/* Whether the machine has PCI, which virtio devices then use. */
bool plan_has_pci(const Plan *plan);

/* Fails with "not supported", and what to do instead. */
bool plan_refuse(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Adds an option from an existing group, of which it takes ownership. */
bool plan_add_group(Plan *plan, const OptionRow *row, QmpOptions *options, const char *origin,
                    GError **error);
/* The text of a file, which may be a pipe; NULL with an error. */
char *config_read_text(const char *path, GError **error);
/* Adds the options of a -readconfig file. */
bool config_file_read(Plan *plan, const char *path, GError **error);
bool config_file_parse(Plan *plan, const char *path, const char *text, GError **error);

/* How the keys of a device of this class are parsed: names of CPU features contain
 * dots. */
guint device_options_flags(const char *driver);

/* Used by more than one handler. */

/* QEMU's old spelling ("tcp:host:port,server"); `none` is set if there is to be no device. */
bool chardev_read_legacy(QmpOptions *options, const char *text, GError **error);
bool chardev_add_legacy(Plan *plan, const char *text, const char *id, bool *ret_none,
                        GError **error);

/* An empty list of accelerators; the machine's becomes those of a list with colons. */
GPtrArray *accel_choices_new(void);
void plan_set_machine_accel(Plan *plan, const char *list, const Item *item);

/* A size in a text in which a number without a unit, decimal or not, is in MiB: a text that
 * has one.  Free with g_free(). */
char *plan_size_in_mib(const char *text);
/* The steps of -numa (numa.c): what they say is moved to the machine's options, if it has only one
 * node, or checked. */
bool plan_take_nodes(Plan *plan, GError **error);
/* Whether the machine has nodes; whether they have memory backends, and whether that one is among
 * them. */
bool plan_has_nodes(const Plan *plan);
bool plan_has_node_memory(const Plan *plan);
bool plan_is_node_memory(const Plan *plan, const char *id);
/* The machine's RAM, unless an -object makes it, and room for memory devices (ram.c). */
bool plan_add_ram(Plan *plan, GError **error);

/* Adds objects that link to others, which exist by now. */
bool plan_add_linked(Plan *plan, GError **error);

/* Records the number of CPUs in the machine's property smp, which may be NULL. */
void plan_count_cpus(Plan *plan, const json_t *smp);

/* Checks for options without effect (effect.c): among the machine's arguments, which the error
 * names; for devices that its type lacks; and about memory, if it has none. */
bool plan_check_machine(const json_t *arguments, GError **error);
bool plan_check_options(Plan *plan, GError **error);
bool plan_check_no_memory(Plan *plan, GError **error);

/* The machine's CPUs, by -cpu and that number. */
bool plan_add_cpus(Plan *plan, GError **error);

/* The monitors that are objects (process.c). */
bool plan_add_monitors(Plan *plan, GError **error);

/* Finishers, by phase. */
/* Makes the policy of -compat, if there is one. */
bool plan_add_policy(Plan *plan, GError **error);

bool finish_accel(Plan *plan, GError **error);
bool finish_machine(Plan *plan, GError **error);
bool finish_board(Plan *plan, GError **error);
bool finish_devices(Plan *plan, GError **error);
bool finish_late(Plan *plan, GError **error);
/* The VGA that -vga asks for, or a PC's default one: part of finish_board. */
bool add_vga(Plan *plan, GError **error);
/* Fails if it is a USB device that QEMU has, and that there is not here. */
bool check_usb_device(const char *driver, GError **error);

/* Handlers. */
typedef bool OptionHandler(Plan *plan, Item *item, GError **error);
OptionHandler option_refuse, option_nothing;
OptionHandler option_machine, option_machine_property;
OptionHandler option_accel, option_enable_kvm, option_tb_size;
OptionHandler option_boot, option_rtc, option_uuid, option_no_hpet, option_no_acpi,
              option_no_fd_bootchk, option_global;
OptionHandler option_vga, option_vnc, option_display, option_curses, option_keyboard;
OptionHandler option_usb, option_usbdevice;
OptionHandler option_memory, option_mem_path, option_mem_prealloc, option_smp, option_cpu;
OptionHandler option_numa;
OptionHandler option_object, option_device, option_smbios, option_fw_cfg, option_qtest;
OptionHandler option_drive, option_blockdev, option_disk, option_snapshot;
OptionHandler option_netdev, option_nic, option_net;

/* Lets the guest of a user network reach services on the host's loopback addresses, as in
 * QEMU, unless the options set it. */
void net_allow_loopback(QmpOptions *options);
OptionHandler option_chardev, option_serial, option_parallel, option_debugcon, option_monitor;
OptionHandler option_nodefaults, option_nographic, option_stopped, option_only_none;
OptionHandler option_compat;
OptionHandler option_trace, option_log_items;
OptionHandler option_action, option_no_reboot, option_no_shutdown, option_watchdog_action;
OptionHandler option_overcommit, option_start, option_sandbox, option_name;
OptionHandler option_firmware_folder;
OptionHandler option_qmp, option_mon, option_add_fd;

#endif
