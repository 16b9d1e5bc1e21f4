/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of kvm/ share: the accelerator object and a vCPU.  Private to
 * kvm/; other code uses cpu/accel.h.
 *
 *   kvm.c         the device                   vcpu.c       thread, KVM_RUN, pause
 *   vm.c          the VM and its life          exit.c       one exit
 *   slots.c       memory slots, dirty log      x86-state.c  registers in and out
 *   irqchip.c     interrupt controllers        x86-reset.c  the state at power-on
 *   routes.c      GSI routing, MSI             cpuid.c      CPUID in and out
 *                                              feature-msrs.c  MSRs that describe a CPU
 *                                              hyperv.c     features for Hyper-V's guests
 *   irqfd.c ioeventfd.c extint.c nmi.c         x86-extra.c  FPU, events, APIC in and out
 *                                              x86-msrs.c   MSRs in and out
 *   chips.c       registers of the controllers kvm-accel.c  class and table of ops
 *
 * Locks: the machine lock guards everything in KvmAccel except `run` and
 * `chips`, whose own locks are innermost: no other lock is taken while one is
 * held.
 */
#ifndef KVM_KVM_ACCEL_H
#define KVM_KVM_ACCEL_H

#include "cpu/cpu.h"
#include "kvm/kvm.h"

typedef struct KvmAccel KvmAccel;
typedef struct KvmVcpu KvmVcpu;
typedef struct KvmPowerOn KvmPowerOn;

enum {
    KVM_N_PINS = 24,            /* GSIs of the I/O APIC */
};

/* Memory slots: as the kernel has them, and what the next commit changes. */
typedef struct {
    GArray *slots;              /* of KvmSlot */
    GArray *added, *deleted;    /* of AccelSlot, since slots_begin */
    GArray *free_ids;           /* of guint: freed */
    guint next_id;              /* never used yet */
} KvmSlots;

/* MSI routes by GSI; those of pins are used only with the I/O APIC in the machine. */
typedef struct {
    GArray *msis;               /* of KvmMsiRoute */
} KvmRoutes;

/* Interrupt controllers, created when they are first needed; see irqchip.c. */
typedef struct {
    int made;                   /* atomic */
    GMutex lock;                /* guards early, and their creation */
    guint32 early;              /* levels of GSIs that were set before creation */
} KvmChips;

/* Running and pausing; see vcpu.c. */
typedef struct {
    GMutex lock;
    GCond left;                 /* a vCPU parked, or left KVM_RUN while hold was set */
    GCond go;                   /* stop, quit, hold or intr of a vCPU changed */
    bool hold;                  /* no vCPU may enter KVM_RUN: slots change */
} KvmRunControl;

struct KvmAccel {
    Accel accel;
    KvmDevice device;
    int vm_fd;
    AccelIrqchip irqchip;
    bool has_pit;
    bool wide_ids;              /* KVM_X2APIC_API_USE_32BIT_IDS is on */
    int extint;                 /* atomic: INT of the machine's PICs (split) */
    KvmChips chips;
    KvmSlots slots;
    KvmRoutes routes;
    GPtrArray *vcpus;           /* of KvmVcpu */
    GHashTable *idle;           /* APIC id -> vCPU without CPU */
    KvmRunControl run;
};

struct KvmVcpu {
    KvmAccel *kvm;
    Cpu *cpu;
    int fd;
    struct kvm_run *run;        /* shared with the kernel */
    int in_run;                 /* atomic: in KVM_RUN, or about to be */
    guint turn;                 /* atomic: odd while it handles an exit, changes with each */
    guint seen_turn;            /* of kvm_vcpus_progress */
    GThread *thread;
    bool stop, parked, quit;    /* under kvm->run.lock */
    bool has_run;               /* since it was made or reset */
    bool takes_extint;          /* it takes interrupts of the machine's PICs */
    KvmPowerOn *power_on;
    GArray *cpuid;              /* of CpuidLeaf: as set in the kernel */
};

