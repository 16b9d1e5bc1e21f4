/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A name service that does not answer, for tests: preloaded into the daemon
 * (LD_PRELOAD), it looks up no name at all, and never returns.  What are numbers
 * already needs no name service.
 */
#include <netdb.h>
#include <stddef.h>
#include <unistd.h>

int getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                struct addrinfo **found);

int getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                struct addrinfo **found)
{
    (void)host;
    (void)port;
    (void)hints;
    *found = NULL;
    for (;;) {
        pause();
    }
    return EAI_AGAIN;
}
