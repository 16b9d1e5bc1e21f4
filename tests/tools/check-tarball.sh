#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# check-tarball.sh SOURCE-FOLDER UNPACKED-TARBALL: fails if git has a file that the tarball
# lacks.  What only a clone needs is exempt.  Without git there is nothing to compare with.
git -C "$1" rev-parse --git-dir >/dev/null 2>&1 || exit 0
missing=$(git -C "$1" ls-files | grep -vxE '\.ci/.*|.*\.git(ignore|keep)' |
          while read -r file; do test -e "$2/$file" || echo "$file"; done)
if [ -n "$missing" ]; then
    echo "The tarball lacks files; their subdir.am must name them:" >&2
    echo "$missing" >&2
    exit 1
fi
