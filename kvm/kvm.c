/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The KVM device: opening it, checking it and querying its capabilities, once
 * per VM.
 */
#include "config.h"
#include "kvm/kvm.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "qmp/error.h"

#define DEVICE_PATH "/dev/kvm"

enum {
    MAX_CPUID_ENTRIES = 4096,   /* far above what any kernel has */
    MAX_MSRS = 65536,
};

int kvm_ioctl(int fd, unsigned long request, void *argument)
{
    int r;

    do {
        r = ioctl(fd, request, argument);
    } while (r < 0 && (errno == EINTR || errno == EAGAIN));
    return r;
}

bool kvm_present(void)
{
    int fd = open(DEVICE_PATH, O_RDWR | O_CLOEXEC);
    bool present = fd >= 0 && kvm_ioctl(fd, KVM_GET_API_VERSION, NULL) == KVM_API_VERSION;

    if (fd >= 0) {
        close(fd);
    }
    return present;
}

/* What a user can do if the device does not open. */
static const char *open_advice(int saved_errno)
{
    switch (saved_errno) {
    case ENOENT:
    case ENXIO:
    case ENODEV:
        return "load the module kvm_intel or kvm_amd, and enable virtualization in the firmware "
               "setup or the outer hypervisor";
    case EACCES:
    case EPERM:
        return "give the daemon's user access to it, usually by the group kvm";
    case EBUSY:
        return "another hypervisor uses the processor's virtualization: stop it";
    default:
        return NULL;
    }
}

static bool open_failed(const char *path, int saved_errno, GError **error)
{
    const char *advice = open_advice(saved_errno);

    qmp_error_set_at(error, "device", ERROR_REASON_NO_ACCELERATOR, "cannot open '%s': %s%s%s",
                     path, g_strerror(saved_errno), advice ? "; " : "", advice ? advice : "");
    return false;
}

static int capability(const KvmDevice *device, int number)
{
    int r = kvm_ioctl(device->fd, KVM_CHECK_EXTENSION, (void *)(glong)number);

    return MAX(r, 0);
}

typedef struct {
    int number;
    const char *name;
} Required;

/* Required capabilities; every kernel since 4.11 has them. */
static const Required required[] = {
    { KVM_CAP_USER_MEMORY, "USER_MEMORY" },
    { KVM_CAP_SET_TSS_ADDR, "SET_TSS_ADDR" },
    { KVM_CAP_EXT_CPUID, "EXT_CPUID" },
    { KVM_CAP_MP_STATE, "MP_STATE" },
    { KVM_CAP_IRQFD, "IRQFD" },
    { KVM_CAP_IOEVENTFD, "IOEVENTFD" },
    { KVM_CAP_SIGNAL_MSI, "SIGNAL_MSI" },
    { KVM_CAP_IMMEDIATE_EXIT, "IMMEDIATE_EXIT" },
};

static bool check_required(const KvmDevice *device, const char *path, GError **error)
{
    int version = kvm_ioctl(device->fd, KVM_GET_API_VERSION, NULL);

    if (version != KVM_API_VERSION) {
        qmp_error_set_at(error, "device", ERROR_REASON_NO_ACCELERATOR,
                         "'%s' is not a KVM device of version %d", path, KVM_API_VERSION);
        return false;
    }
    for (guint i = 0; i < G_N_ELEMENTS(required); i++) {
        if (!capability(device, required[i].number)) {
            qmp_error_set(error, ERROR_REASON_NO_ACCELERATOR,
                          "the kernel's KVM lacks KVM_CAP_%s", required[i].name);
            return false;
        }
    }
    return true;
}

