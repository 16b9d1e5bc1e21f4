#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# check-tarball.sh SOURCE-FOLDER UNPACKED-TARBALL: fails unless the tarball has the files that
# git has: what only a clone needs is exempt, and what the build system adds.  Without git
# there is nothing to compare with.
git -C "$1" rev-parse --git-dir >/dev/null 2>&1 || exit 0
LC_ALL=C
export LC_ALL
lists=$(mktemp -d)
trap 'rm -rf "$lists"' EXIT
git -C "$1" ls-files | grep -vxE '\.ci/.*|.*\.git(ignore|keep)' | sort >"$lists/git"
test -s "$lists/git" || exit 0
(cd "$2" && find . ! -type d) | sed 's,^\./,,' |
    grep -vxE '(.*/)?Makefile\.in|aclocal\.m4|build-aux/.*|config\.h\.in|configure|m4/.*\.m4' |
    sort >"$lists/tarball"
comm -23 "$lists/git" "$lists/tarball" | sed 's/^/The tarball lacks, as no subdir.am names it: /' >&2
comm -13 "$lists/git" "$lists/tarball" | sed 's/^/The tarball has, but git does not: /' >&2
cmp -s "$lists/git" "$lists/tarball"
