/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vCPU: its thread, the loop around KVM_RUN, and how it is stopped.
 *
 * A thread that stops a vCPU sets its `stop` (under the lock), then the shared
 * page's immediate_exit, and then sends the vCPU's thread a signal whose
 * handler does nothing.  Wherever the thread is, the request is not lost:
 *
 *  - before or in the entry of KVM_RUN: the kernel reads immediate_exit after
 *    it has locked the vCPU and returns EINTR immediately;
 *  - past that, in the guest: the signal makes KVM_RUN return EINTR.  A signal
 *    that came before the kernel checked immediate_exit may have been consumed,
 *    but immediate_exit was set before it;
 *  - in an exit, maybe waiting for the machine lock: the loop enters KVM_RUN
 *    once more, which first completes the instruction that the exit was in, then
 *    finds immediate_exit set.  Without that its registers would not be those of
 *    an instruction boundary, and the result of an `in` would be lost, or
 *    written    over the state after a reset.
 *
 * Only the thread itself clears immediate_exit, under the lock and when no stop
 * is requested.  So the loop needs no separate check, and nothing is polled.
 *
 * `hold` is the lighter way: memory changes, and no vCPU may be in KVM_RUN
 * meanwhile, but a thread may be in an exit that waits for the machine lock,
 * which the holder has.  Hence in_run, set around KVM_RUN: holder:
 * immediate_exit = 1, fence, read in_run; vCPU: in_run = 0, fence, read
 * immediate_exit.  At least one of the two sees the other's write, so either
 * the holder finds that the vCPU is out, or the vCPU finds that it must wake
 * the holder.  On the way in the kernel provides the fence: it locks the vCPU
 * before it reads immediate_exit.
 */
#include "config.h"
#include "kvm/kvm-accel.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "qmp/error.h"
#include "qom/qapi-objects-accel.h"

#define KICK_SIGNAL SIGUSR1

static bool immediate_exit(const KvmVcpu *vcpu)
{
    return __atomic_load_n(&vcpu->run->immediate_exit, __ATOMIC_RELAXED);
}

/* ---- The thread ---- */

/* Out of KVM_RUN by EINTR, or on the way in: waits while slots change.
 * Returns false if it must park. */
static bool interrupted(KvmVcpu *vcpu)
{
    KvmRunControl *control = &vcpu->kvm->run;
    bool go_on;

    g_mutex_lock(&control->lock);
    g_cond_broadcast(&control->left);
    while (control->hold && !vcpu->stop) {
        g_cond_wait(&control->go, &control->lock);
    }
    go_on = !vcpu->stop;
    if (go_on) {
        __atomic_store_n(&vcpu->run->immediate_exit, 0, __ATOMIC_RELAXED);
    }
    g_mutex_unlock(&control->lock);
    return go_on;
}

/* Handles an exit while a thread waits for this vCPU to be out. */
static void tell_holder(KvmVcpu *vcpu)
{
    g_mutex_lock(&vcpu->kvm->run.lock);
    g_cond_broadcast(&vcpu->kvm->run.left);
    g_mutex_unlock(&vcpu->kvm->run.lock);
}

/* HLT without a local APIC in the kernel: no interrupt can come, only a stop. */
static void halt(KvmVcpu *vcpu)
{
    KvmRunControl *control = &vcpu->kvm->run;

    g_mutex_lock(&control->lock);
    while (!vcpu->stop) {
        g_cond_wait(&control->go, &control->lock);
    }
    g_mutex_unlock(&control->lock);
}

static void stop_self(KvmVcpu *vcpu)
{
    g_mutex_lock(&vcpu->kvm->run.lock);
    vcpu->stop = true;
    g_mutex_unlock(&vcpu->kvm->run.lock);
}

static KvmExitAction handle_exit(KvmVcpu *vcpu, int error)
{
    KvmExitAction action;

    __atomic_store_n(&vcpu->turn, vcpu->turn + 1, __ATOMIC_RELAXED);
    action = kvm_vcpu_exit(vcpu, error);
    __atomic_store_n(&vcpu->turn, vcpu->turn + 1, __ATOMIC_RELAXED);
    return action;
}

