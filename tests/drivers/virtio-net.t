#!/bin/sh
# virtio-net over PCI and mmio: tests/drivers/net.sh.
# TIME LIMIT: 400
. tests/lib.sh
. tests/drivers/net.sh

net_image virtio-pci
net_tests virtio-net virtio-net-pci -M q35
net_image virtio-mmio
net_tests virtio-net virtio-net-device -M microvm,rtc=on -global virtio-mmio.force-legacy=false
done_testing
