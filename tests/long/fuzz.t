#!/bin/sh
# The fuzz targets for ten minutes each.
# TIME LIMIT: 7200
FUZZ_SECONDS=600 exec tests/fuzz/fuzz.t
