# SPDX-License-Identifier: EUPL-1.2
noinst_LIBRARIES += libreceive.a
libreceive_a_SOURCES = \
	src/receive/cgi.c src/receive/cgi.h \
	src/receive/committer.c src/receive/committer.h \
	src/receive/intake.c src/receive/intake.h \
	src/receive/pipeline.c src/receive/pipeline.h \
	src/receive/reply.c src/receive/reply.h

