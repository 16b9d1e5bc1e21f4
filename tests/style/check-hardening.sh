#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What the programs were built with, as their files tell it.
build=${G_TEST_BUILDDIR:-.}
cd "$build" || exit 99
n=0
echo 1..6

if ! command -v readelf >/dev/null || ! command -v objdump >/dev/null ||
   ! grep -q '^HARDEN_CFLAGS = .*FORTIFY' Makefile; then
    for n in 1 2 3 4 5 6; do
        echo "ok $n # SKIP no readelf and objdump, or a build with sanitizers or without -O"
    done
    exit 0
fi

# is NAME COMMAND...: the command succeeds.
is()
{
    n=$((n + 1))
    name=$1
    shift
    if "$@"; then echo "ok $n - $name"; else echo "not ok $n - $name"; fi
}

both() { for program in vmd vmctl; do "$@" $program || return 1; done; }
fortified() { nm -D "$1" | grep -q '_chk@'; }
immutable() { readelf -dlW "$1" | grep -q GNU_RELRO && readelf -dW "$1" | grep -qw NOW; }
no_code_on_stack() { readelf -lW "$1" | grep 'GNU_STACK' | grep -vq 'RWE'; }
probes() { objdump -d --no-show-raw-insn "$1" | grep -qE 'orq? +\$0x0,\(%rsp\)'; }
pads() { readelf -nW "$1" 2>/dev/null | grep -q 'IBT, SHSTK'; }

objects_claim() { pads client/vmctl-verb.o && pads qmp/libqmp_a-text.o; }

# Left by jumps, and generated code has no landing pads.
accelerator_is_silent()
{
    for object in tcg/*.o; do
        [ -e "$object" ] || continue
        readelf -nW "$object" 2>/dev/null | grep -qE 'IBT|SHSTK' && echo "# $object" && return 1
        nm "$object" | grep -q 'U .*_chk$' && case $object in
        *tcglight*) echo "# $object calls the library"; return 1 ;; esac
    done
    ! grep -q '^#define HAVE_TCG' config.h || ! pads vmd
}

is "the library's checks of sizes are used" both fortified
is "what is relocated cannot be written later" both immutable
is "the stack has no code" both no_code_on_stack
is "large frames touch each page of the stack" both probes
is "objects outside of the accelerator have CET landing pads" objects_claim
is "objects of the software accelerator claim none, and the program with it neither" \
    accelerator_is_silent
