/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lower bound of what a machine can take: the fewest requests to /dev/kvm
 * that run a PVH guest to its triple fault.
 *
 *     bench-floor [--irqchip] [--serial FILE] GUEST COMMAND-LINE
 *     bench-floor [--irqchip] --firmware FILE
 *
 * One byte on standard output says that the guest has ended, or that the firmware
 * has written its first byte to the debug port; what the process does after that is
 * not timed.  By design it has no libraries, no threads, and no cleanup.  Port
 * writes to the UART go to FILE, everything else that the guest touches is
 * answered by all ones.  KVM's own manual: Linux,
 * Documentation/virt/kvm/api.rst.
 */
#include "config.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    RAM_SIZE = 64 << 20,
    START_INFO = 0x1000,
    MEMORY_MAP = 0x1100,
    COMMAND_LINE = 0x2000,
    COMMAND_LINE_MAX = 2048,
    TSS_ADDRESS = 0xfffbd000,
    NOTE_PHYS32_ENTRY = 18,
    START_INFO_MAGIC = 0x336ec578,
    UART = 0x3f8,
    UART_LSR = UART + 5,
    LSR_TRANSMIT_EMPTY = 0x60,
    DEBUG_PORT = 0x402,
    DEBUG_READBACK = 0xe9,
    LOW_ROM_SIZE = 128 << 10,   /* the firmware's end, below 1 MiB, too */
    LOW_ROM_END = 1 << 20,
    N_CPUID = 256,
};

typedef struct {
    int vm, vcpu;
    struct kvm_run *run;
    uint8_t *ram;
    FILE *serial;
    bool firmware;
} Floor;

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "bench-floor: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int kvm_ioctl(int fd, unsigned long request, void *argument, const char *what)
{
    int result = ioctl(fd, request, argument);

    if (result < 0)
        fail(what);
    return result;
}

static void create_vm(Floor *floor, int kvm, bool irqchip)
{
    struct kvm_userspace_memory_region slot = { .memory_size = RAM_SIZE };

    floor->vm = kvm_ioctl(kvm, KVM_CREATE_VM, NULL, "KVM_CREATE_VM");
    kvm_ioctl(floor->vm, KVM_SET_TSS_ADDR, (void *)(uintptr_t)TSS_ADDRESS, "KVM_SET_TSS_ADDR");
    if (irqchip)
        kvm_ioctl(floor->vm, KVM_CREATE_IRQCHIP, NULL, "KVM_CREATE_IRQCHIP");
    floor->ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (floor->ram == MAP_FAILED)
        fail("mmap");
    slot.userspace_addr = (uintptr_t)floor->ram;
    kvm_ioctl(floor->vm, KVM_SET_USER_MEMORY_REGION, &slot, "KVM_SET_USER_MEMORY_REGION");
}

static void create_vcpu(Floor *floor, int kvm)
{
    struct {
        struct kvm_cpuid2 head;
        struct kvm_cpuid_entry2 entries[N_CPUID];
    } cpuid = { .head.nent = N_CPUID };
    int size = kvm_ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, NULL, "KVM_GET_VCPU_MMAP_SIZE");

    floor->vcpu = kvm_ioctl(floor->vm, KVM_CREATE_VCPU, NULL, "KVM_CREATE_VCPU");
    floor->run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, floor->vcpu, 0);
    if (floor->run == MAP_FAILED)
        fail("mmap of the vCPU");
    kvm_ioctl(kvm, KVM_GET_SUPPORTED_CPUID, &cpuid, "KVM_GET_SUPPORTED_CPUID");
    kvm_ioctl(floor->vcpu, KVM_SET_CPUID2, &cpuid, "KVM_SET_CPUID2");
}

/* The entry that a note segment names, or 0. */
static uint32_t note_entry(const uint8_t *note, size_t size)
{
    const Elf64_Nhdr *head = (const Elf64_Nhdr *)note;

    if (size < sizeof(*head) + 8 || head->n_type != NOTE_PHYS32_ENTRY || head->n_namesz != 4)
        return 0;
    return *(const uint32_t *)(note + sizeof(*head) + 4);
}

/* Copies the segments to RAM and returns the PVH entry. */
static uint32_t load_guest(Floor *floor, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    uint8_t *file;
    const Elf64_Ehdr *elf;
    const Elf64_Phdr *segment;
    uint32_t entry = 0;

    if (fd < 0 || fstat(fd, &st) < 0)
        fail(path);
    file = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (file == MAP_FAILED)
        fail(path);
    elf = (const Elf64_Ehdr *)file;
    segment = (const Elf64_Phdr *)(file + elf->e_phoff);
    for (unsigned i = 0; i < elf->e_phnum; i++, segment++) {
        if (segment->p_offset + segment->p_filesz > (uint64_t)st.st_size ||
            segment->p_paddr + segment->p_memsz > RAM_SIZE) {
            errno = ENOEXEC;
            fail(path);
        }
        if (segment->p_type == PT_LOAD)
            memcpy(floor->ram + segment->p_paddr, file + segment->p_offset, segment->p_filesz);
        else if (segment->p_type == PT_NOTE)
            entry = note_entry(file + segment->p_offset, segment->p_filesz);
    }
    return entry;
}

/* Maps the file below 4 GiB, and copies its end to RAM below 1 MiB.  The vCPU is
 * at the reset vector already. */
