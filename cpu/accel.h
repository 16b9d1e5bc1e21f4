/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interface between a machine and the accelerator that runs its vCPUs.
 *
 * Two const tables.  AccelOps is called by hw and cpu; an accelerator class
 * (kvm-accel, qtest-accel, later a software CPU) puts it in TypeInfo.kind.
 * AccelHost is called by the accelerator.  Neither names a MemoryRegion or a hw
 * device, so that kvm and hw are independent of each other.
 *
 * The accelerator object is ready for memory and chips after object_complete
 * (for KVM: the VM exists), before any machine does.
 *
 * Threads: all AccelOps are called with the machine lock held unless said
 * otherwise; AccelHost functions are called without it unless said otherwise.
 */
#ifndef CPU_ACCEL_H
#define CPU_ACCEL_H

#include "cpu/chips.h"
#include "cpu/topology.h"
#include "qmp/qapi-types-run-state.h"
#include "qom/object.h"

typedef struct Accel Accel;
typedef struct Cpu Cpu;
typedef struct CpuHotplugOps CpuHotplugOps;
typedef struct X86CpuState X86CpuState;

/* ---- What the accelerator calls ---- */

typedef enum {
    ACCEL_REQUEST_RESET,        /* triple fault: the machine is to be reset */
    ACCEL_REQUEST_SHUTDOWN,     /* the guest requested its end through the accelerator */
} AccelRequest;

enum { ACCEL_N_CRASH = 5 };     /* registers */

typedef struct {
    /* One port access: count items of size 1, 2 or 4 at data, each to the same
     * port.  Takes the lock itself as the device needs. */
    void (*pio)(void *opaque, guint16 port, void *data, guint size, guint count, bool is_write);
    /* One MMIO access of 1 to 8 bytes, little endian at data. */
    void (*mmio)(void *opaque, guint64 gpa, void *data, guint size, bool is_write);
    void (*lock)(void *opaque);
    void (*unlock)(void *opaque);
    /* Any thread, lock held or not; takes effect on the main loop. */
    void (*request)(void *opaque, AccelRequest request);
    /* Any thread, lock held or not: the guest has panicked and described it in the five crash
     * registers of Hyper-V; takes effect on the main loop. */
    void (*panic)(void *opaque, const guint64 crash[ACCEL_N_CRASH]);
    /* Any thread, lock held or not.  A vCPU cannot continue
     * (KVM_EXIT_INTERNAL_ERROR, FAIL_ENTRY), or the accelerator is lost
     * (accel_failure): why is one line for the log.  The vCPU has parked itself;
     * the machine goes to run state internal-error. */
    void (*internal_error)(void *opaque, Cpu *cpu, ShutdownDetail detail, const char *why);
    /* Any thread, lock not needed: a message (MSI) that is not an interrupt is a write
     * to RAM.  False if there is no RAM. */
    bool (*memory_write)(void *opaque, guint64 gpa, const void *data, gsize size);
    /* Split interrupt controllers: a CPU ended the interrupt of this vector, so
     * the machine's I/O APIC may let its line rise again.  NULL: it has none. */
    void (*eoi)(void *opaque, guint8 vector);
    /* Split interrupt controllers: the CPU acknowledges the interrupt of the machine's
     * PICs, whose line is up (AccelOps.set_extint); returns the vector, or -1 if the
     * request is gone.  NULL: the machine has none. */
    int (*intack)(void *opaque);
    /* Any thread, any lock held: the machine's virtual time in nanoseconds, which may stop and be
     * set while vCPUs are parked; the guest's clocks in devices count it.  NULL: vCPUs that are
     * parked lose no time. */
    gint64 (*virtual_time)(void *opaque);
    /* Lock held: a CPU has come or gone.  May be NULL. */
    void (*cpus_changed)(void *opaque);
} AccelHost;

/* ---- What hw and cpu call ---- */

enum {
    ACCEL_SLOT_READONLY = 1 << 0,   /* writes exit as MMIO */
    ACCEL_SLOT_LOG_DIRTY = 1 << 1,
};

typedef struct {
    guint64 gpa, size;              /* multiples of the host page size */
    void *hva;
    guint32 flags;                  /* ACCEL_SLOT_* */
} AccelSlot;

