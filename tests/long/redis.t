#!/bin/sh
# Redis under the larger load: 50 clients, 100,000 requests of each kind.
# TIME LIMIT: 2400
CLIENTS=50 REQUESTS=100000 exec tests/apps/redis.t
