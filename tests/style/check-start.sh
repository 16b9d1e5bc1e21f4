#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What a start costs, as the program's file tells it: page faults for relocated pages and for
# libraries.  `make bench` measures the time.
build=${G_TEST_BUILDDIR:-.}
cd "$build" || exit 99
echo 1..4

if ! command -v readelf >/dev/null || ! grep -q '^HARDEN_CFLAGS = .*FORTIFY' Makefile; then
    for n in 1 2 3 4; do
        echo "ok $n # SKIP no readelf, or a build with sanitizers or without -O"
    done
    exit 0
fi

n=0
# at_most NAME LIMIT VALUE
at_most()
{
    n=$((n + 1))
    echo "# $1: $3, at most $2"
    if [ "$3" -gt 0 ] && [ "$3" -le "$2" ]; then echo "ok $n - $1"; else echo "not ok $n - $1"; fi
}

relocated_bytes() { echo $((0x$(readelf -SW vmd | sed 's/^ *\[ *[0-9]*\]//' |
                                awk '$1 == ".data.rel.ro" { print $5 }'))); }

# A row with a pointer in it puts all of its table among the relocated ones.
rows_have_no_pointers()
{
    nm vmd | awk '$3 ~ /^qmp_(all_|type_|cpuid_bits$)/ {
        seen++
        if ($2 != "R") { print "# " $3; bad++ }
    } END { exit bad || !seen }'
}

# is NAME COMMAND...: the command succeeds.
is()
{
    n=$((n + 1))
    name=$1
    shift
    if "$@"; then echo "ok $n - $name"; else echo "not ok $n - $name"; fi
}

linked_libraries()
{
    linked=$(readelf -dW vmd | sed -n 's/.*(NEEDED).*\[lib\([a-z_0-9]*\).*/\1/p' | sort | tr '\n' ' ')
    echo "# linked: $linked"
    [ "$linked" = "c event_core event_pthreads glib jansson " ]
}

at_most "relocations" 6500 "$(readelf -rW vmd | grep -c R_X86_64_RELATIVE)"
at_most "KiB that are relocated" 176 $(($(relocated_bytes) / 1024))
is "rows have no pointers" rows_have_no_pointers
is "no library is linked that a start does not need" linked_libraries
