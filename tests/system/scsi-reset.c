/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Has the guest's kernel reset a SCSI device: scsi-reset DEVICE.
 */
#include "config.h"

#include <fcntl.h>
#include <scsi/sg.h>
#include <stdio.h>
#include <sys/ioctl.h>

int main(int argc, char **argv)
{
    int fd = argc == 2 ? open(argv[1], O_RDWR | O_NONBLOCK) : -1;
    int what = SG_SCSI_RESET_DEVICE;

    if (fd < 0 || ioctl(fd, SG_SCSI_RESET, &what) < 0) {
        perror("scsi-reset");
        return 1;
    }
    return 0;
}