/* Runs the guest until the vCPU must park. */
static void run_guest(KvmVcpu *vcpu)
{
    if (vcpu->takes_extint) {
        /* The last exit's readiness for interrupts may be outdated: forces another exit. */
        __atomic_store_n(&vcpu->run->immediate_exit, 1, __ATOMIC_RELAXED);
    }
    for (;;) {
        int error;

        if (vcpu->takes_extint) {
            kvm_vcpu_offer_extint(vcpu);
        }
        __atomic_store_n(&vcpu->in_run, 1, __ATOMIC_RELAXED);
        error = ioctl(vcpu->fd, KVM_RUN, NULL) < 0 ? errno : 0;
        __atomic_exchange_n(&vcpu->in_run, 0, __ATOMIC_SEQ_CST);
        if (error == EINTR || error == EAGAIN) {
            if (!interrupted(vcpu)) {
                return;
            }
            continue;
        }
        if (G_UNLIKELY(immediate_exit(vcpu))) {
            tell_holder(vcpu);
        }
        switch (handle_exit(vcpu, error)) {
        case KVM_VCPU_GO_ON:
            break;
        case KVM_VCPU_HALT:
            halt(vcpu);
            break;
        case KVM_VCPU_PARK:
            stop_self(vcpu);
            return;
        }
    }
}

/* Waits until the vCPU may run; false: it must end. */
static bool park(KvmVcpu *vcpu)
{
    KvmRunControl *control = &vcpu->kvm->run;
    bool quit;

    g_mutex_lock(&control->lock);
    vcpu->parked = true;
    g_cond_broadcast(&control->left);
    while ((vcpu->stop || control->hold) && !vcpu->quit) {
        g_cond_wait(&control->go, &control->lock);
    }
    vcpu->parked = false;
    quit = vcpu->quit;
    __atomic_store_n(&vcpu->run->immediate_exit, 0, __ATOMIC_RELAXED);
    g_mutex_unlock(&control->lock);
    return !quit;
}

static void *vcpu_thread(void *data)
{
    KvmVcpu *vcpu = data;
    sigset_t kick;

    sigemptyset(&kick);
    sigaddset(&kick, KICK_SIGNAL);
    pthread_sigmask(SIG_UNBLOCK, &kick, NULL);
    g_atomic_int_set(&vcpu->cpu->thread_id, syscall(SYS_gettid));
    while (park(vcpu)) {
        run_guest(vcpu);
    }
    return NULL;
}

/* ---- Stopping, from other threads ---- */

