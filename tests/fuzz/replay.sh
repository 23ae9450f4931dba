#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# What fuzzing found once stays found: all corpora through their targets.
exec tests/fuzz/replay "${srcdir:-.}/tests/fuzz/corpus"
