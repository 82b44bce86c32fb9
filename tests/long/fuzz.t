#!/bin/sh
# The fuzz targets for ten minutes each, in another way each day.
# TIME LIMIT: 7200
FUZZ_SECONDS=600 FUZZ_SEED=${FUZZ_SEED:-$(date +%Y%m%d)} exec tests/fuzz/fuzz.t
