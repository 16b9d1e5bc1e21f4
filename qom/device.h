/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices and buses: objects that have state which a reset restores, sit on a
 * bus and may carry buses.
 *
 * A device's `complete` (class `device`'s hook) does this: attach to the bus,
 * set the state rows to their reset values, make and realize the `parts` of the
 * schema, run the realize hooks from the base class to the derived one.
 * Dismantling is the mirror.  See qom/object.h for order and undo.
 *
 * A bus that parts sit on is made in the owner's init hook.  Threads: as
 * qom/object.h says.
 */
#ifndef QOM_DEVICE_H
#define QOM_DEVICE_H

#include "qom/object.h"
#include "qom/state.h"

typedef struct Device Device;
typedef struct Bus Bus;
struct AcpiDevices;

/*
 * State that is not in the device's struct, such as that of a chip in the host's kernel:
 * the rows describe an image, which is zeroed before store fills it.  Both hooks pass on
 * the errors of whatever holds the state.
 */
typedef struct {
    gsize size;                 /* bytes of an image */
    bool (*store)(Device *dev, void *ret_image, GError **error);
    bool (*load)(Device *dev, const void *image, GError **error);
} DeviceImageOps;

struct DeviceOps {
    bool (*realize)(Device *dev, GError **error);
    void (*unrealize)(Device *dev);
    /* Stops taking work until it is reset or unmade; optional. */
    void (*quiesce)(Device *dev);
    /* Three-phase reset, each optional.  enter: after the state rows got their
     * reset values, changes own state only; hold: drives lines to their reset
     * level; exit: leaves reset, may act on other devices. */
    void (*reset_enter)(Device *dev);
    void (*reset_hold)(Device *dev);
    void (*reset_exit)(Device *dev);
    const StateRow *state;      /* rows of this class's own guest-visible state, */
    gsize state_offset;         /* offset in the device that they count from */
    guint32 state_version;      /* of these rows: incremented with each added field */
    const char *state_name;     /* name shared by classes that load each other's state;
                                   NULL: the class's name */
    const char *no_state;       /* without rows: why this class needs none */
    const DeviceImageOps *image;        /* or NULL: the rows are of the device */
    /* Before the rows are saved: brings their values up to date, which must not
     * change how the device behaves. */
    void (*state_saving)(Device *dev);
    /* After state rows were loaded: recomputes and checks.  If it refuses, the old values
     * are restored, and it is called once more. */
    bool (*state_loaded)(Device *dev, GError **error);
    /* Its Open Firmware path below the PCI function that it is or that carries it, newly
     * allocated: a device that firmware can boot from. */
    char *(*boot_path)(Device *dev);
    /* When firmware boots from it, lowest first, -1: never. NULL: property `bootindex`, if it has
     * that. */
    gint32 (*boot_index)(Device *dev);
    /* Of a class that sits on no bus and has `plug: hot`: asks the guest to release the
     * device, which machine_request_removal() then removes. */
    bool (*unplug_request)(Device *dev, GError **error);
    /* Describes the device for ACPI tables (hw/acpi/acpi-device.h). */
    void (*acpi)(Device *dev, struct AcpiDevices *devices);
};

struct Device {
    Object object;
    Bus *bus;                   /* it sits on, or NULL; held while attached */
    GList bus_link;             /* in bus->devices */
    GPtrArray *buses;           /* the Bus objects it carries, or NULL; owned as children */
    bool realized;
    bool hotplugged;            /* made after `cont` */
    bool attached;              /* it is in bus->devices */
    struct GuestErrors *guest_errors;   /* qom/guest-error.h; NULL while there are none */
};

/* What a kind of bus does with its devices. */
typedef struct {
    /* Checks that dev may sit here and assigns its address (automatic choices
     * are written back into its props).  Fails with bus-full,
     * address-in-use. */
    bool (*attach)(Bus *bus, Device *dev, GError **error);
    void (*detach)(Bus *bus, Device *dev);
    /* Whether no more devices of klass (NULL: of any) fit: without bus=, another
     * bus is chosen. NULL: never. */
    bool (*full)(Bus *bus, const QmpClass *klass);
    /* Hotplug: called after realize, and for the guest's part of an unplug.
     * plugged NULL: the bus cannot do it (reason bus-not-hotpluggable);
     * can_plug may say that this bus cannot do it now, where others of its
     * class can. */
    bool (*can_plug)(const Bus *bus);
    void (*plugged)(Bus *bus, Device *dev);
    bool (*unplug_request)(Bus *bus, Device *dev, GError **error);
    /* Devices on it do not keep the device that carries it from being removed, but are removed
     * with it. */
    bool carries_along;
    /* Address as info qtree shows it, newly allocated, or NULL. */
    char *(*address)(Bus *bus, Device *dev);
} BusOps;

struct Bus {
    Object object;              /* its TypeInfo.kind is a BusOps */
    Device *owner;              /* the device that carries it; NULL for main-system-bus */
    GQueue devices;             /* of Device, in order of attachment */
    GList tree_link;            /* in the root's list of buses */
};