typedef struct {
    bool pio;                       /* else MMIO */
    guint64 address;
    guint8 size;                    /* 0 (any, MMIO only), 1, 2, 4, 8 */
    bool match;                     /* only this value: */
    guint64 value;
    int fd;
} AccelIoeventfd;

typedef enum {
    ACCEL_CHIP_IOAPIC,
    ACCEL_CHIP_PIC_MASTER,
    ACCEL_CHIP_PIC_SLAVE,
    ACCEL_CHIP_PIT,
} AccelChip;

typedef enum {
    ACCEL_IRQCHIP_OFF,              /* none: all in user space */
    ACCEL_IRQCHIP_SPLIT,            /* local APICs only */
    ACCEL_IRQCHIP_ON,               /* local APICs, I/O APIC, PICs */
} AccelIrqchip;

typedef struct {
    guint64 address;                /* MSI address and data */
    guint32 data;
} AccelMsi;

typedef struct {
    const char *name;               /* "kvm" */
    /* It executes nothing: no vCPU ever runs.  So a machine needs neither CPU nor
     * anything to run, and its clock stands still until it is set. */
    bool idle;

    /* Memory.  Between begin and commit the guest may see either view; commit
     * applies all changes, deletions first, and fails as a whole. */
    void (*slots_begin)(Accel *accel);
    void (*slot_add)(Accel *accel, const AccelSlot *slot);
    void (*slot_del)(Accel *accel, const AccelSlot *slot);
    bool (*slots_commit)(Accel *accel, GError **error);
    guint (*slots_max)(Accel *accel);
    /* Dirty bitmap since the last call, one bit per page; slot as it was added.  NULL: it
     * executes nothing. */
    bool (*dirty_log)(Accel *accel, const AccelSlot *slot, guint8 *ret_bitmap, GError **error);
    /* The host wrote guest memory: a software CPU drops translated code.
     * Any thread, lock not needed.  May be NULL. */
    void (*memory_written)(Accel *accel, guint64 gpa, guint64 size);

    /* Both NULL: it has none, and writes reach the handlers. */
    bool (*ioeventfd_add)(Accel *accel, const AccelIoeventfd *ioeventfd, GError **error);
    void (*ioeventfd_del)(Accel *accel, const AccelIoeventfd *ioeventfd);

    /* Interrupts.  GSIs 0..23 are the I/O APIC's pins (0..15 the PICs', too), but
     * GSI 0 reaches its pin 2, as on every PC.  With split controllers GSIs 0..23
     * are messages, which the machine's I/O APIC sets by msi_route_update,
     * removes by msi_route_del, and sends by each set_gsi to true.  Without
     * controllers GSIs do not reach the accelerator; devices call
     * machine_set_gsi() (hw/machine/machine.h), which handles both.  Functions
     * that an accelerator does not support fail with not-supported. */
    AccelIrqchip (*irqchip)(Accel *accel);
    void (*set_gsi)(Accel *accel, guint gsi, bool level);   /* any thread, no lock */
    /* Split interrupt controllers: the INT line of the machine's PICs, which is connected
     * to LINT0 of the first vCPU's local APIC.  NULL: not connected. */
    void (*set_extint)(Accel *accel, bool level);
    /* Address line 20: whether it is enabled.  NULL: it always is. */
    void (*set_a20)(Accel *accel, bool enabled);
    bool (*irqfd_add)(Accel *accel, guint gsi, int fd, int resample_fd, GError **error);
    void (*irqfd_del)(Accel *accel, guint gsi, int fd);
    /* MSI routes have separate GSIs, above the pins. */
    int (*msi_route_add)(Accel *accel, const AccelMsi *msi, GError **error);   /* gsi or -1 */
    bool (*msi_route_update)(Accel *accel, guint gsi, const AccelMsi *msi, GError **error);
    void (*msi_route_del)(Accel *accel, guint gsi);
    bool (*msi_send)(Accel *accel, const AccelMsi *msi);    /* any thread, no lock */
    /* The PIT is made on demand; the others exist as irqchip() says, and without
     * any the functions on chips are NULL.  catch_up: ticks that the guest missed
     * follow later; otherwise they are lost. */
    bool (*pit_create)(Accel *accel, bool catch_up, GError **error);
    /* Whether its channel 0 interrupts: not while an HPET replaces it. */
    void (*pit_enable)(Accel *accel, bool enabled);
    gsize (*chip_size)(Accel *accel, AccelChip chip);
    bool (*chip_get)(Accel *accel, AccelChip chip, void *ret_state, GError **error);
    bool (*chip_set)(Accel *accel, AccelChip chip, const void *state, GError **error);
    /* Registers of a chip in the form shared with the machine's own chips: cpu/chips.h. */
    bool (*chip_save)(Accel *accel, AccelChip chip, X86Chip *ret_state, GError **error);
    bool (*chip_load)(Accel *accel, AccelChip chip, const X86Chip *state, GError **error);

    /* vCPUs.  A vCPU is made parked and runs after vcpus_resume.  CPU features
     * that the host lacks fail vcpu_create by name. */
    bool (*vcpu_create)(Accel *accel, Cpu *cpu, GError **error);
    void (*vcpu_destroy)(Accel *accel, Cpu *cpu);
    void (*vcpus_resume)(Accel *accel);
    /* Asks all vCPUs to park and does not wait, so that a guest does not run on
     * after it has requested shutdown or reset.  Any thread, lock held or not;
     * a pause or a resume follows.  NULL: they run on until the pause. */
    void (*vcpus_stop)(Accel *accel);
    /* Returns when all vCPUs are parked, releasing the machine lock while it
     * waits.  Main thread only.  A vCPU that requests the pause itself (through
     * AccelHost) is parked as soon as it leaves its exit. */
    void (*vcpus_pause)(Accel *accel);
    /* False if a vCPU is still in the very exit that it was in at the last call: its
     * thread hangs.  Lock not needed.  NULL: there are no threads. */
    bool (*vcpus_progress)(Accel *accel);
    /* State of a parked vCPU, except for parts that the accelerator lacks.  Setting
     * fails with host-error for values that it does not accept, naming an MSR that it
     * does not have. */
    bool (*vcpu_get)(Accel *accel, Cpu *cpu, X86CpuState *ret_state, GError **error);
    bool (*vcpu_set)(Accel *accel, Cpu *cpu, const X86CpuState *state, GError **error);
    /* For a reset: sets general and system registers from state, and everything else
     * (MSRs, FPU, local APIC, pending events) to its power-on value. */
    bool (*vcpu_reset)(Accel *accel, Cpu *cpu, const X86CpuState *state, GError **error);
    /* A non-maskable interrupt on pin LINT1 of the vCPU's local APIC, which may
     * mask it.  NULL: it executes nothing. */
    bool (*vcpu_nmi)(Accel *accel, Cpu *cpu, GError **error);
    /* The CPUID that the accelerator can offer: registers of a leaf, all zero
     * if it offers nothing.  regs is eax, ebx, ecx, edx.  NULL: it executes
     * nothing, and takes every feature. */
    void (*cpuid_supported)(Accel *accel, guint32 leaf, guint32 subleaf, guint32 ret_regs[4]);
    /* The same for an MSR with which a CPU describes itself (IA32_ARCH_CAPABILITIES, those of
     * VMX): the bits that it can offer, 0 for others.  NULL: none. */
    guint64 (*msr_supported)(Accel *accel, guint32 msr);
} AccelOps;

struct Accel {
    Object object;
    const AccelHost *host;      /* NULL until a machine is made */
    void *host_opaque;
    CpuTopology topology;       /* the machine sets it before CPUs are made */
    CpuNodes nodes;             /* the same; of_place is the machine's */
    GPtrArray *cpus;            /* of Cpu: the realized ones by index; NULL:
                                   none */
    /* Who tells the guest of CPUs that come and go, and why nobody does: cpu/hotplug.h. */
    const CpuHotplugOps *hotplug;
    void *hotplug_opaque;
    const char *no_hotplug;
    char *why;                  /* why preferred accelerators failed, in one line;
                                   NULL: it was the first choice */
};

/* The meaning of this errno from the accelerator's kernel part: one vCPU in a
 * state that it does not accept (also for 0), or the whole accelerator lost. */
ShutdownDetail accel_failure(int error);

/* The class's table. */
const AccelOps *accel_ops(const Accel *accel);

/* Called by the machine when it is made, and with NULL when it is unmade. */
void accel_set_host(Accel *accel, const AccelHost *host, void *opaque);

/* The accelerator of a tree ("/machine/accel" once a machine exists, before
 * that the only object of class accel), or NULL. */
Accel *accel_find(Object *root);

#endif
