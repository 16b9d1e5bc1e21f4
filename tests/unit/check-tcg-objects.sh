#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The light files of the CPU in software (tcg/state.h), as they were compiled: they call no
# library, and touch neither vectors nor the x87, which are the guest's meanwhile.
objects=${G_TEST_BUILDDIR:-.}/tcg
# By assembly, on purpose: they load and store the guest's own registers.
on_purpose='op-fpu op-vector op-xsave'
# host-clock.c calls clock_gettime(), which the kernel's own page answers with general registers.

if ! command -v nm >/dev/null || ! command -v objdump >/dev/null; then
    echo "1..0 # SKIP nm and objdump (binutils) are not installed"
    exit
fi
set -- "$objects"/libtcglight_a-*.o
if [ ! -e "$1" ]; then
    echo "1..0 # SKIP there is no CPU in software in this build"
    exit
fi
case $(nm -u "$@") in
*__asan_*|*__tsan_*|*__ubsan_*|*__gcov_*)
    echo "1..0 # SKIP instrumented objects call their run-time library"
    exit ;;
esac

# report NAME WHAT: WHAT is empty if all is well.
n=0
report()
{
    n=$((n + 1))
    if [ -n "$2" ]; then
        echo "$2" | sed 's/^/# /'
        printf 'not '
    fi
    echo "ok $n - $1"
}

# Instructions of an object that name such a register, or are of the x87 or XSAVE.
uses()
{
    objdump -d --no-show-raw-insn "$1" | sed -n 's/^ *[0-9a-f]*:\t//p' |
        grep -E '%([xyz]?mm[0-9]|st)|^(f[a-z0-9]+|v?(ld|st)mxcsr|emms|x(save|rstor)[a-z0-9]*)( |$)'
}

vectors()
{
    for object; do
        name=${object##*/libtcglight_a-}
        case " $on_purpose " in
        *" ${name%.o} "*) ;;
        *) uses "$object" | sed "s/^/$name: /" ;;
        esac
    done
}

report "light files call nothing but tcg_*" "$(nm -A -u "$@" |
    grep -vE ' U (tcg_[a-z0-9_]+|_GLOBAL_OFFSET_TABLE_)$' |
    grep -vE 'host-clock\.o: +U clock_gettime$')"
report "light files touch no vectors" "$(vectors "$@")"
for name in $on_purpose; do
    report "$name.c does, as is said here" "$(uses "$objects/libtcglight_a-$name.o" >/dev/null ||
        echo "no longer: take it from the list")"
done
echo "1..$n"