/* Makes a bus of a class as a child of owner, which owns it; borrowed.  name
 * NULL: "ID.N" from the id of the owner (or of what it is a part of), N counting
 * the owner's buses from 0; for an owner without id (or not yet in the tree) the
 * class's name in lower case with the first number that no bus of the tree has.  A
 * given name must not be used among the owner's children (if it is, a critical
 * message is logged and the name gets a number).  owner NULL (main-system-bus):
 * name is required, and the caller owns the bus and puts it in the tree under that
 * name. */
Bus *bus_new(Device *owner, const QmpClass *klass, const char *name);

/* Finds a bus by name, id of its owner, or path (bus= of device_add); with
 * name NULL, the first one of the class that device class klass sits on and
 * that is not full.  klass may be NULL if name is not.  Borrowed.
 * Fails with bus-not-found, bus-type-mismatch, bus-full, path-ambiguous. */
Bus *bus_find(Object *root, const char *name, const QmpClass *klass, GError **error);

/*
 * Makes a device in the tree: new, defaults (qom/defaults.h), parent, links,
 * prepare (in this thread), then complete as above.  It takes ownership of
 * props (NULL: the class's defaults) and given, even on failure.
 *
 * parent, name: its place in the tree, name as for object_add_child; bus: where
 * it sits, or NULL if its class sits on none.  After `cont` (Env.hot) its class
 * must have `plug: hot` and its bus must support hotplug (reason
 * not-hotpluggable); it is then reset and plugged.  Before `cont`, the machine's
 * first reset resets it.  Returns the device (owned by its parent), or NULL with
 * everything undone.
 */
Device *device_make(Object *parent, const char *name, const QmpClass *klass, Bus *bus,
                    void *props, QmpGiven *given, GError **error);

/* Mirror of device_make.  Devices on the buses that dev carries go first
 * (device_del asks object_may_delete before, which refuses then). */
void device_unmake(Device *dev);

/* Quiesces obj, the objects below it and the devices on buses found there: they take no
 * more work until they are reset or unmade.  Main thread, machine lock held. */
void device_quiesce_tree(Object *obj);

/* Runs all three phases over obj and the objects below it, in tree order, then
 * the other devices on buses found there: enter for all, then hold for all,
 * then exit for all.  Devices that are not realized are skipped. */
void device_reset_tree(Object *obj);

/*
 * The guest-visible state of one device: a section (qom/state-stream.h) for each of its
 * classes that has rows, base first.  Loading calls state_loaded hooks afterwards; it
 * fails with invalid-value, naming class and field, or with a hook's error, and then
 * leaves the device unchanged.  Saving fails with the errors of whatever holds the
 * state; out then has part of it.  Main thread, machine lock held, vCPUs parked.
 */
bool device_save(Device *dev, GByteArray *out, GError **error);
bool device_load(Device *dev, const guint8 *data, gsize length, GError **error);
/* Whether there is anything to save. */
bool device_has_state(const Device *dev);

/* The nearest class's boot_path, newly allocated; NULL: firmware does not boot from it. */
char *device_boot_path(Device *dev);
/* When firmware boots from it, lowest first; -1: never. */
gint32 device_boot_index(Device *dev);
/* Asks the guest to release dev, on its bus or by its own hook.  Fails with
 * not-hotpluggable if there is no way to ask, and with what the hook says. */
bool device_unplug_request(Device *dev, GError **error);
/* Calls the acpi hooks of dev's classes, base first.  Machine lock held; dev is
 * realized. */
void device_describe_acpi(Device *dev, struct AcpiDevices *devices);

/* obj as a device, or NULL: it is none, or it is not realized. */
Device *device_in_use(Object *obj);
/* The device with that id or path; fails as object_resolve_type() does. */
Device *device_resolve(Object *root, const char *path, GError **error);
/* The device's id if it was given one (child of a peripheral container). */
const char *device_id(const Device *dev);
/* The outermost device that dev is a part of; dev itself if it is not a part. */
Device *device_whole(Device *dev);

/*
 * Makes the entries of a recipe or of `parts` in order, as children of parent,
 * with `if` evaluated on owner's (and accel's) properties; conditions on an absent
 * accel are false.  wire connects two named gpio lines (hw/core/irq.h).  A part
 * without bus name sits on the first bus of its class that parent or a child of
 * parent carries, else on the first one of the tree.  The values in an entry count
 * as given; so do owner's for properties that it forwards to the part, if a
 * request or a default named them.  On failure the parts made so far are unmade.
 */
typedef bool (*PartsWire)(Object *parent, const char *from, const char *to, GError **error);
bool parts_make(Object *owner, Object *accel, Object *parent, const QmpPart *parts,
                guint n_parts, PartsWire wire, GError **error);
/* Destroys the children that parts_make made, in reverse order. */
void parts_unmake(Object *parent, const QmpPart *parts, guint n_parts);

#endif