static void learn_capabilities(KvmDevice *device)
{
    int slots = capability(device, KVM_CAP_NR_MEMSLOTS);
    int vcpus = capability(device, KVM_CAP_MAX_VCPUS);
    int ids = capability(device, KVM_CAP_MAX_VCPU_ID);
    int xsave = capability(device, KVM_CAP_XSAVE) ? sizeof(struct kvm_xsave) : 0;

    device->max_slots = slots ? slots : 32;
    device->max_gsis = capability(device, KVM_CAP_IRQ_ROUTING);
    device->max_vcpu_id = ids ? ids : vcpus ? vcpus : 4;
    device->xsave_size = MAX(xsave, capability(device, KVM_CAP_XSAVE2));
    device->readonly_memory = capability(device, KVM_CAP_READONLY_MEM);
    device->split_irqchip = capability(device, KVM_CAP_SPLIT_IRQCHIP);
    device->irqfd_resample = capability(device, KVM_CAP_IRQFD_RESAMPLE);
    device->ioeventfd_any_length = capability(device, KVM_CAP_IOEVENTFD_ANY_LENGTH);
    device->tsc_deadline = capability(device, KVM_CAP_TSC_DEADLINE_TIMER);
    device->wide_ids = capability(device, KVM_CAP_X2APIC_API) & KVM_X2APIC_API_USE_32BIT_IDS;
    device->xcrs = capability(device, KVM_CAP_XCRS);
    device->debug_registers = capability(device, KVM_CAP_DEBUGREGS);
    device->vcpu_events = capability(device, KVM_CAP_VCPU_EVENTS);
}

/* The kernel returns E2BIG until the table is long enough. */
static bool learn_cpuid(KvmDevice *device, GError **error)
{
    for (guint n = 128; n <= MAX_CPUID_ENTRIES; n *= 2) {
        g_autofree struct kvm_cpuid2 *cpuid =
            g_malloc0(sizeof(*cpuid) + n * sizeof(cpuid->entries[0]));

        cpuid->nent = n;
        if (kvm_ioctl(device->fd, KVM_GET_SUPPORTED_CPUID, cpuid) == 0) {
            device->cpuid = g_steal_pointer(&cpuid);
            return true;
        }
        if (errno != E2BIG) {
            break;
        }
    }
    qmp_error_set_errno(error, ERROR_REASON_NO_ACCELERATOR, errno,
                        "cannot ask KVM which CPUID it supports");
    return false;
}

/* With length 0 the kernel returns the required length. */
static bool learn_msrs(KvmDevice *device, GError **error)
{
    struct kvm_msr_list probe = { .nmsrs = 0 };
    g_autofree struct kvm_msr_list *list = NULL;

    if (kvm_ioctl(device->fd, KVM_GET_MSR_INDEX_LIST, &probe) == 0 || errno == E2BIG) {
        guint n = MIN(probe.nmsrs, MAX_MSRS);

        list = g_malloc0(sizeof(*list) + n * sizeof(list->indices[0]));
        list->nmsrs = n;
        if (kvm_ioctl(device->fd, KVM_GET_MSR_INDEX_LIST, list) == 0) {
            device->msrs = g_steal_pointer(&list);
            return true;
        }
    }
    qmp_error_set_errno(error, ERROR_REASON_NO_ACCELERATOR, errno,
                        "cannot ask KVM for its list of MSRs");
    return false;
}

static bool learn_run_size(KvmDevice *device, GError **error)
{
    int size = kvm_ioctl(device->fd, KVM_GET_VCPU_MMAP_SIZE, NULL);

    if (size < (int)sizeof(struct kvm_run)) {
        qmp_error_set(error, ERROR_REASON_NO_ACCELERATOR,
                      "KVM's shared page of a vCPU is too small");
        return false;
    }
    device->run_size = size;
    return true;
}

bool kvm_device_open(KvmDevice *device, const char *path, GError **error)
{
    if (!path) {
        path = DEVICE_PATH;
    }
    *device = (KvmDevice){ .fd = open(path, O_RDWR | O_CLOEXEC) };
    if (device->fd < 0) {
        return open_failed(path, errno, error);
    }
    if (!check_required(device, path, error) || !learn_run_size(device, error) ||
        !learn_cpuid(device, error) || !learn_msrs(device, error)) {
        kvm_device_close(device);
        return false;
    }
    learn_capabilities(device);
    return true;
}

void kvm_device_close(KvmDevice *device)
{
    g_clear_pointer(&device->cpuid, g_free);
    g_clear_pointer(&device->msrs, g_free);
    g_clear_pointer(&device->hyperv, g_free);
    if (device->fd >= 0) {
        close(device->fd);
        device->fd = -1;
    }
}
