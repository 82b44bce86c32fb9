#!/bin/sh
# The fuzz target of the analyzer for ten minutes, in another way each day.
# TIME LIMIT: 3600
FUZZ_SECONDS=600 FUZZ_SEED=${FUZZ_SEED:-$(date +%Y%m%d)} exec tests/fuzz/analyze.t
