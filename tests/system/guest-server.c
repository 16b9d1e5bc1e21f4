/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A server for a Linux guest: `guest-server PORT TEXT` answers one connection with
 * TEXT behind what the peer said first, and ends.  Linked statically, for an
 * initramfs that has no libraries.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct sockaddr_in in = { .sin_family = AF_INET };
    int listener = socket(AF_INET, SOCK_STREAM, 0), fd;
    char line[100];
    ssize_t n;

    if (argc != 3 || listener < 0) {
        return 1;
    }
    in.sin_port = htons(strtol(argv[1], NULL, 10));
    if (bind(listener, (struct sockaddr *)&in, sizeof(in)) < 0 || listen(listener, 1) < 0) {
        perror("guest-server");
        return 1;
    }
    puts("guest-server listens");
    fflush(stdout);
    fd = accept(listener, NULL, NULL);
    n = read(fd, line, sizeof(line));
    if (n <= 0 || write(fd, line, n) != n ||
        write(fd, argv[2], strlen(argv[2])) != (ssize_t)strlen(argv[2])) {
        return 1;
    }
    close(fd);
    return 0;
}
