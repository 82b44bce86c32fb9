#!/bin/sh
# e1000e: tests/drivers/net.sh.
# TIME LIMIT: 400
. tests/lib.sh
. tests/drivers/net.sh

net_image vmware
net_tests e1000e e1000e -M q35
done_testing