/* Under the lock; the vCPU is not parked. */
static void kick(KvmVcpu *vcpu)
{
    __atomic_store_n(&vcpu->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
    syscall(SYS_tgkill, getpid(), g_atomic_int_get(&vcpu->cpu->thread_id), KICK_SIGNAL);
}

void kvm_boot_vcpu_kick(KvmAccel *kvm)
{
    g_mutex_lock(&kvm->run.lock);
    for (guint i = 0; i < kvm->vcpus->len; i++) {
        KvmVcpu *vcpu = g_ptr_array_index(kvm->vcpus, i);

        if (vcpu->takes_extint && !vcpu->parked && vcpu->thread != g_thread_self()) {
            kick(vcpu);
        }
    }
    g_mutex_unlock(&kvm->run.lock);
}

/* Under the lock: asks it to park. */
static void ask_to_stop(KvmVcpu *vcpu)
{
    vcpu->stop = true;
    if (!vcpu->parked) {
        kick(vcpu);
    }
}

/* Releases the machine lock, because a vCPU may need it to leave its exit. */
static void let_go(KvmAccel *kvm)
{
    if (kvm->accel.host) {
        kvm->accel.host->unlock(kvm->accel.host_opaque);
    }
}

static void take_back(KvmAccel *kvm)
{
    if (kvm->accel.host) {
        kvm->accel.host->lock(kvm->accel.host_opaque);
    }
}

static bool all_parked(const KvmAccel *kvm)
{
    for (guint i = 0; i < kvm->vcpus->len; i++) {
        const KvmVcpu *vcpu = g_ptr_array_index(kvm->vcpus, i);

        if (!vcpu->parked) {
            return false;
        }
    }
    return true;
}

/* Under the lock. */
static void ask_all_to_stop(KvmAccel *kvm)
{
    for (guint i = 0; i < kvm->vcpus->len; i++) {
        ask_to_stop(g_ptr_array_index(kvm->vcpus, i));
    }
    g_cond_broadcast(&kvm->run.go);
}

void kvm_vcpus_stop(Accel *accel)
{
    KvmAccel *kvm = to_kvm_accel(accel);

    g_mutex_lock(&kvm->run.lock);
    ask_all_to_stop(kvm);
    g_mutex_unlock(&kvm->run.lock);
}

void kvm_vcpus_pause(Accel *accel)
{
    KvmAccel *kvm = to_kvm_accel(accel);
    bool done;

    g_mutex_lock(&kvm->run.lock);
    ask_all_to_stop(kvm);
    done = all_parked(kvm);
    g_mutex_unlock(&kvm->run.lock);
    if (done) {
        return;
    }
    let_go(kvm);
    g_mutex_lock(&kvm->run.lock);
    while (!all_parked(kvm)) {
        g_cond_wait(&kvm->run.left, &kvm->run.lock);
    }
    g_mutex_unlock(&kvm->run.lock);
    take_back(kvm);
}

bool kvm_vcpus_progress(Accel *accel)
{
    KvmAccel *kvm = to_kvm_accel(accel);
    bool progress = true;

    g_mutex_lock(&kvm->run.lock);
    for (guint i = 0; i < kvm->vcpus->len; i++) {
        KvmVcpu *vcpu = g_ptr_array_index(kvm->vcpus, i);
        guint turn = __atomic_load_n(&vcpu->turn, __ATOMIC_RELAXED);

        progress &= !(turn & 1) || turn != vcpu->seen_turn;
        vcpu->seen_turn = turn;
    }
    g_mutex_unlock(&kvm->run.lock);
    return progress;
}

void kvm_vcpus_resume(Accel *accel)
{
    KvmAccel *kvm = to_kvm_accel(accel);

    g_return_if_fail(accel->host);
    g_mutex_lock(&kvm->run.lock);
    for (guint i = 0; i < kvm->vcpus->len; i++) {
        KvmVcpu *vcpu = g_ptr_array_index(kvm->vcpus, i);

        vcpu->stop = false;
        vcpu->has_run = true;
    }
    g_cond_broadcast(&kvm->run.go);
    g_mutex_unlock(&kvm->run.lock);
}

void kvm_vcpus_hold(KvmAccel *kvm)
{
    g_mutex_lock(&kvm->run.lock);
    kvm->run.hold = true;
    for (guint i = 0; i < kvm->vcpus->len; i++) {
        KvmVcpu *vcpu = g_ptr_array_index(kvm->vcpus, i);

        if (!vcpu->parked) {
            kick(vcpu);
        }
    }
    for (guint i = 0; i < kvm->vcpus->len; i++) {
        KvmVcpu *vcpu = g_ptr_array_index(kvm->vcpus, i);

        while (__atomic_load_n(&vcpu->in_run, __ATOMIC_SEQ_CST)) {
            g_cond_wait(&kvm->run.left, &kvm->run.lock);
        }
    }
    g_mutex_unlock(&kvm->run.lock);
}

void kvm_vcpus_release(KvmAccel *kvm)
{
    g_mutex_lock(&kvm->run.lock);
    kvm->run.hold = false;
    g_cond_broadcast(&kvm->run.go);
    g_mutex_unlock(&kvm->run.lock);
}

/* ---- Making and ending ---- */

static void kick_handler(int signal)
{
}

/* The handler only has to exist, so that the signal interrupts KVM_RUN. */
static void install_kick_handler(void)
{
    struct sigaction action = { .sa_handler = kick_handler };

    sigemptyset(&action.sa_mask);
    sigaction(KICK_SIGNAL, &action, NULL);
}

/*
 * A VM keeps each vCPU for as long as it lives.  One whose CPU was unmade is
 * kept, with its power-on state, for the next CPU with that APIC id.
 */
typedef struct {
    int fd;
    KvmPowerOn *power_on;       /* NULL: it was never ready to run */
    GArray *cpuid;              /* the same */
} IdleVcpu;

void kvm_idle_vcpu_free(void *data)
{
    IdleVcpu *idle = data;

    close(idle->fd);
    kvm_power_on_free(idle->power_on);
    g_clear_pointer(&idle->cpuid, g_array_unref);
    g_free(idle);
}

static void leave_idle(KvmVcpu *vcpu)
{
    IdleVcpu *idle = g_new(IdleVcpu, 1);

    *idle = (IdleVcpu){ .fd = vcpu->fd, .power_on = vcpu->power_on, .cpuid = vcpu->cpuid };
    g_hash_table_replace(vcpu->kvm->idle, GUINT_TO_POINTER(vcpu->cpu->apic_id), idle);
}

static bool take_idle(KvmVcpu *vcpu)
{
    g_autofree IdleVcpu *idle = NULL;
    gpointer found;

    if (!g_hash_table_steal_extended(vcpu->kvm->idle, GUINT_TO_POINTER(vcpu->cpu->apic_id), NULL,
                                     &found)) {
        return false;
    }
    idle = found;
    vcpu->fd = idle->fd;
    vcpu->power_on = idle->power_on;
    vcpu->cpuid = idle->cpuid;
    vcpu->has_run = true;
    return true;
}

/* Of ids above 255, the kernel ignores the upper part, and takes 255 for all CPUs, until it is
 * told otherwise.  Then a local APIC in x2APIC mode has its id in another place: x86-extra.c. */
static bool need_wide_ids(KvmAccel *kvm, GError **error)
{
    struct kvm_enable_cap enable = {
        .cap = KVM_CAP_X2APIC_API,
        .args = { KVM_X2APIC_API_USE_32BIT_IDS | KVM_X2APIC_API_DISABLE_BROADCAST_QUIRK },
    };

    if (!kvm->wide_ids && kvm_ioctl(kvm->vm_fd, KVM_ENABLE_CAP, &enable) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno,
                            "KVM does not switch to APIC ids above 255");
        return false;
    }
    kvm->wide_ids = true;
    return true;
}

