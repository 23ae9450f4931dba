# SPDX-License-Identifier: EUPL-1.2
noinst_LIBRARIES += libtrust.a
libtrust_a_SOURCES = src/trust/trust.c src/trust/trust.h