/* ---- vm.c: pool thread ---- */

/* Opens the device and makes the VM. */
bool kvm_vm_open(KvmAccel *kvm, const char *path, AccelIrqchip irqchip, GError **error);
/* Mirror; blocks up to tens of milliseconds.  All vCPUs are gone. */
void kvm_vm_close(KvmAccel *kvm);

/* ---- AccelOps, by file; described in cpu/accel.h ---- */

void kvm_slots_init(KvmAccel *kvm);
void kvm_slots_done(KvmAccel *kvm);
void kvm_slots_begin(Accel *accel);
void kvm_slot_add(Accel *accel, const AccelSlot *slot);
void kvm_slot_del(Accel *accel, const AccelSlot *slot);
bool kvm_slots_commit(Accel *accel, GError **error);
guint kvm_slots_max(Accel *accel);
bool kvm_dirty_log(Accel *accel, const AccelSlot *slot, guint8 *ret_bitmap, GError **error);

bool kvm_ioeventfd_add(Accel *accel, const AccelIoeventfd *ioeventfd, GError **error);
void kvm_ioeventfd_del(Accel *accel, const AccelIoeventfd *ioeventfd);

/* Creates the controllers of kvm->irqchip if they do not exist; machine lock held. */
bool kvm_irqchip_need(KvmAccel *kvm, GError **error);
AccelIrqchip kvm_irqchip(Accel *accel);
void kvm_set_gsi(Accel *accel, guint gsi, bool level);
void kvm_set_extint(Accel *accel, bool level);
bool kvm_pit_create(Accel *accel, bool catch_up, GError **error);
void kvm_pit_enable(Accel *accel, bool enabled);
gsize kvm_chip_size(Accel *accel, AccelChip chip);
bool kvm_chip_get(Accel *accel, AccelChip chip, void *ret_state, GError **error);
bool kvm_chip_set(Accel *accel, AccelChip chip, const void *state, GError **error);
bool kvm_chip_save(Accel *accel, AccelChip chip, X86Chip *ret_state, GError **error);
bool kvm_chip_load(Accel *accel, AccelChip chip, const X86Chip *state, GError **error);

bool kvm_irqfd_add(Accel *accel, guint gsi, int fd, int resample_fd, GError **error);
void kvm_irqfd_del(Accel *accel, guint gsi, int fd);

void kvm_routes_init(KvmAccel *kvm);
void kvm_routes_done(KvmAccel *kvm);
/* Passes the whole table to the kernel. */
bool kvm_routes_commit(KvmAccel *kvm, GError **error);
int kvm_msi_route_add(Accel *accel, const AccelMsi *msi, GError **error);
bool kvm_msi_route_update(Accel *accel, guint gsi, const AccelMsi *msi, GError **error);
void kvm_msi_route_del(Accel *accel, guint gsi);
bool kvm_msi_send(Accel *accel, const AccelMsi *msi);

bool kvm_vcpu_create(Accel *accel, Cpu *cpu, GError **error);
void kvm_vcpu_destroy(Accel *accel, Cpu *cpu);
void kvm_vcpus_resume(Accel *accel);
void kvm_vcpus_stop(Accel *accel);
void kvm_vcpus_pause(Accel *accel);
bool kvm_vcpus_progress(Accel *accel);
bool kvm_vcpu_get(Accel *accel, Cpu *cpu, X86CpuState *ret_state, GError **error);
bool kvm_vcpu_set(Accel *accel, Cpu *cpu, const X86CpuState *state, GError **error);
bool kvm_vcpu_reset(Accel *accel, Cpu *cpu, const X86CpuState *state, GError **error);
bool kvm_vcpu_nmi(Accel *accel, Cpu *cpu, GError **error);
void kvm_cpuid_supported(Accel *accel, guint32 leaf, guint32 subleaf, guint32 ret_regs[4]);
guint64 kvm_msr_supported(Accel *accel, guint32 msr);

