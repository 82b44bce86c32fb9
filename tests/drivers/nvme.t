#!/bin/sh
# NVMe disks: tests/drivers/disk.sh, blocks of 4 KiB, and one that stops answering.
# TIME LIMIT: 300
. tests/lib.sh
. tests/drivers/disk.sh

disk_image nvme
device() { echo nvme,serial=1,drive=disk; }
disk_tests nvme nvme0n1 -M q35
device() { echo nvme,serial=1,drive=disk,logical_block_size=4096,physical_block_size=4096; }
disk_run 1 "" -M q35 -- /dev/nvme0n1 > /dev/null
is "driver nvme: data: blocks of 4 KiB" "$(grep -c -e '^not ok' -e '^1\.\.8$' "$work/out")" 1
disk_stops nvme nvme0n1 -M q35
done_testing