static bool check_id(const KvmAccel *kvm, guint id, GError **error)
{
    guint end = MIN(kvm->device.max_vcpu_id, kvm->device.wide_ids ? G_MAXUINT : 256);

    if (id >= end) {
        qmp_error_set_at(error, "apic-id", ERROR_REASON_OUT_OF_RANGE,
                         "KVM takes APIC ids up to %u, not %u", end - 1, id);
    }
    return id < end;
}

static bool open_vcpu(KvmVcpu *vcpu, GError **error)
{
    KvmAccel *kvm = vcpu->kvm;
    guint id = vcpu->cpu->apic_id;

    if (!check_id(kvm, id, error) || (id > 0xff && !need_wide_ids(kvm, error))) {
        return false;
    }
    if (cpu_is_bsp(vcpu->cpu) && id != 0) {
        kvm_ioctl(kvm->vm_fd, KVM_SET_BOOT_CPU_ID, (void *)(gulong)id);
    }
    if (!take_idle(vcpu)) {
        vcpu->fd = kvm_ioctl(kvm->vm_fd, KVM_CREATE_VCPU, (void *)(gulong)id);
    }
    if (vcpu->fd < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno,
                            "KVM cannot create a vCPU with APIC id %u", id);
        return false;
    }
    vcpu->run = mmap(NULL, kvm->device.run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
    if (vcpu->run == MAP_FAILED) {
        vcpu->run = NULL;
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno,
                            "KVM shares no page for CPU %u", vcpu->cpu->index);
        return false;
    }
    return true;
}

