#!/bin/sh
# More random calls of the mmap family, others each day.
# TIME LIMIT: 1200
CALLS=300000 SEED=${SEED:-$(date +%Y%m%d)} exec tests/guest/map_calls.t
