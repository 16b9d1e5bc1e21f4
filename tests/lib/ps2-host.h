/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's side of a keyboard controller on a rig, and a client's that
 * presses keys and moves the mouse.
 */
#ifndef TESTS_LIB_PS2_HOST_H
#define TESTS_LIB_PS2_HOST_H

#include "tests/lib/rig.h"

/* An i8042 with all defaults, after a reset. */
Device *ps2_host_new(Rig *rig);

/* A command of the controller with an argument; one that answers at once. */
void ps2_host_command(Rig *rig, guint8 command, guint8 argument);
guint8 ps2_host_ask(Rig *rig, guint8 command);

/* A byte for the keyboard, and for the mouse. */
void ps2_host_send(Rig *rig, guint8 value);
void ps2_host_send_mouse(Rig *rig, guint8 value);

/* Reads these bytes, up to -1, and nothing else. */
void ps2_host_expect(Rig *rig, ...);
/* Reads all there is; returns how many bytes. */
guint ps2_host_drain(Rig *rig);

/* A client's events: a QKeyCode, an InputButton, a movement in one go. */
void ps2_host_key(Rig *rig, guint key, bool down);
void ps2_host_button(Rig *rig, guint button, bool down);
void ps2_host_move(Rig *rig, gint64 x, gint64 y);

#endif