static void load_firmware(Floor *floor, const char *path)
{
    struct kvm_userspace_memory_region slot = { .slot = 1 };
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    uint8_t *rom;

    if (fd < 0 || fstat(fd, &st) < 0)
        fail(path);
    rom = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (rom == MAP_FAILED || st.st_size < LOW_ROM_SIZE)
        fail(path);
    memcpy(floor->ram + LOW_ROM_END - LOW_ROM_SIZE, rom + st.st_size - LOW_ROM_SIZE, LOW_ROM_SIZE);
    slot.guest_phys_addr = (UINT64_C(1) << 32) - (uint64_t)st.st_size;
    slot.memory_size = (uint64_t)st.st_size;
    slot.userspace_addr = (uintptr_t)rom;
    kvm_ioctl(floor->vm, KVM_SET_USER_MEMORY_REGION, &slot, "KVM_SET_USER_MEMORY_REGION");
}

static void put32(Floor *floor, uint32_t address, uint32_t value)
{
    memcpy(floor->ram + address, &value, sizeof(value));
}

/* Version 1 with one range of memory; what is not written is zero. */
static void write_start_info(Floor *floor, const char *command_line)
{
    put32(floor, START_INFO, START_INFO_MAGIC);
    put32(floor, START_INFO + 4, 1);
    put32(floor, START_INFO + 24, COMMAND_LINE);
    put32(floor, START_INFO + 40, MEMORY_MAP);
    put32(floor, START_INFO + 48, 1);
    put32(floor, MEMORY_MAP + 8, RAM_SIZE);
    put32(floor, MEMORY_MAP + 16, 1);
    strncpy((char *)floor->ram + COMMAND_LINE, command_line, COMMAND_LINE_MAX - 1);
}

static void set_entry_state(Floor *floor, uint32_t entry)
{
    struct kvm_regs regs = { .rip = entry, .rbx = START_INFO, .rflags = 2 };
    struct kvm_sregs sregs;
    struct kvm_segment code = { .limit = UINT32_MAX, .selector = 0x08, .type = 11,
                                .present = 1, .s = 1, .db = 1, .g = 1 };
    struct kvm_segment data = code;

    data.selector = 0x10;
    data.type = 3;
    kvm_ioctl(floor->vcpu, KVM_GET_SREGS, &sregs, "KVM_GET_SREGS");
    sregs.cs = code;
    sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = data;
    sregs.cr0 |= 1;
    kvm_ioctl(floor->vcpu, KVM_SET_SREGS, &sregs, "KVM_SET_SREGS");
    kvm_ioctl(floor->vcpu, KVM_SET_REGS, &regs, "KVM_SET_REGS");
}

static void answer_port(Floor *floor)
{
    struct kvm_run *run = floor->run;
    uint8_t *data = (uint8_t *)run + run->io.data_offset;

    if (run->io.direction == KVM_EXIT_IO_IN)
        memset(data, run->io.port == UART_LSR ? LSR_TRANSMIT_EMPTY
                     : run->io.port == DEBUG_PORT ? DEBUG_READBACK : 0xff,
               (size_t)run->io.size * run->io.count);
    else if (run->io.port == UART && floor->serial)
        putc(*data, floor->serial);
}

static void run_guest(Floor *floor)
{
    struct kvm_run *run = floor->run;

    for (;;) {
        if (ioctl(floor->vcpu, KVM_RUN, NULL) < 0)
            fail("KVM_RUN");
        switch (run->exit_reason) {
        case KVM_EXIT_IO:
            if (floor->firmware && run->io.direction == KVM_EXIT_IO_OUT &&
                run->io.port == DEBUG_PORT)
                return;
            answer_port(floor);
            break;
        case KVM_EXIT_MMIO:
            if (!run->mmio.is_write)
                memset(run->mmio.data, 0xff, sizeof(run->mmio.data));
            break;
        case KVM_EXIT_SHUTDOWN:
            return;
        default:
            fprintf(stderr, "bench-floor: exit reason %u\n", run->exit_reason);
            exit(1);
        }
    }
}

int main(int argc, char **argv)
{
    Floor floor = { .vm = -1 };
    bool irqchip = false;
    int kvm, i;

    for (i = 1; i < argc && argv[i][0] == '-'; i++) {
        if (strcmp(argv[i], "--irqchip") == 0)
            irqchip = true;
        else if (strcmp(argv[i], "--serial") == 0 && i + 1 < argc)
            floor.serial = fopen(argv[++i], "w");
        else if (strcmp(argv[i], "--firmware") == 0)
            floor.firmware = true;
        else
            argc = 0;
    }
    if (argc - i != (floor.firmware ? 1 : 2)) {
        fprintf(stderr, "usage: bench-floor [--irqchip] [--serial FILE] GUEST COMMAND-LINE\n"
                "       bench-floor [--irqchip] --firmware FILE\n");
        return 2;
    }
    kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (kvm < 0)
        fail("/dev/kvm");
    create_vm(&floor, kvm, irqchip);
    create_vcpu(&floor, kvm);
    if (floor.firmware) {
        load_firmware(&floor, argv[i]);
    } else {
        uint32_t entry = load_guest(&floor, argv[i]);

        write_start_info(&floor, argv[i + 1]);
        set_entry_state(&floor, entry);
    }
    run_guest(&floor);
    if (floor.serial)
        fflush(floor.serial);
    return write(STDOUT_FILENO, ".", 1) == 1 ? 0 : 1;
}
