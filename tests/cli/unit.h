/* What every cmocka test includes, in the order that cmocka asks for. */
#ifndef KAON_TESTS_CLI_UNIT_H
#define KAON_TESTS_CLI_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
