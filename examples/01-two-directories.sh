#!/bin/sh
# Two directories shown as one.
#
# Wanted: a file in each of two directories, one in both, and a third place that shows them together.
# As it was written:
#
#     mount -t overlay overlay -o lowerdir=~/test/lower,upperdir=~/test/upper,workdir=~/test/work ~/test/merged
#     mount: /root/test/merged: special device overlay does not exist.
#
# No device is at fault. A shell expands `~` at the beginning of a word, not inside the options, so the kernel was
# asked for a directory whose name is a tilde. Right:
#
#     ovl mount -l lower -u upper merged

set -eu
dir=$(mktemp -d)
trap 'cd /; ovl umount -q "$dir/merged" 2>/dev/null || :; rm -rf "$dir"' EXIT
cd "$dir"
set -v

mkdir upper lower merged work
echo 'from lower' | tee lower/in_lower > lower/in_both
echo 'from upper' | tee upper/in_upper > upper/in_both

# The words as they were written. ovl says what went wrong:
ovl mount -t overlay overlay -o 'lowerdir=~/lower,upperdir=upper,workdir=work' merged || :

# The same without the tilde. (-l and -u are shorter; the words of mount(8) work as well.)
ovl mount -t overlay overlay -o "lowerdir=$PWD/lower,upperdir=$PWD/upper,workdir=$PWD/work" merged
ls merged

# What is in both is upper's.
cat merged/in_both

# A new file lands in upper; a lower file that is edited is copied there first.
echo 'new' > merged/new
echo 'edited' >> merged/in_lower
ls upper
cat lower/in_lower

# What is deleted stays in lower. A character device 0:0 in upper hides it: a whiteout.
rm merged/in_both
ls -l upper/in_both lower/in_both

# A whiteout is no file, though cp takes it for one:
cp upper/in_both elsewhere || :

ovl umount merged
