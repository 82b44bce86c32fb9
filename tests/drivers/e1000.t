#!/bin/sh
# e1000: tests/drivers/net.sh.
# TIME LIMIT: 400
. tests/lib.sh
. tests/drivers/net.sh

net_image vbox
net_tests e1000 e1000 -M q35
done_testing
