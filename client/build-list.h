/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Build lists: requests that go to the daemon as one `build`, which succeeds or fails as a
 * whole, and which of them an error is about.
 */
#ifndef CLIENT_BUILD_LIST_H
#define CLIENT_BUILD_LIST_H

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

/* No `build` takes more. */
#define BUILD_LIST_MAX 10000

/* Whether `build` takes a request: by its command, and if it has nothing that only a request of its
 * own can have. */
bool build_list_takes(const json_t *request);

/* The `build` request for requests with these texts. */
char *build_list_text(const char *const *texts, guint n);

/*
 * Takes "requests[3]: " out of the message of build's error, and puts the rest of the path behind
 * it if the message does not have that.  Returns 3, or -1 if no request is to blame.
 */
int build_list_locate(GError *error);

#endif