/* ---- Between vcpu.c and others ---- */

/*
 * Keeps all vCPUs out of KVM_RUN until kvm_vcpus_release, so that memory can
 * be changed under them; the machine lock is held all the time.  Their threads
 * may be anywhere else, even waiting for that lock.  May be called on a vCPU's
 * own thread, from its exit.
 */
void kvm_vcpus_hold(KvmAccel *kvm);
void kvm_vcpus_release(KvmAccel *kvm);

/* Makes the first CPU check the PICs' line; any thread. */
void kvm_boot_vcpu_kick(KvmAccel *kvm);
/* Before KVM_RUN, on the vCPU's own thread, without the machine lock: injects the
 * interrupt of the PICs, or makes the kernel exit when it can take one;
 * extint.c. */
void kvm_vcpu_offer_extint(KvmVcpu *vcpu);

/* What the loop has to do after an exit. */
typedef enum {
    KVM_VCPU_GO_ON,
    KVM_VCPU_HALT,              /* wait for an interrupt or a stop */
    KVM_VCPU_PARK,              /* it cannot continue until it is resumed */
} KvmExitAction;

/* Handles the exit that vcpu->run describes; the vCPU's own thread.  error is
 * errno if KVM_RUN failed, else 0. */
KvmExitAction kvm_vcpu_exit(KvmVcpu *vcpu, int error);

/* Sets cpu->cpuid in the kernel, unless it has just that; before anything else
 * is done with the vCPU. */
bool kvm_cpuid_set(KvmVcpu *vcpu, GError **error);

/* Sets cpu->msrs and the rate of the time stamp counter; after the CPUID, before the power-on
 * state is saved. */
bool kvm_features_set(KvmVcpu *vcpu, GError **error);

/* What the device has in a leaf of Hyper-V. */
void kvm_hyperv_supported(KvmDevice *device, guint32 leaf, guint32 ret_regs[4]);
/* Gives a vCPU, whose CPUID is set, what its features for Hyper-V need from the kernel. */
bool kvm_hyperv_prepare(KvmVcpu *vcpu, GError **error);
/* The crash registers of a guest that has reported a panic; false: the kernel does not say. */
bool kvm_hyperv_crash(KvmVcpu *vcpu, guint64 ret_crash[ACCEL_N_CRASH]);
/* KVM_EXIT_HYPERV; the vCPU continues. */
void kvm_hyperv_exit(KvmVcpu *vcpu);

/* The parts of X86CpuState besides general and system registers; parked.  Parts that
 * the kernel lacks are not changed in ret_state. */
bool kvm_extra_get(KvmVcpu *vcpu, X86CpuState *ret_state, GError **error);
bool kvm_extra_set(KvmVcpu *vcpu, const X86CpuState *state, GError **error);

/* ---- x86-msrs.c ---- */

/* The same for MSRs; the local APIC must be set before, since one of them is its timer's. */
bool kvm_msrs_get(KvmVcpu *vcpu, X86CpuState *ret_state, GError **error);
bool kvm_msrs_set(KvmVcpu *vcpu, const X86CpuState *state, GError **error);

/* ---- x86-reset.c ---- */

/* Whether writes of this MSR set the guest's boot time. */
bool kvm_msr_is_boot_time(guint32 index);
/* A new vCPU's state, to restore in a reset. */
bool kvm_power_on_save(KvmVcpu *vcpu, GError **error);
bool kvm_power_on_restore(KvmVcpu *vcpu, GError **error);
/* An MSR's value then; 0 if it was not read. */
guint64 kvm_power_on_msr(const KvmPowerOn *power_on, guint32 index);
void kvm_power_on_free(KvmPowerOn *power_on);

/* For the values of KvmAccel.idle. */
void kvm_idle_vcpu_free(void *data);

#endif
