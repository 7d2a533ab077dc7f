#!/bin/sh
# build.sh OUT: tiny.c as an ELF64 with a PVH note. Needs gcc and binutils. Equal tools give equal bytes.
set -eu
here=$(dirname "$(realpath "$0")")
t=$(mktemp -d)
trap 'rm -rf "$t"' EXIT
gcc -Os -ffreestanding -fno-builtin -fno-pic -fno-pie -mcmodel=small -mno-red-zone -mgeneral-regs-only -fno-stack-protector \
  -fno-asynchronous-unwind-tables -fcf-protection=none -Wall -c "$here/tiny.c" -o "$t/o"
ld -m elf_x86_64 -T "$here/tiny.ld" -nostdlib -N --no-warn-rwx-segments --build-id=none "$t/o" -o "$1"
strip -s "$1"
