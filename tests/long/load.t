#!/bin/sh
# An hour of load on redis, and one on nginx.
# TIME LIMIT: 9000
SECONDS_EACH=${SECONDS_EACH:-3600} MACHINES="q35:4 microvm:1" exec tests/apps/load.t
