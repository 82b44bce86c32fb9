#!/bin/sh
# vmxnet3: tests/drivers/net.sh.
# TIME LIMIT: 400
. tests/lib.sh
. tests/drivers/net.sh

net_image vmware
net_tests vmxnet3 vmxnet3 -M q35
done_testing
