# SPDX-License-Identifier: EUPL-1.2
EXTRA_DIST += doc/delivery.md doc/performance.md doc/bench.svg