/* Blocks all signals, which the new thread inherits: the main thread handles
 * them. */
static bool start_thread(KvmVcpu *vcpu, GError **error)
{
    g_autofree char *name = g_strdup_printf("CPU %u/KVM", vcpu->cpu->index);
    sigset_t all, old;

    install_kick_handler();
    vcpu->stop = true;
    sigfillset(&all);
    sigdelset(&all, SIGBUS);    /* raised by lost guest memory, which must be reported */
    pthread_sigmask(SIG_SETMASK, &all, &old);
    vcpu->thread = g_thread_try_new(name, vcpu_thread, vcpu, NULL);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (!vcpu->thread) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, EAGAIN,
                            "cannot create a thread for CPU %u", vcpu->cpu->index);
        return false;
    }
    g_mutex_lock(&vcpu->kvm->run.lock);
    while (!vcpu->parked) {
        g_cond_wait(&vcpu->kvm->run.left, &vcpu->kvm->run.lock);
    }
    g_mutex_unlock(&vcpu->kvm->run.lock);
    return true;
}

static void vcpu_free(KvmVcpu *vcpu)
{
    if (vcpu->run) {
        munmap(vcpu->run, vcpu->kvm->device.run_size);
    }
    if (vcpu->fd >= 0) {
        leave_idle(vcpu);
    }
    g_free(vcpu);
}

/* A new vCPU is in its power-on state, which is saved; a reused one is reset to
 * it.  That drops an INIT that a guest has sent to all while it was idle. */
static bool make_fresh(KvmVcpu *vcpu, GError **error)
{
    if (!vcpu->power_on) {
        return kvm_power_on_save(vcpu, error);
    }
    return kvm_vcpu_reset(&vcpu->kvm->accel, vcpu->cpu, &vcpu->cpu->reset_state, error);
}

bool kvm_vcpu_create(Accel *accel, Cpu *cpu, GError **error)
{
    KvmAccel *kvm = to_kvm_accel(accel);
    KvmVcpu *vcpu = g_new0(KvmVcpu, 1);

    vcpu->kvm = kvm;
    vcpu->cpu = cpu;
    vcpu->fd = -1;
    vcpu->takes_extint = kvm->irqchip == ACCEL_IRQCHIP_SPLIT && cpu_is_bsp(cpu);
    cpu->vcpu = vcpu;
    if (!kvm_irqchip_need(kvm, error) || !open_vcpu(vcpu, error) || !kvm_cpuid_set(vcpu, error) ||
        !kvm_features_set(vcpu, error) || !kvm_hyperv_prepare(vcpu, error) ||
        !make_fresh(vcpu, error) || !start_thread(vcpu, error)) {
        cpu->vcpu = NULL;
        vcpu_free(vcpu);
        return false;
    }
    g_mutex_lock(&kvm->run.lock);
    g_ptr_array_add(kvm->vcpus, vcpu);
    g_mutex_unlock(&kvm->run.lock);
    return true;
}

void kvm_vcpu_destroy(Accel *accel, Cpu *cpu)
{
    KvmAccel *kvm = to_kvm_accel(accel);
    KvmVcpu *vcpu = g_steal_pointer(&cpu->vcpu);
    bool parked;

    g_mutex_lock(&kvm->run.lock);
    parked = vcpu->parked;
    vcpu->quit = true;
    ask_to_stop(vcpu);
    g_cond_broadcast(&kvm->run.go);
    g_mutex_unlock(&kvm->run.lock);
    if (!parked) {
        let_go(kvm);
    }
    g_thread_join(vcpu->thread);
    if (!parked) {
        take_back(kvm);
    }
    g_mutex_lock(&kvm->run.lock);
    g_ptr_array_remove(kvm->vcpus, vcpu);
    g_mutex_unlock(&kvm->run.lock);
    kvm_power_on_restore(vcpu, NULL);   /* its local APIC takes no interrupts meant for others */
    cpu->thread_id = 0;
    vcpu_free(vcpu);
}
