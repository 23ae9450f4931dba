# postvak.m4: for the configure script of a handler of Postvak.       -*- autoconf -*-
#
# Copyright (C) the authors of Postvak. This file is free software: copying and distribution of
# it, with or without modification, are permitted in any medium without royalty, as is.
# SPDX-License-Identifier: FSFAP

# POSTVAK_HANDLER([INTERFACE = 1.0])
# ----------------------------------
# Finds <postvak/handler.h> and the directory that handlers are installed in, by pkg-config (postvak.pc),
# and checks that the header's interface has at least the version INTERFACE (MAJOR.MINOR): the same
# major and no smaller minor.
#
# Call it after AC_PROG_CC, and LT_INIT([disable-static]) for a Makefile.am that makes a module. It sets,
# for Makefile.am (AC_SUBST):
#
#	POSTVAK_CPPFLAGS	to find the header
#	POSTVAK_LDFLAGS		for a libtool module: one shared object, no version, nothing left undefined
#	POSTVAK_HANDLERDIR	where Postvak looks for handlers; --with-postvak-handlerdir overrides it.
#				Under another --prefix than Postvak's it is LIBDIR/postvak of that
#				prefix, so that `make install` and `make distcheck` stay inside it
#
#	handlerdir = $(POSTVAK_HANDLERDIR)
#	handler_LTLIBRARIES = myhandler.la
#	myhandler_la_SOURCES = myhandler.c
#	myhandler_la_CPPFLAGS = $(POSTVAK_CPPFLAGS)
#	myhandler_la_LDFLAGS = $(POSTVAK_LDFLAGS)
AC_DEFUN([POSTVAK_HANDLER], [
AC_REQUIRE([AC_PROG_CC])dnl
AC_REQUIRE([AC_PROG_SED])dnl
m4_ifndef([PKG_PROG_PKG_CONFIG],
	[m4_fatal([POSTVAK_HANDLER needs pkg.m4, which comes with pkg-config (Debian: pkg-config or pkgconf; Fedora, RHEL: pkgconf-m4). Install it and run autoreconf again.])])dnl
AC_REQUIRE([PKG_PROG_PKG_CONFIG])dnl
AC_ARG_VAR([POSTVAK_CPPFLAGS], [preprocessor flags to find postvak/handler.h, overriding pkg-config])
AC_ARG_WITH([postvak-handlerdir],
	[AS_HELP_STRING([--with-postvak-handlerdir=DIR], [where the handler is installed (Postvak's handler directory)])])

AC_MSG_CHECKING([for Postvak])
AS_IF([test -n "$POSTVAK_CPPFLAGS"], [AC_MSG_RESULT([POSTVAK_CPPFLAGS is set: $POSTVAK_CPPFLAGS])],
	[test -z "$PKG_CONFIG"], [
	AC_MSG_RESULT([no pkg-config])
	AC_MSG_ERROR([pkg-config was not found, so neither is Postvak.
  Install it (Debian, Ubuntu: pkg-config; Fedora, RHEL: pkgconf-pkg-config), or say where things are:
    ./configure POSTVAK_CPPFLAGS=-I/usr/include --with-postvak-handlerdir=/usr/lib/postvak])],
	[$PKG_CONFIG --exists postvak], [
	AC_MSG_RESULT([version `$PKG_CONFIG --modversion postvak`])
	POSTVAK_CPPFLAGS=`$PKG_CONFIG --cflags postvak`
	# Where the header stands is worth showing; pkg-config leaves out what the compiler has anyway.
	test -n "$POSTVAK_CPPFLAGS" || POSTVAK_CPPFLAGS=-I`$PKG_CONFIG --variable=includedir postvak`],
	[
	AC_MSG_RESULT([no])
	AC_MSG_ERROR([pkg-config does not know Postvak: there is no postvak.pc where it looks.
  If Postvak is not installed here, install it; a package may come in two parts, and this one is
  then called postvak-dev or postvak-devel.
  If it is installed in a place of its own, say which:
    ./configure PKG_CONFIG_PATH=/opt/postvak/lib/pkgconfig])])

postvak_saved_CPPFLAGS=$CPPFLAGS
CPPFLAGS="$POSTVAK_CPPFLAGS $CPPFLAGS"
AC_CHECK_HEADER([postvak/handler.h], [], [AC_MSG_ERROR([postvak/handler.h does not compile or is not there (looked with $POSTVAK_CPPFLAGS).
  config.log says which. When it is not there, Postvak was removed by halves: install it again.])])
postvak_abi=m4_default([$1], [1.0])
postvak_major=`echo $postvak_abi | $SED 's/\..*//'`
postvak_minor=`echo $postvak_abi | $SED 's/.*\.//'`
AC_MSG_CHECKING([for interface $postvak_abi of Postvak])
AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[#include <postvak/handler.h>
#if PV_ABI_MAJOR != $postvak_major || PV_ABI_MINOR < $postvak_minor
#error the interface is another
#endif]], [[]])],
	[AC_MSG_RESULT([yes])],
	[AC_MSG_RESULT([no])
	AC_MSG_ERROR([this handler is written for interface $postvak_abi of Postvak, and the header found with
  $POSTVAK_CPPFLAGS has another (PV_ABI_MAJOR and PV_ABI_MINOR in postvak/handler.h).
  If the one of Postvak is older: upgrade Postvak, or use what it has and ask for less in configure.ac.
  If its major is newer: the list of changes on top of postvak/handler.h says what to change here.])])
CPPFLAGS=$postvak_saved_CPPFLAGS

AC_MSG_CHECKING([where handlers are installed])
AS_CASE([$with_postvak_handlerdir],
	[''|yes|no], [
	POSTVAK_HANDLERDIR=`$PKG_CONFIG --variable=handlerdir postvak 2>/dev/null`
	postvak_prefix=`$PKG_CONFIG --variable=prefix postvak 2>/dev/null`
	AS_IF([test -z "$POSTVAK_HANDLERDIR" || { test "x$prefix" != xNONE && test "x$prefix" != "x$postvak_prefix"; }],
		[POSTVAK_HANDLERDIR='${libdir}/postvak'])],
	[POSTVAK_HANDLERDIR=$with_postvak_handlerdir])
AC_MSG_RESULT([$POSTVAK_HANDLERDIR])
POSTVAK_LDFLAGS='-module -avoid-version -shared -Wl,-z,defs'
AC_SUBST([POSTVAK_CPPFLAGS])
AC_SUBST([POSTVAK_LDFLAGS])
AC_SUBST([POSTVAK_HANDLERDIR])
])
