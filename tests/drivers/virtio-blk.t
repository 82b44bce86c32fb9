#!/bin/sh
# virtio-blk over PCI and mmio: tests/drivers/disk.sh, on 1 and 4 processors.
# TIME LIMIT: 300
. tests/lib.sh
. tests/drivers/disk.sh

disk_image virtio-pci
device() { echo virtio-blk-pci,drive=disk; }
disk_tests virtio-blk vda -M q35
disk_stops virtio-blk vda -M q35
disk_image virtio-mmio
device() { echo virtio-blk-device,drive=disk; }
disk_stops virtio-blk vda -M microvm -global virtio-mmio.force-legacy=false
disk_tests virtio-blk vda -M microvm -global virtio-mmio.force-legacy=false
done_testing
