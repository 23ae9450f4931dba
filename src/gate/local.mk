# SPDX-License-Identifier: EUPL-1.2
noinst_LIBRARIES += libgate.a
libgate_a_CPPFLAGS = $(AM_CPPFLAGS) $(FCGI_CFLAGS)
libgate_a_SOURCES = \
	src/gate/conn.c src/gate/conn.h \
	src/gate/gate.c src/gate/gate.h \
	src/gate/gate_cgi.c \
	src/gate/gate_fcgi.c src/gate/gate_fcgi.h \
	src/gate/params.c src/gate/params.h \
	src/gate/walk.c src/gate/walk.h
