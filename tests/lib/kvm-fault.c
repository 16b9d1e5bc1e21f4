/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host whose KVM fails, for tests: preloaded into the daemon (LD_PRELOAD), it
 * lets all requests to KVM pass until the file that VMD_TEST_KVM_FAULT names
 * exists.  From then on each fails with the errno that the file contains as a
 * decimal number, as all do on a VM that the kernel has marked dead.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The errno to fail with, or 0. */
static int fault(void)
{
    const char *path = getenv("VMD_TEST_KVM_FAULT");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    char text[16] = "";
    ssize_t n;

    if (fd < 0) {
        return 0;
    }
    n = read(fd, text, sizeof(text) - 1);
    close(fd);
    return n > 0 ? atoi(text) : 0;
}

int ioctl(int fd, unsigned long request, ...)
{
    void *argument;
    va_list args;
    int saved = errno, error;

    va_start(args, request);
    argument = va_arg(args, void *);
    va_end(args);
    error = _IOC_TYPE(request) == KVMIO ? fault() : 0;
    if (error) {
        errno = error;
        return -1;
    }
    errno = saved;
    return syscall(SYS_ioctl, fd, request, argument);
}
